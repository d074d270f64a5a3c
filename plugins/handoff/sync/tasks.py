"""Reps' tasks in the CRM: make what is due, move deadlines, and end the tasks of assignments that are over."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from handoff import clock, crash
from handoff.clients.hubspot import HubSpotHook
from handoff.ledger.db import Connection, Row
from handoff.ledger.drain import drain
from handoff.ledger.outbox import Effect, put
from handoff.notify.given_up import tell
from handoff.sync.targets import instant
from handoff.sync.task import TaskSender
from handoff.sync.task_state import ENDING
from handoff.sync.task_target import COMPLETE, DUE, KIND, OWNER, untouched

LOOKED_AT = 2000
"""Newest assignments whose tasks are compared with what became of them."""
ANSWERED = "answered"

_TASKS = f"""
select made.dedupe_key, made.payload, made.sent_at, made.result ->> 'task_id' as task_id, {ENDING} as ending,
    (select array_agg(pause.due_at order by pause.due_at) from handoff.clock_pauses as pause
    where pause.assignment_id = assignment.assignment_id) as moved
from (select * from handoff.assignments order by assignment_id desc limit %(most)s) as assignment
inner join handoff.outbox as made
    on made.dedupe_key = format('{KIND}:%%s:%%s', assignment.handoff_id, assignment.assignment_id)
where made.state = 'sent' and made.result ? 'task_id' and not exists (
    select from handoff.outbox as ended where ended.dedupe_key = made.dedupe_key || ':ended'
)
"""


def keep(
    connection: Connection, hubspot: HubSpotHook | None = None, now: Callable[[], datetime] = clock.now
) -> dict[str, int]:
    """Queue what has become of the tasks, carry out what is due, and return counts of what was done, as `task_*`.

    Nothing is counted when there was nothing to do. `task_dead` and `task_pending` as for contacts.
    """
    _follow(connection, now())
    sender = TaskSender(connection, hubspot or HubSpotHook(), now)
    drained = drain(connection, KIND, sender, now, on_end=partial(tell, now()))
    return {f"task_{label}": count for label, count in drained.items() if count}


def _follow(connection: Connection, as_of: datetime) -> None:
    for row in connection.execute(_TASKS, {"most": LOOKED_AT}).fetchall():
        dues = [row["payload"]["properties"][DUE], *(instant(moved) for moved in row["moved"] or ())]
        if row["ending"] is not None:
            is_answered = row["ending"] == ANSWERED
            wanted = COMPLETE if is_answered else {}
            put(connection, _change(row, "ended", wanted, "completed" if is_answered else "removed", dues, as_of))
        elif len(dues) > 1:
            put(connection, _change(row, f"due:{dues[-1]}", {DUE: dues[-1]}, "moved", dues, as_of))
        crash.point("sync.task.followed")


def _change(row: Row, what: str, wanted: dict[str, str], done: str, dues: list[str], as_of: datetime) -> Effect:
    payload = {
        "action": "change",
        "task_of": row["dedupe_key"],
        "task_id": row["task_id"],
        "contact_id": row["payload"]["contact_id"],
        "rep_name": row["payload"].get("rep_name"),
        "properties": wanted,
        "done": done,
        "expected": untouched(row["payload"]["properties"][OWNER], dues),
        "read_at": row["sent_at"].isoformat(),
    }
    # Without the handoff's id: a withdrawal takes back what is queued for a handoff, and this must still be done.
    return Effect(f"{row['dedupe_key']}:{what}", KIND, payload, as_of)
