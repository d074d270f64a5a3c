"""Apply what people answer in Slack, each answer once: at once in the request, or a minute later if that failed."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handoff import crash
from handoff.ledger import inbox, outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import cards, history
from handoff.notify.alert import alert
from handoff.notify.card_form import form
from handoff.notify.lines import NOBODY
from handoff.notify.text import slack_text
from handoff.qualify import loads
from handoff.route.assign import NobodyEligible
from handoff.route.due import NoCalendar
from handoff.watch import answer_flood, answer_people
from handoff.watch.answer_click import SUBMIT, Click, parse
from handoff.watch.answer_effects import Taken, carry_out
from handoff.watch.answer_flood import IGNORED
from handoff.watch.answer_rules import DECLINED, Ask, Refusal, Take, Verdict, judge
from handoff.watch.lock import lock

log = logging.getLogger(__name__)

REQUEST = timedelta(seconds=10)
"""Younger answers are left to the request that brought them."""
GIVE_UP_AFTER = timedelta(hours=1)
AT_ONCE = 500
TOO_LATE = "Slack did not get the form in time. Press Reject again."


@dataclass(frozen=True)
class Form:
    """A modal to open with a trigger, which holds for three seconds."""

    trigger_id: str
    view: dict[str, Any]
    key: str
    channel: str
    user_id: str


@dataclass(frozen=True)
class Outcome:
    """What became of one answer.

    Attributes:
        label: what it is counted as: `ignored`, `refused`, `asked`, the dispositions' kinds, or a flood's answer.
        errors: what a form is to say, by its `block_id`.
        form: what is to be opened.
        has_effects: whether something was queued.
    """

    label: str
    errors: dict[str, str] = field(default_factory=dict)
    form: Form | None = None
    has_effects: bool = False


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> dict[str, int]:
    """Apply what no request did, and return how many answers by what became of them.

    An answer that cannot be applied stops no other; after an hour it is closed, and the review channel told. Until
    then, and while a load of the agreement keeps it waiting, its handoff is left alone: it may have come in time.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    rows = connection.execute(
        """select event_key, payload, received_at from handoff.inbox
        where source = %s and processed_at is null and received_at <= %s order by inbox_id limit %s""",
        (inbox.SLACK, as_of - REQUEST, AT_ONCE),
    ).fetchall()
    counts: Counter[str] = Counter()
    for row in rows:
        handoff_id = None
        try:
            click = parse(row["payload"], row["received_at"])
            handoff_id = history.handoff_of(connection, click.assignment_id) if click else None
            outcome = _apply_stored(connection, row["event_key"], as_of, is_live=False)
        except Exception as problem:
            waits = isinstance(problem, loads.Unfinished)
            counts["elsewhere" if waits else "failed"] += 1
            if not waits:
                log.exception("an answer in Slack could not be applied: inbox event %s", row["event_key"])
            if not waits and as_of - row["received_at"] > GIVE_UP_AFTER:
                _give_up(connection, row["event_key"], problem, as_of)
            elif handoff_id is not None:
                raised[handoff_id] = problem
        else:
            counts[outcome.label if outcome else "elsewhere"] += 1
    return dict(counts)


def apply(connection: Connection, event_key: str, as_of: datetime, *, is_live: bool = False) -> Outcome | None:
    """Apply one stored answer in one transaction; None if somebody else does, or did, or if it waits.

    It counts from when it was received, whenever it is applied. One that hands a lead over waits until a load of the
    agreement has ended.

    Args:
        is_live: whether the person still waits: a form can be opened, and say what is wrong with it.
    """
    try:
        return _apply_stored(connection, event_key, as_of, is_live)
    except loads.Unfinished:
        return None


def _apply_stored(connection: Connection, event_key: str, as_of: datetime, is_live: bool) -> Outcome | None:
    with connection.transaction():
        row = connection.execute(
            """select inbox_id, event_key, payload, received_at from handoff.inbox
            where source = %s and event_key = %s and processed_at is null for update skip locked""",
            (inbox.SLACK, event_key),
        ).fetchone()
        if row is None:
            return None
        click = parse(row["payload"], row["received_at"])
        outcome = _apply(connection, row, click, as_of, is_live) if click else _elsewhere(connection, row, as_of)
        inbox.mark_read(connection, [row["inbox_id"]], as_of)
        crash.point("watch.answer.decided")
    crash.point("watch.answer.applied")
    return outcome


