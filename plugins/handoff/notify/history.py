"""One handoff as the ledger has it: who had it in turn, what sales answered, and what the agreement allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handoff.ledger.db import Connection
from handoff.ledger.reps import rep_of
from handoff.notify.context import Context
from handoff.notify.newer import newer_of


@dataclass(frozen=True)
class Turn:
    """One assignment. `due_at` is the deadline that counts; what is None, the agreement no longer knows."""

    assignment_id: int
    rep_id: str
    rep_name: str
    assigned_at: datetime
    due_at: datetime
    cause: str
    reason: str
    is_breached: bool
    time_zone: str = "UTC"
    calendar_id: str | None = None
    crm_owner_id: str | None = None
    slack_user_id: str | None = None


@dataclass(frozen=True)
class Answer:
    """One disposition. `by` is a name, `reason` the label of a rejection reason; both None when nobody knows them."""

    kind: str
    assignment_id: int | None
    at: datetime
    by: str | None = None
    reason_id: str | None = None
    reason: str | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True)
class History:
    """Turns and answers in the order in which they were written; `lead_id` is the contact's present id."""

    handoff_id: str
    lead_id: str
    context: Context
    turns: tuple[Turn, ...]
    answers: tuple[Answer, ...] = ()
    snooze_minutes: int = 0
    """Of business time."""
    max_snoozes: int = 0
    """For each assignment."""
    newer: Turn | None = None
    """The first turn of the handoff by which the lead was handed over anew for the same product; None if it was not."""

    @property
    def current(self) -> Turn:
        """Who has it."""
        return self.turns[-1]

    def turn(self, assignment_id: int) -> Turn:
        """One of the handoff's own assignments."""
        return next(each for each in self.turns if each.assignment_id == assignment_id)

    def after(self, turn: Turn) -> Turn | None:
        """The assignment that followed; None for the current one."""
        return next((each for each in self.turns if each.assignment_id > turn.assignment_id), None)

    def in_force_at(self, at: datetime) -> Turn:
        """Who had it at a moment; the first, for one before any."""
        return next((each for each in reversed(self.turns) if each.assigned_at <= at), self.turns[0])

    def of_handoff(self, kind: str) -> Answer | None:
        """The answer of a kind that ends the handoff."""
        return next((each for each in self.answers if each.kind == kind), None)

    def of(self, turn: Turn, kind: str) -> Sequence[Answer]:
        """An assignment's answers of a kind."""
        return [each for each in self.answers if each.kind == kind and each.assignment_id == turn.assignment_id]

    def quiet_until(self, turn: Turn, at: datetime) -> datetime | None:
        """Until when reminders are snoozed; None if they are not."""
        until = [each.snoozed_until for each in self.of(turn, "snoozed") if each.snoozed_until is not None]
        return max((each for each in until if each > at), default=None)

    def may_snooze(self, turn: Turn, at: datetime) -> bool:
        """Whether the tier allows it once more; never past the deadline, nor while it is quiet."""
        is_left = len(self.of(turn, "snoozed")) < self.max_snoozes
        return self.snooze_minutes > 0 and is_left and at < turn.due_at and self.quiet_until(turn, at) is None


def handoff_of(connection: Connection, assignment_id: int) -> str | None:
    """The handoff that an assignment belongs to; None if there is no such assignment."""
    row = connection.execute(
        "select handoff_id from handoff.assignments where assignment_id = %s", (assignment_id,)
    ).fetchone()
    return row["handoff_id"] if row else None


def read(connection: Connection, handoff_id: str, as_of: datetime) -> History:
    """A handoff that somebody has, with the tier's rules in force at `as_of`.

    Raises:
        BadContext: its context cannot be read.
    """
    names = {"handoff": handoff_id, "at": as_of}
    row = connection.execute(_HANDOFF, names).fetchone()
    assert row is not None
    newer = newer_of(connection, handoff_id)
    return History(
        **{**row, "context": Context.from_json(row["context"])},
        turns=turns_of(connection, handoff_id),
        answers=answers_of(connection, handoff_id),
        newer=turns_of(connection, newer)[0] if newer else None,
    )


def turns_of(connection: Connection, handoff_id: str) -> tuple[Turn, ...]:
    """Everybody who had a handoff, in turn."""
    return tuple(Turn(**each) for each in connection.execute(_TURNS, {"handoff": handoff_id}))


def answers_of(connection: Connection, handoff_id: str) -> tuple[Answer, ...]:
    """All that was answered, in the order in which it was written down."""
    return tuple(Answer(**each) for each in connection.execute(_ANSWERS, {"handoff": handoff_id}))


_HANDOFF = """
select
    handoff.handoff_id, handoff.context,
    coalesce(
        (select alias.id from handoff.aliases as alias
        where alias.object_type = 'contacts' and alias.old_id = handoff.lead_id),
        handoff.lead_id
    ) as lead_id,
    coalesce(tier.snooze_minutes, 0) as snooze_minutes, coalesce(tier.max_snoozes, 0) as max_snoozes
from handoff.handoffs as handoff
left join agreement.tiers as tier
    on tier.tier_id = handoff.tier_id and tier.valid_from <= %(at)s and %(at)s < tier.valid_to
where handoff.handoff_id = %(handoff)s
"""

_TURNS = f"""
select
    assignment.assignment_id, assignment.rep_id, coalesce(rep.name, assignment.rep_id) as rep_name,
    assignment.assigned_at, coalesce(pause.due_at, assignment.due_at) as due_at, assignment.cause, assignment.reason,
    breach.assignment_id is not null as is_breached, coalesce(rep.time_zone, 'UTC') as time_zone, rep.calendar_id,
    rep.crm_owner_id, rep.slack_user_id
from handoff.assignments as assignment
left join handoff.breaches as breach using (assignment_id)
left join lateral (
    select due_at from handoff.clock_pauses as pause
    where pause.assignment_id = assignment.assignment_id order by began_at desc limit 1
) as pause on true
{rep_of("assignment")}
where assignment.handoff_id = %(handoff)s
order by assignment.assignment_id
"""

_ANSWERS = """
select
    answer.kind, answer.assignment_id, answer.occurred_at as at, person.name as by, answer.reason_id,
    reason.label as reason, answer.snoozed_until
from handoff.dispositions as answer
left join lateral (
    select name from agreement.reps as rep
    where rep.crm_owner_id = answer.owner_id and rep.valid_from <= answer.occurred_at
    order by rep.valid_from desc limit 1
) as person on true
left join lateral (
    select label from agreement.rejection_reasons as reason
    where reason.reason_id = answer.reason_id and reason.valid_from <= answer.occurred_at
    order by reason.valid_from desc limit 1
) as reason on true
where answer.handoff_id = %(handoff)s
order by answer.disposition_id
"""
