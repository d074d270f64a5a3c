"""Carry out what an answer changes, in the caller's transaction: dispositions, another rep, and what Slack and the CRM
are to say."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from handoff.ledger import outbox
from handoff.ledger.db import Connection
from handoff.notify import cards, lines
from handoff.notify.alert import alert
from handoff.notify.card_form import Filled
from handoff.notify.card_state import NAME
from handoff.notify.history import History, Turn
from handoff.notify.moments import deadline, zone
from handoff.notify.text import slack_text
from handoff.qualify import loads, requeue
from handoff.route import assignments
from handoff.route.assign import Candidate, NobodyEligible, choose
from handoff.route.assignments import Assignment, give, write_back
from handoff.route.contexts import LINE
from handoff.route.due import NoCalendar, due_at
from handoff.route.reassign import reassign
from handoff.route.turns import burdens
from handoff.sync.targets import owner_target, rejected_target
from handoff.watch import give_back
from handoff.watch.answer_click import Click
from handoff.watch.answer_people import Given, Person
from handoff.watch.answer_rules import ACCEPTED, CLAIMED, DECLINED, REJECTED, SNOOZED, Take

NOTE = 500


@dataclass(frozen=True)
class Taken:
    """An answer that counts: who gave it about which handoff, by which row of the inbox."""

    click: Click
    history: History
    person: Person
    given: Given | None
    inbox_id: int
    as_of: datetime

    @property
    def turn(self) -> Turn:
        """The assignment that was answered."""
        return self.history.turn(self.click.assignment_id)


def carry_out(connection: Connection, taken: Taken, take: Take) -> None:
    """Record the dispositions and queue all that follows.

    Raises:
        NobodyEligible, NoCalendar: the lead cannot go back to whoever answered in time, or still to nobody else.
        Unfinished: it would go to another rep while a load of the agreement is unfinished.
    """
    if take.is_again:
        given = reassign(connection, taken.history.handoff_id, taken.as_of, "declined")
        _say(connection, taken, DECLINED, f"{_said(taken, DECLINED, None)}. {_to(given)}")
    assignment_id = _back(connection, taken) if take.is_back else taken.click.assignment_id
    for kind in take.kinds:
        until = _quiet_until(connection, taken) if kind == SNOOZED else None
        _record(connection, taken, assignment_id, kind, until)
        said = _said(taken, kind, until)
        if kind == REJECTED:
            _tell_the_crm(connection, taken)
            requeue.after(connection, taken.history.handoff_id, taken.click.at, taken.as_of)
        elif kind == DECLINED:
            said = f"{said}. {_on(connection, taken)}"
        _say(connection, taken, kind, said)
    cards.refresh(connection, taken.history.handoff_id, taken.as_of)


def _record(connection: Connection, taken: Taken, assignment_id: int, kind: str, until: datetime | None) -> None:
    filled = taken.click.filled
    evidence = {"inbox_id": taken.inbox_id, "rep_id": taken.person.rep_id, "slack_user_id": taken.click.user_id}
    connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, reason_id, owner_id, occurred_at, recorded_at, evidence, note,
            snoozed_until
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            taken.history.handoff_id,
            assignment_id,
            kind,
            filled.reason_id if filled else None,
            taken.person.crm_owner_id,
            taken.click.at,
            taken.as_of,
            Jsonb(evidence),
            (filled.note or None) if filled else None,
            until,
        ),
    )


def _quiet_until(connection: Connection, taken: Taken) -> datetime:
    """So much business time of the rep's later, but never beyond the deadline."""
    turn, at = taken.turn, taken.click.at
    try:
        seconds = timedelta(minutes=taken.history.snooze_minutes).total_seconds()
        return min(due_at(connection, turn.calendar_id or "", turn.time_zone, at, seconds), turn.due_at)
    except NoCalendar:
        return turn.due_at


def _said(taken: Taken, kind: str, until: datetime | None) -> str:
    who = slack_text(taken.person.name, NAME)
    if kind == ACCEPTED:
        return f"{who} accepted it"
    if kind == CLAIMED:
        return f"{who} says they have been in touch; waiting for it in HubSpot"
    if until is not None:
        return f"{who} wants no reminder before {deadline(until, zone(taken.turn.time_zone), taken.as_of)}"
    reason = taken.given.reason if taken.given else None
    label = slack_text(reason.label if reason else None, NAME, empty="no reason given")
    did = "rejected it" if kind == REJECTED else "handed it on"
    return f"{who} {did}: {label}{_note(taken.click.filled)}"


