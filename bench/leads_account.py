"""What became of each lead of a file, by what the line's own tables say, lead by lead."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.leads_crm import Loaded
from bench.leads_file import LeadFile
from bench.leads_quarantine import general, reasons, refused_by_line, unreadable_records
from bench.rates import auc, bands, rank_correlation
from handoff.ledger.db import Connection
from sandbox.company.reference import BOT_ID
from sandbox.testing import RunningSandbox


def account(
    connection: Connection, sandbox: RunningSandbox, file: LeadFile, loaded: Loaded, pending: int
) -> dict[str, Any]:
    """Counts, quarantine with reasons, decisions, what stands in the way, bands of the score, and ids of lost leads."""
    lead_of = {contact: lead for lead, contact in loaded.contact_ids.items()}
    ids = list(lead_of)
    landed = _column(connection, "select distinct id from raw.hubspot_contacts where id = any(%s)", ids)
    scores = _scores(connection, ids)
    refused = refused_by_line(connection, file, lead_of)
    quarantined = [*file.rejected, *loaded.rejected, *refused]
    settled = {lead_of[contact] for contact in scores} | {each.id for each in quarantined}
    decided = decisions(connection, ids)
    messages = sandbox.control("GET", "slack/messages")["messages"]
    return {
        "rows": len(file.leads) + len(file.rejected),
        "leads": len({lead.id for lead in file.leads} | {each.id or f"row {each.row}" for each in file.rejected}),
        "columns_absent": file.absent,
        "acts": dict(loaded.acts),
        "landed": len(landed),
        "quarantined": len(quarantined),
        "quarantine_reasons": reasons(quarantined),
        "quarantine": [vars(each) for each in quarantined],
        "unreadable_records": unreadable_records(connection),
        "scored": len(scores),
        "pending": pending,
        "lost": sorted(lead.id for lead in file.leads if lead.id not in settled),
        "qualified": sum(each["n"] for each in decided if each["decision"] == "mql"),
        "decisions": decided,
        "clauses": connection.execute(_CLAUSES, (ids,)).fetchall(),
        "handed_off": len(_column(connection, "select lead_id from handoff.handoffs where lead_id = any(%s)", ids)),
        "messages": sum(message.get("user") == BOT_ID for message in messages),
        "score": _score({lead_of[contact]: score for contact, score in scores.items()}, file.outcomes),
    }


def decisions(connection: Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """How many of these contacts were decided on how, most frequent first."""
    rows = connection.execute(
        "select decision, reason from line.int_qualifications where lead_id = any(%s)", (list(ids),)
    )
    counted = Counter((row["decision"], general(row["reason"])) for row in rows)
    return [{"decision": what, "reason": why, "n": n} for (what, why), n in counted.most_common()]


def _score(scores: Mapping[str, float], outcomes: Mapping[str, bool]) -> dict[str, Any]:
    cases = [(score, outcomes[lead]) for lead, score in scores.items() if lead in outcomes]
    return {
        "cases": len(cases),
        "positive": sum(outcome for _, outcome in cases),
        "bands": [vars(band) for band in bands(cases)],
        "auc": auc(cases),
        "rank_correlation": rank_correlation(cases),
    }


def _scores(connection: Connection, ids: Sequence[str]) -> dict[str, float]:
    """By contact; of the first definition by name where several are live."""
    rows = connection.execute(
        """select distinct on (lead_id) lead_id, score from line.int_scores
        where lead_id = any(%s) order by lead_id, definition_id""",
        (list(ids),),
    )
    return {row["lead_id"]: float(row["score"]) for row in rows}


_CLAUSES = """
with weighed as (
    select clause_kind, clause_id,
        count(*) filter (where state = case clause_kind when 'disqualifier' then 'held' else 'failed' end) as n,
        count(*) filter (where state = 'unknown' and clause_kind <> 'disqualifier') as unknown
    from line.int_clauses where lead_id = any(%s) group by clause_kind, clause_id
)
select * from weighed where n + unknown > 0 order by n + unknown desc, clause_id
"""


def _column(connection: Connection, query: str, ids: Sequence[str]) -> list[Any]:
    return [next(iter(row.values())) for row in connection.execute(query, (list(ids),))]
