"""What the top of a card says has become of the handoff, and what may still be pressed."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handoff.notify.history import Answer, History, Turn
from handoff.notify.moments import deadline, elapsed, told_at
from handoff.notify.text import slack_text
from handoff.route.withdraw import SAID

NAME, REASON = 60, 160
ACCEPT, REJECT = "handoff_accept", "handoff_reject"
SNOOZE, CONTACTED = "handoff_snooze", "handoff_contacted"
"""The buttons' `action_id`."""
ERASED = "erased"


@dataclass(frozen=True)
class State:
    """Lines for the top of one assignment's card, escaped; the first says most.

    Attributes:
        assignment_id: what the buttons are about.
        actions: `action_id` of each button, in order; none when nothing is left to answer.
        is_news: whether something has happened since the card was first sent.
        is_open: whether a deadline still counts.
        shows_lead: False once the lead was erased, whose name goes nowhere any more.
    """

    assignment_id: int
    lines: tuple[str, ...]
    actions: tuple[str, ...] = ()
    snooze_minutes: int = 0
    is_news: bool = True
    is_open: bool = False
    shows_lead: bool = True


def state_of(history: History, turn: Turn, local: ZoneInfo, as_of: datetime) -> State:
    """The state of a handoff as the card of one of its assignments tells it."""
    over = ended(history, turn, local, as_of)
    if over is not None:
        return over
    lines = [standing(history, turn, local, as_of)]
    if quiet := history.quiet_until(turn, as_of):
        lines.append(f"Reminders are quiet until {deadline(quiet, local, as_of)}")
    if turn.is_breached:
        lines.append(f"Deadline missed: nobody was in touch by {deadline(turn.due_at, local, as_of)}")
    may = {
        ACCEPT: not history.of(turn, "accepted"),
        CONTACTED: not history.of(turn, "claimed"),
        SNOOZE: history.may_snooze(turn, as_of),
        REJECT: True,
    }
    return State(
        turn.assignment_id,
        tuple(lines),
        tuple(action for action, is_left in may.items() if is_left),
        history.snooze_minutes,
        is_news=turn.is_breached or any(each.assignment_id == turn.assignment_id for each in history.answers),
        is_open=True,
    )


def told_by(answer: Answer) -> str:
    """Who gave an answer, escaped."""
    return slack_text(answer.by, NAME, empty="somebody")


def ended(history: History, turn: Turn, local: ZoneInfo, as_of: datetime) -> State | None:
    """The state of a card whose clock counts no more. What is said at first contact may be why it is rejected, until
    the lead is handed over anew."""
    after, newer = history.after(turn), history.newer
    actions: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    if history.of_handoff(ERASED):
        return State(turn.assignment_id, (f"The lead {SAID[ERASED]}",), shows_lead=False)
    if withdrawn := history.of_handoff("withdrawn"):
        said = SAID.get(withdrawn.reason_id or "", "is gone")
        line = f"Withdrawn: the lead {slack_text(said, REASON)}; nothing is due any more"
        return State(turn.assignment_id, (line,), shows_lead=withdrawn.reason_id != ERASED)
    if rejected := history.of_handoff("rejected"):
        line = f"Rejected by {told_by(rejected)}, {told_at(rejected.at, local, as_of)}: {reason_of(rejected)}"
    elif contacted := history.of_handoff("contacted"):
        line = contact_line(history, contacted)
        actions = () if after or newer else (REJECT,)
        if newer is not None:
            when = told_at(newer.assigned_at, local, as_of)
            lines = (f"Handed over anew to {slack_text(newer.rep_name, NAME)}, {when}: answers count there",)
    elif after is not None:
        when = told_at(history.current.assigned_at, local, as_of)
        line = f"Went to {slack_text(history.current.rep_name, NAME)}, {when}: {_why_gone(history, turn, after)}"
    else:
        return None
    return State(turn.assignment_id, (line, *lines), actions)


def contact_line(history: History, contacted: Answer) -> str:
    """Who made first contact, how long after the first assignment, and whether in time; escaped."""
    judged = history.in_force_at(contacted.at)
    verdict = "in time" if contacted.at <= judged.due_at else "after the deadline"
    return f"Contacted by {told_by(contacted)} after {elapsed(contacted.at - history.turns[0].assigned_at)}, {verdict}"


def standing(history: History, turn: Turn, local: ZoneInfo, as_of: datetime) -> str:
    """How an assignment stands that nothing has ended; escaped."""
    accepted, claimed = (next(iter(history.of(turn, kind)), None) for kind in ("accepted", "claimed"))
    if claimed is not None:
        return f"{told_by(claimed)} says they have been in touch; waiting for it in HubSpot"
    if accepted is not None:
        return f"Accepted by {told_by(accepted)}, {told_at(accepted.at, local, as_of)}"
    if declined := next(iter(history.of(turn, "declined")), None):
        return f"{told_by(declined)} hands it on: {reason_of(declined)}. Nobody else may take it now"
    return f"Offered to {slack_text(turn.rep_name, NAME)}"


def _why_gone(history: History, turn: Turn, after: Turn) -> str:
    if after.cause == "breach":
        return "nobody was in touch in time"
    if after.cause == "left":
        return f"{slack_text(turn.rep_name, NAME)} has left"
    if declined := next(iter(history.of(turn, "declined")), None):
        return f"{told_by(declined)} handed it on: {reason_of(declined)}"
    return slack_text(after.reason, REASON, empty="by hand")


def reason_of(answer: Answer) -> str:
    """Why a lead was rejected or handed on, escaped."""
    return slack_text(answer.reason or answer.reason_id, REASON, empty="no reason given")
