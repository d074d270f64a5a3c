"""Score and qualify the pending leads: one dbt invocation over the line's selector."""

from datetime import datetime, timedelta
from typing import Any

from handoff.ledger.db import Connection
from handoff.qualify import dbt

SELECTOR = "line"


def run(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Bring the line's tables up to date for the pending leads; returns counts of decisions among them.

    The moment is never before the newest pending row was loaded: clocks of two machines differ, and a row from the
    future would be passed over.
    """
    newest = connection.execute("select max(extracted_at) as at from handoff.pending_leads").fetchone()
    if newest is None or newest["at"] is None:
        return {"pending": 0}
    moment = max(as_of, newest["at"] + timedelta(microseconds=1))
    result = dbt.invoke(connection, ["run"], selector=SELECTOR, as_of=moment)
    if result is None:
        return {"skipped": "another process runs dbt on the line"}
    rows = connection.execute(
        """select qualification.decision, count(*) as leads
        from line.int_qualifications as qualification
        inner join handoff.pending_leads as pending on pending.lead_id = qualification.lead_id
        group by qualification.decision"""
    )
    return {"as_of": moment.isoformat(), "models_s": result.seconds} | {row["decision"]: row["leads"] for row in rows}
