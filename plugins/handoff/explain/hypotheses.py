"""What would have changed a decision: the models are asked again, each time with one thing otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from handoff.explain import supposed
from handoff.explain.supposed import Known, Supposed
from handoff.ledger.db import Connection, Row
from handoff.qualify import loads, replica
from handoff.qualify.loads import Load

SHOWN = 5
"""Of a definition."""
ACT = "hypothesis"
_HELD = """
select key as lead_id, held.* from unnest({keys}::text[]) as key
cross join unnest({products}::text[], {since}::timestamptz[]) as held (product_id, held_since)
"""


@dataclass(frozen=True)
class Change:
    """One thing that would have changed the answer of a definition to `decision`, "mql" or what it is instead.

    `score` is what the lead would then have had.
    """

    definition_id: str
    rule_id: str
    what: str
    score: float
    decision: str


def changes(
    connection: Connection,
    load: Load,
    at: datetime,
    known: Known,
    decisions: Sequence[Row],
    clauses: Sequence[Row],
    parts: Sequence[Row],
) -> list[Change]:
    """Single changes that turn a decision into "MQL", or an MQL into something else, at most five a definition.

    Args:
        decisions: the lead's rows of `int_decisions`.
        clauses: its rows of `int_clauses`.
        parts: its rows of `int_score_parts`.
    """
    tables = loads.agreement(connection, load.agreement_hash)
    rules = supposed.in_force(connection, tables, at)
    is_mql = {row["definition_id"]: row["decision"] == "mql" for row in decisions}
    every = [
        *supposed.towards(rules, known, [key for key, yes in is_mql.items() if not yes], clauses),
        *supposed.against(rules, known, [key for key, yes in is_mql.items() if yes], clauses, parts),
    ]
    if not every:
        return []
    keys = [f"{known.lead['lead_id']}|{number}" for number in range(len(every))]
    leads = (
        {**known.lead, **each.facts, "lead_id": key, **_looked_at(each, at)}
        for key, each in zip(keys, every, strict=True)
    )
    models = replica.Replica(
        loads.models(connection, load.models_hash),
        ("int_decisions",),
        at,
        tables,
        {
            "int_leads": replica.these("int_leads", leads),
            "int_activities": replica.these("int_activities", _activities(keys, every, known)),
            "int_handoff_cycles": replica.these(
                "int_handoff_cycles", ({**each, "lead_id": key} for key in keys for each in known.cycles)
            ),
            "stg_handoff__held_mqls": sql.SQL(_HELD).format(
                keys=sql.Literal(keys), products=sql.Literal([*known.held]), since=sql.Literal([*known.held.values()])
            ),
        },
    )
    with replica.opened(connection, models, keys):
        decided = {
            (row["lead_id"], row["definition_id"]): row
            for row in replica.rows(connection, "int_decisions", "lead_id, definition_id")
        }
    found = [
        (each, row)
        for key, each in zip(keys, every, strict=True)
        if (row := decided.get((key, each.definition_id))) and (row["decision"] == "mql") != is_mql[each.definition_id]
    ]
    return [
        Change(each.definition_id, each.rule_id, each.what, float(row["score"]), row["decision"])
        for name in sorted(is_mql)
        for each, row in _told([one for one in found if one[0].definition_id == name])
    ]


def _told(found: Sequence[tuple[Supposed, Row]]) -> list[tuple[Supposed, Row]]:
    """As many as are shown: of those that think an act away at most half, so that facts are told as well."""
    acts = [each for each in found if each[0].without is not None]
    others = [each for each in found if each[0].without is None]
    return [*acts[: max(SHOWN // 2, SHOWN - len(others))], *others][:SHOWN]


def _looked_at(each: Supposed, at: datetime) -> Mapping[str, str]:
    return {} if each.at == at else {"as_of": each.at.isoformat()}


def _activities(keys: Sequence[str], every: Sequence[Supposed], known: Known) -> Iterator[Mapping[str, Any]]:
    for key, each in zip(keys, every, strict=True):
        yield from (
            {**activity, "lead_id": key} for activity in known.activities if activity["activity_id"] != each.without
        )
        if each.act is not None:
            moment = each.at.isoformat()
            yield {
                **each.act,
                "lead_id": key,
                "activity_id": ACT,
                "is_inbound": True,
                "occurred_at": moment,
                "extracted_at": moment,
                "summary": each.what,
            }
