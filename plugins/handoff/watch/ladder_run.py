"""Take the steps of the ladders that are due, each once: its row and all that follows from it in one transaction."""

from collections import Counter
from datetime import datetime

from handoff import crash
from handoff.ledger.db import Connection
from handoff.notify import cards, lines
from handoff.notify.alert import alert
from handoff.notify.context import BadContext
from handoff.notify.text import slack_text
from handoff.qualify import loads
from handoff.route.assign import NobodyEligible
from handoff.route.due import NoCalendar
from handoff.route.reassign import reassign
from handoff.route.unforeseen import attempt
from handoff.watch import ladder_told, leavers
from handoff.watch.ladder import Move, Person, addressee, moves
from handoff.watch.ladder_due import Case, due
from handoff.watch.ladder_notes import ACCEPTED, UTC, Note
from handoff.watch.ladder_people import Watch, look
from handoff.watch.lock import lock

WAITS = "waits"
"""What becomes of a step that is tried again."""


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> dict[str, int]:
    """Take what is due, the hottest leads first, and return how many steps by what became of them.

    A step waits for the opening hours of whom it tells, and until they are not told too much at once. Taking a lead
    away waits for nobody: it counts as `reassign` or `stay`, and the manager is `told` at their next opening. Where
    everybody else is only full or away it counts as `waits`, and each run tries it again; so it does, and nobody is
    told, while a load of the agreement is unfinished. What somebody had who has left goes on first, and counts as
    `left`.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    watch = look(connection, as_of)
    counts: Counter[str] = Counter(left=leavers.run(connection, watch, raised))
    for case in due(connection, as_of):
        while _ready(case, watch) and (became := attempt(raised, case.handoff_id, _take_one, connection, case, watch)):
            counts[became] += 1
    counts["told"] = ladder_told.run(connection, watch, raised)
    return {name: count for name, count in counts.items() if count}


def _take_one(connection: Connection, case: Case, watch: Watch) -> str:
    """Take one step of an assignment, and return what became of it; "" when nothing can be done now."""
    with connection.transaction():
        lock(connection, case.handoff_id)
        present = next(iter(due(connection, watch.as_of, case.assignment_id)), None)
        ready = _ready(present, watch) if present else None
        if present is None or ready is None:
            return ""
        became = _take(connection, present, *ready, watch)
        if became != WAITS:
            cards.refresh(connection, present.handoff_id, watch.as_of)
    crash.point("watch.ladder.taken")
    return became


def _ready(case: Case, watch: Watch) -> tuple[Move, Person | None] | None:
    for move in moves(case.steps, case.answers, watch.as_of):
        whom = addressee(watch.people, case.rep_id, move.step.notify)
        if move.step.action == "reassign" and case.assignment_id in watch.waiting:
            continue
        if move.passed_over_because or move.step.action == "reassign" or watch.may_tell(whom):
            return move, whom
    return None


def _take(connection: Connection, case: Case, move: Move, whom: Person | None, watch: Watch) -> str:
    step, because, became = move.step, move.passed_over_because, str(move.step.action)
    if because:
        became, whom = "passed_over", None
    elif step.action == "reassign":
        if loads.is_unfinished(connection):
            watch.waiting.add(case.assignment_id)
            return WAITS
        # Who has left calls nobody, whatever they had accepted.
        keeps = case.answers.is_accepted and watch.there(case.rep_id) is not None
        became, because = ("stay", ACCEPTED) if keeps else _reassign(connection, case, watch)
        if became == WAITS:
            _waits(connection, case, move, whom, watch)
            return became
    connection.execute(
        """insert into handoff.ladder_steps (
            assignment_id, escalation_id, action, addressed_to, was_due_at, taken_at, skipped_because
        ) values (%s, %s, %s, %s, %s, %s, %s)""",
        (
            case.assignment_id,
            step.escalation_id,
            step.action,
            whom.rep_id if whom else None,
            step.was_due_at,
            watch.as_of,
            because,
        ),
    )
    crash.point("watch.ladder.decided")
    if became == step.action and step.action != "reassign":
        key = f"{case.assignment_id}:{step.escalation_id}"
        text = _text(case, move, whom, watch)
        if whom is not None and whom.rep_id == case.rep_id:
            watch.remind(connection, case.handoff_id, case.assignment_id, key, text, whom)
        else:
            watch.tell(connection, case.handoff_id, key, text, whom)
    return became


def _text(case: Case, move: Move, whom: Person | None, watch: Watch) -> str:
    note = Note(case.context, case.due_at, whom.time_zone if whom else UTC, watch.as_of)
    if whom is not None and whom.rep_id == case.rep_id:
        return note.reminder()
    name = watch.name(case.rep_id)
    return note.warning(name) if move.step.at_percent < 100 else note.overdue(name)


def _reassign(connection: Connection, case: Case, watch: Watch) -> tuple[str, str | None]:
    """Give it to another rep; returns what became of the step, and why it stays when that cannot be, which the review
    channel is told once."""
    try:
        with connection.transaction():
            reassign(connection, case.handoff_id, watch.as_of, "breach")
            lines.went_on(connection, case.handoff_id, case.assignment_id, watch.as_of, watch.room)
    except (NobodyEligible, NoCalendar, BadContext) as error:
        said = Note(case.context, case.due_at, UTC, watch.as_of).stays(watch.name(case.rep_id))
        text = f"{said} {slack_text(error, 400)}"
        alert(connection, f"ladder:{case.assignment_id}:stays", text, watch.as_of, case.handoff_id)
        is_passing = isinstance(error, NobodyEligible) and error.is_passing
        return WAITS if is_passing else "stay", f"nobody else may take it: {error}"
    return "reassign", None


def _waits(connection: Connection, case: Case, move: Move, whom: Person | None, watch: Watch) -> None:
    """Leave the step open, as somebody may have room in a minute, and tell whom it tells, once, that the lead stays."""
    watch.waiting.add(case.assignment_id)
    if whom is not None and watch.may_tell(whom):
        text = Note(case.context, case.due_at, whom.time_zone, watch.as_of).stays(watch.name(case.rep_id))
        key = f"{case.assignment_id}:{move.step.escalation_id}:stays"
        watch.tell(connection, case.handoff_id, key, text, whom)
