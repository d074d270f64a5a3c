"""Give the leads of reps who have left to others at once, whatever was answered and whatever step was taken."""

from handoff import crash
from handoff.ledger.db import Connection, Row
from handoff.ledger.open_assignments import IS_OPEN
from handoff.notify import cards, lines
from handoff.notify.context import BadContext
from handoff.qualify import loads
from handoff.route.assign import NobodyEligible
from handoff.route.due import NoCalendar
from handoff.route.reassign import reassign
from handoff.route.unforeseen import attempt
from handoff.watch.clocks import CLOCKS
from handoff.watch.ladder import addressee
from handoff.watch.ladder_notes import UTC, Note
from handoff.watch.ladder_people import Watch
from handoff.watch.lock import lock


def run(connection: Connection, watch: Watch, raised: dict[str, Exception]) -> int:
    """Move on every open handoff of whoever has left, the hottest first; returns how many went to another rep.

    Where nobody else may take one, whoever is above the rep is told once, at their next opening, and each run tries it
    again. While a load of the agreement is unfinished all of them wait, and nobody is told.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    if loads.is_unfinished(connection):
        return 0
    gone = [person.rep_id for person in watch.people.values() if person.has_left]
    moved = 0
    for row in _left_behind(connection, gone):
        moved += attempt(raised, row["handoff_id"], _move, connection, row, watch) or False
    return moved


def _move(connection: Connection, found: Row, watch: Watch) -> bool:
    with connection.transaction():
        lock(connection, found["handoff_id"])
        row = next(iter(_left_behind(connection, [found["rep_id"]], found["assignment_id"])), None)
        if row is None:
            return False
        try:
            with connection.transaction():
                reassign(connection, row["handoff_id"], watch.as_of, "left")
        except (NobodyEligible, NoCalendar, BadContext):
            _tell(connection, row, watch)
            return False
        lines.went_on(connection, row["handoff_id"], row["assignment_id"], watch.as_of, watch.room)
        cards.refresh(connection, row["handoff_id"], watch.as_of)
    crash.point("watch.leaver.moved")
    return True


def _tell(connection: Connection, row: Row, watch: Watch) -> None:
    whom = addressee(watch.people, row["rep_id"], "manager")
    if watch.may_tell(whom):
        note = Note(row["context"], row["due_at"], whom.time_zone if whom else UTC, watch.as_of)
        text = note.left(watch.name(row["rep_id"]))
        watch.tell(connection, row["handoff_id"], f"{row['assignment_id']}:left", text, whom)


def _left_behind(connection: Connection, rep_ids: list[str], assignment_id: int | None = None) -> list[Row]:
    return connection.execute(_LEFT_BEHIND, {"reps": rep_ids, "assignment": assignment_id}).fetchall()


_LEFT_BEHIND = f"""
{CLOCKS}
where assignment.rep_id = any(%(reps)s) and {IS_OPEN}
and (%(assignment)s::bigint is null or assignment.assignment_id = %(assignment)s)
order by promised_seconds, handoff.score desc, assignment.assignment_id
"""
