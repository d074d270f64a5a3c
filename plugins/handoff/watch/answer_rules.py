"""What an answer changes: a pure decision from the handoff as it stands and from who answers.

Of two answers that exclude one another the first to be applied wins, whoever gave it, and the other person is told.
"""

from dataclasses import dataclass, replace

from handoff.notify.card_form import LONGEST_NOTE, NOTE, REASON, REROUTE
from handoff.notify.card_state import ACCEPT, CONTACTED, NAME, REJECT, SNOOZE, ended, standing
from handoff.notify.history import History, Turn
from handoff.notify.moments import deadline, zone
from handoff.notify.text import slack_text
from handoff.watch.answer_click import Click
from handoff.watch.answer_people import Given, Person

ACCEPTED, CLAIMED, SNOOZED = "accepted", "claimed", "snoozed"
REJECTED, DECLINED = "rejected", "declined"
"""Kinds of `handoff.dispositions`."""
TOUCHED = "Somebody has been in touch, so nobody else gets it. Choose another reason."
"""To whoever wants to hand on a lead that somebody has talked to."""


@dataclass(frozen=True)
class Refusal:
    """Nothing changes; `text`, escaped, says why, in a form at one of its fields."""

    text: str
    field: str = REASON


@dataclass(frozen=True)
class Ask:
    """A form asks why."""


@dataclass(frozen=True)
class Take:
    """Dispositions to record, all of them.

    Attributes:
        is_back: the handoff returns to whoever gave the answer in time.
        is_again: it was handed on before, when nobody else could take it; somebody may by now.
    """

    kinds: tuple[str, ...]
    is_back: bool = False
    is_again: bool = False


Verdict = Refusal | Ask | Take


def judge(click: Click, history: History, person: Person | None, given: Given | None = None) -> Verdict:
    """What a click does to a handoff that nobody else is changing meanwhile."""
    turn = history.turn(click.assignment_id)
    if person is None or not person.may_answer:
        return Refusal(f"Only {slack_text(turn.rep_name, NAME)} and their managers can answer this.")
    local = zone(person.time_zone)
    over = ended(history, turn, local, click.at)
    if over is not None and not (over.actions and (click.action == REJECT or click.filled is not None)):
        if click.action in (ACCEPT, CONTACTED) and _came_first(click, history, turn):
            return replace(_taken(click, history, turn), is_back=True)
        return Refusal(f"Nothing was changed. {'. '.join(over.lines)}.")
    if click.action == REJECT:
        return Ask()
    if click.action == SNOOZE:
        if history.may_snooze(turn, click.at):
            return Take((SNOOZED,))
        return Refusal(f"Nothing was changed. {_no_snooze(click, history, turn, person)}.")
    if click.filled is not None:
        if click.filled.seen != len(history.answers):
            said = over.lines[0] if over else standing(history, turn, local, click.at)
            return Refusal(f"{said}. Close this, and press Reject again if you still mean it.")
        if over and given and given.reason and given.reason.next_step == REROUTE:
            return Refusal(TOUCHED)
        return _rejection(click.filled.note, given or Given(None), person, is_declined=bool(history.of(turn, DECLINED)))
    kinds = _taken(click, history, turn)
    return kinds if kinds.kinds else Refusal(f"Nothing was changed. {standing(history, turn, local, click.at)}.")


def _taken(click: Click, history: History, turn: Turn) -> Take:
    """What is new in an acceptance, or in a claim, which is an acceptance too."""
    wanted = (ACCEPTED, CLAIMED) if click.action == CONTACTED else (ACCEPTED,)
    return Take(tuple(kind for kind in wanted if not history.of(turn, kind)))


def _came_first(click: Click, history: History, turn: Turn) -> bool:
    """Whether the rep had answered before the lead was taken away for want of an answer, and nobody has since."""
    is_over = any(history.of_handoff(kind) for kind in ("withdrawn", "rejected", "contacted"))
    after = history.after(turn)
    return (
        not is_over
        and after is not None
        and after == history.current
        and after.cause == "breach"
        and click.at < after.assigned_at
        and not any(each.assignment_id == after.assignment_id for each in history.answers)
    )


def _rejection(note: str, given: Given, person: Person, *, is_declined: bool) -> Verdict:
    if given.reason is None:
        return Refusal("This reason is no longer on the list. Close this, and press Reject again.")
    if len(note) > LONGEST_NOTE:
        return Refusal(f"At most {LONGEST_NOTE} characters.", NOTE)
    if is_declined and given.reason.next_step == REROUTE:
        return Take((), is_again=True)
    if person.is_own and given.most is not None and given.today >= given.most:
        return Refusal(f"You have rejected {given.today} leads today, which is the most. Talk to your manager.")
    return Take((DECLINED if given.reason.next_step == REROUTE else REJECTED,))


def _no_snooze(click: Click, history: History, turn: Turn, person: Person) -> str:
    quiet = history.quiet_until(turn, click.at)
    if quiet is not None:
        return f"Reminders are quiet until {deadline(quiet, zone(person.time_zone), click.at)}"
    return "The deadline has passed" if click.at >= turn.due_at else "This lead cannot be snoozed any more"
