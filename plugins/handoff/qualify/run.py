"""Score and qualify the pending leads: one dbt invocation over the line's selector."""

from datetime import datetime, timedelta
from typing import Any

from handoff import clock
from handoff.ledger.db import Connection, only_one
from handoff.qualify import dbt, facts, loads, requeue, shadow

SELECTOR = "line"

# Past this many pending leads and this share of all, as at the first start, one pass over everything costs less than
# looking each of them up; it gives the same rows.
FEW = 500
SHARE = 0.1


def run(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Bring the line's tables up to date for the pending leads; returns counts of decisions among them.

    Where all leads are judged anew, whom rows that began since they were last judged make an MQL is `queued`.

    The moment is never before the newest pending row was loaded: clocks of two machines differ, and a row from the
    future would be passed over.
    """
    pending = connection.execute(
        """select count(*) as leads, max(extracted_at) as newest,
            count(*) > %s and count(*) > %s * (select count(distinct id) from raw.hubspot_contacts) as are_many,
            coalesce((select max(batch_id) from raw.batches), 0) as batch_id
        from handoff.pending_leads""",
        (FEW, SHARE),
    ).fetchone()
    if pending is None or not pending["leads"]:
        return {"pending": 0}
    moment = max(as_of, pending["newest"] + timedelta(microseconds=1))
    command = ["run", "--full-refresh"] if pending["are_many"] else ["run"]
    with only_one(connection, dbt.lock_of(SELECTOR)) as free:
        if not free:
            return {"skipped": "another process runs dbt on the line"}
        if loads.is_unfinished(connection):
            return {"skipped": loads.UNFINISHED}
        result = dbt.invoke(connection, command, selector=SELECTOR, as_of=moment, locked=True, as_loaded=True)
        # Before a load can begin: what is stamped after it counts as decided by its rows.
        connection.execute(_JUDGED, {"now": clock.now(), "moment": moment, "batch": pending["batch_id"]})
        queued = requeue.requeue(connection, moment) if pending["are_many"] else 0
    assert result is not None
    facts.remember(connection)
    shadows = shadow.record(connection)
    rows = connection.execute(
        """select qualification.decision, count(*) as leads
        from line.int_qualifications as qualification
        inner join handoff.pending_leads as pending on pending.lead_id = qualification.lead_id
        group by qualification.decision"""
    )
    told: dict[str, Any] = {"as_of": moment.isoformat(), "models_s": result.seconds}
    told |= {name: leads for name, leads in (("shadow_mql", shadows), ("queued", queued)) if leads}
    return told | {row["decision"]: row["leads"] for row in rows}


# Of who is held the decision stands until something comes in or another agreement is loaded: the marts, which take each
# such stamp for a change, have nothing to build anew each minute. Who was given to the next run meanwhile is judged
# there.
_JUDGED = """
update handoff.pending_leads as pending set qualified_at = greatest(%(now)s, extracted_at)
where extracted_at < %(moment)s and batch_id <= %(batch)s and not (
    coalesce(qualified_at >= extracted_at and qualified_at > (select max(loaded_at) from handoff.loads), false)
    and exists (
        select from handoff.held_mqls as held
        left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = held.lead_id
        where held.ended_as_of is null and coalesce(alias.id, held.lead_id) = pending.lead_id
    )
    and not exists (
        select from line.int_qualifications as decided
        where decided.lead_id = pending.lead_id and decided.decision = 'waiting'
    )
)
"""