def _elsewhere(connection: Connection, row: Row, as_of: datetime) -> Outcome:
    """What is about no assignment: the breaker's question, or none of ours."""
    label = answer_flood.apply(connection, row, as_of)
    return Outcome(label, has_effects=label != IGNORED)


def _apply(connection: Connection, row: Row, click: Click, as_of: datetime, is_live: bool) -> Outcome:
    handoff_id = history.handoff_of(connection, click.assignment_id)
    if handoff_id is None or (click.action != SUBMIT and not _is_its_message(connection, handoff_id, click)):
        return Outcome(IGNORED)
    lock(connection, handoff_id)
    told = history.read(connection, handoff_id, click.at)
    person = answer_people.person(connection, click.user_id, told.turn(click.assignment_id).rep_id, click.at)
    given = None
    if click.filled is not None and person is not None:
        given = answer_people.given(connection, person, click.filled.reason_id, click.at)
    verdict = judge(click, told, person, given)
    if isinstance(verdict, Take) and person is not None:
        try:
            with connection.transaction():
                carry_out(connection, Taken(click, told, person, given, row["inbox_id"], as_of), verdict)
            return Outcome(DECLINED if verdict.is_again else "+".join(verdict.kinds), has_effects=True)
        except (NobodyEligible, NoCalendar):
            verdict = Refusal(f"{NOBODY}." if verdict.is_again else "Nothing was changed. It went to a colleague.")
    return _answered(connection, row, click, told, verdict, as_of, is_live)


def _answered(
    connection: Connection,
    row: Row,
    click: Click,
    told: history.History,
    verdict: Verdict,
    as_of: datetime,
    is_live: bool,
) -> Outcome:
    """Tell the person why nothing changed, or ask them why they reject."""
    key = row["event_key"]
    if isinstance(verdict, Ask) and is_live:
        lead = told.context.lead
        reasons = answer_people.reasons(connection, click.at, may_reroute=told.of_handoff("contacted") is None)
        view = form(click.assignment_id, len(told.answers), lead.name or lead.email or "", reasons)
        return Outcome("asked", form=Form(click.trigger_id, view, key, click.channel, click.user_id))
    text, field_id = (verdict.text, verdict.field) if isinstance(verdict, Refusal) else (TOO_LATE, "")
    if click.action == SUBMIT and is_live:
        return Outcome("refused", errors={field_id: text})
    if click.action == SUBMIT:
        payload = {"slack_user_id": click.user_id, "text": text, "rep_name": None}
        outbox.put(connection, outbox.Effect(f"slack_note:answer:{key}", "slack_note", payload, as_of))
    else:
        cards.whisper(connection, key, click.channel, click.user_id, text, as_of)
    return Outcome("refused", has_effects=True)


def _is_its_message(connection: Connection, handoff_id: str, click: Click) -> bool:
    """Whether the pressed message is a card of that assignment, or may be one whose delivery is in doubt."""
    keys = [f"{kind}:{handoff_id}:{click.assignment_id}" for kind in cards.CARDS]
    row = connection.execute(
        """select
            coalesce(bool_or(result ->> 'channel' = %s and result ->> 'ts' = %s), false) as is_it,
            coalesce(bool_or(state = 'pending' and attempts > 0), false) as is_in_doubt
        from handoff.outbox where dedupe_key = any(%s)""",
        (click.channel, click.ts, keys),
    ).fetchone()
    assert row is not None
    return bool(row["is_it"] or (row["is_in_doubt"] and not _is_anothers(connection, click)))


def _is_anothers(connection: Connection, click: Click) -> bool:
    row = connection.execute(
        """select exists (select from handoff.outbox where kind = any(%s) and state = 'sent'
        and result ->> 'channel' = %s and result ->> 'ts' = %s) as is_known""",
        (list(cards.CARDS), click.channel, click.ts),
    ).fetchone()
    return bool(row and row["is_known"])


def _give_up(connection: Connection, event_key: str, problem: Exception, as_of: datetime) -> None:
    with connection.transaction():
        closed = connection.execute(
            "update handoff.inbox set processed_at = %s where event_key = %s and processed_at is null",
            (as_of, event_key),
        ).rowcount
        if closed:
            text = f"An answer in Slack could not be applied, and is lost: {slack_text(type(problem).__name__, 60)}"
            alert(connection, f"answer:{event_key}", text, as_of)
    crash.point("watch.answer.given_up")
