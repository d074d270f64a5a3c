"""Record first contacts, which stop the clock: the evidence, who made it, and whether it came in time."""

from datetime import datetime

from psycopg.types.json import Jsonb

from handoff import crash
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import cards, lines
from handoff.route.unforeseen import attempt
from handoff.sync.targets import status_target
from handoff.watch import give_back
from handoff.watch.lock import lock


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Record what `line.int_first_contacts` has found by `as_of`, each in its own transaction; returns how many.

    The verdict is on the rep who had the lead at that moment; docs/first-contact.md says what counts.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    with connection.transaction():
        connection.execute("select set_config('handoff.as_of', %s, true)", (as_of.isoformat(),))
        found = connection.execute("select * from line.int_first_contacts order by handoff_id").fetchall()
    return sum(attempt(raised, row["handoff_id"], _record, connection, row, as_of) or 0 for row in found)


def _record(connection: Connection, row: Row, as_of: datetime) -> int:
    with connection.transaction():
        new = _write(connection, row, as_of)
    crash.point("watch.contact.committed")
    return new


def _write(connection: Connection, row: Row, as_of: datetime) -> int:
    lock(connection, row["handoff_id"])
    evidence = {
        "activity_id": row["activity_id"],
        "kind": row["kind"],
        "by": row["made_by"],
        "occurred_at": row["occurred_at"].isoformat(),
        "logged_at": row["logged_at"].isoformat() if row["logged_at"] else None,
    }
    new = connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, owner_id, occurred_at, recorded_at, evidence
        ) values (%s, %s, 'contacted', %s, %s, %s, %s) on conflict do nothing""",
        (row["handoff_id"], row["assignment_id"], row["owner_id"], row["first_contact_at"], as_of, Jsonb(evidence)),
    ).rowcount
    crash.point("watch.contact.recorded")
    if new:
        at = row["first_contact_at"]
        due_at = give_back.until_stop(connection, row["assignment_id"], at, as_of)
        status = "met" if (row["is_in_time"] if due_at is None else at <= due_at) else "breached"
        key = f"hubspot_contact:{row['handoff_id']}:{row['assignment_id']}:{status}:contacted"
        target = status_target(row["lead_id"], status, at)
        outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"]))
        is_own = row["made_by"] == "owner"
        lines.contacted(connection, row["handoff_id"], row["assignment_id"], is_own, as_of)
        cards.refresh(connection, row["handoff_id"], as_of)
    return new