def _note(filled: Filled | None) -> str:
    return f". “{slack_text(filled.note, NOTE)}”" if filled and filled.note else ""


def _say(connection: Connection, taken: Taken, key: str, text: str) -> None:
    """Below both cards; nobody is told in their own conversation what they did themselves."""
    kinds = (cards.CHANNEL,) if taken.person.is_own else cards.CARDS
    assignment_id = taken.click.assignment_id
    name = f"{key}:{taken.inbox_id}"
    cards.say(connection, taken.history.handoff_id, assignment_id, name, text, taken.as_of, kinds)


def _tell_the_crm(connection: Connection, taken: Taken) -> None:
    filled, handoff_id = taken.click.filled, taken.history.handoff_id
    reason_id = filled.reason_id if filled else ""
    due_at = None
    # What first contact said of the clock stands.
    if not taken.history.of_handoff("contacted"):
        moved = give_back.until_stop(connection, taken.click.assignment_id, taken.click.at, taken.as_of)
        due_at = moved or taken.turn.due_at
    target = rejected_target(taken.history.lead_id, reason_id, taken.click.at, due_at)
    key = f"hubspot_contact:{handoff_id}:{taken.click.assignment_id}:rejected"
    outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, taken.as_of, handoff_id))


def _on(connection: Connection, taken: Taken) -> str:
    """Give it to another rep and say who that is; if there is none it stays, and a person is told."""
    handoff_id, as_of = taken.history.handoff_id, taken.as_of
    try:
        with connection.transaction():
            given = reassign(connection, handoff_id, as_of, "declined")
    except (NobodyEligible, NoCalendar) as problem:
        whom = slack_text(taken.history.context.lead.name or taken.history.lead_id, NAME)
        who = slack_text(taken.person.name, NAME)
        text = f"{who} hands on {whom}, and nobody else may take it: {slack_text(problem, 400)}"
        alert(connection, f"declined:{taken.click.assignment_id}", text, as_of, handoff_id)
        return lines.NOBODY
    return _to(given)


def _to(given: Assignment) -> str:
    return f"It goes to {slack_text(given.rep['name'], NAME)}"


def _back(connection: Connection, taken: Taken) -> int:
    """Return the lead to the rep who had answered before it went on, if they have room; the clock starts again."""
    history, turn, as_of = taken.history, taken.turn, taken.as_of
    loads.must_be_finished(connection)
    assignments.lock(connection)
    give_back.until_left(connection, history.handoff_id, as_of)
    candidate = _candidate(connection, turn, as_of)
    choice = choose([candidate], {}, burdens(connection, [candidate], as_of, LINE))
    given: Assignment = give(connection, history.handoff_id, choice, history.context, as_of, "by_hand")
    target = owner_target(
        history.lead_id,
        given.rep["crm_owner_id"],
        given.due_at,
        history.current.crm_owner_id,
        history.current.assigned_at,
    )
    write_back(connection, given, target, as_of)
    lines.went_on(connection, history.handoff_id, history.current.assignment_id, as_of)
    return given.assignment_id


def _candidate(connection: Connection, turn: Turn, as_of: datetime) -> Candidate:
    row = connection.execute(
        """select max_open, max_per_day from agreement.reps
        where rep_id = %(rep)s and valid_from <= %(at)s and %(at)s < valid_to""",
        {"rep": turn.rep_id, "at": as_of},
    ).fetchone()
    local = zone(turn.time_zone)
    # The lead that comes back has been counted for its day.
    is_counted = turn.assigned_at.astimezone(local).date() == as_of.astimezone(local).date()
    return Candidate(
        0,
        "answered",
        None,
        turn.rep_id,
        1,
        True,
        f"{turn.rep_name} had answered before it went on",
        max_open=row["max_open"] if row else None,
        max_per_day=row["max_per_day"] + is_counted if row and row["max_per_day"] is not None else None,
    )
