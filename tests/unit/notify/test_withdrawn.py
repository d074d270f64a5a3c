"""A lead that is deleted, erased or merged while its handoff is in any state: Slack, the ledger and the clocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff.clients.slack import SlackHook
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put
from handoff.notify import cards, digests
from handoff.notify.alert import alert
from handoff.notify.deliver import deliver
from handoff.privacy import reported
from handoff.route import withdraw
from handoff.route.assignments import Assignment
from handoff.vitals import facts
from handoff.web.pages import board_waiting
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.dying import dies_at
from tests.unit.notify.clock import Clock, told
from tests.unit.route import handed
from tests.unit.watch.clockwork import look

LEAD, OTHER = "1", "2"
PERSONAL = ("Lead 1", "lead1@northwind.example", "told me of a merger")
"""Words that only the lead's own messages hold."""
Make = Callable[[Connection, Assignment, Clock], None]


def answered(kind: str) -> Make:
    def make(connection: Connection, given: Assignment, clock: Clock) -> None:
        until = clock() + timedelta(hours=1) if kind == "snoozed" else None
        connection.execute(
            """insert into handoff.dispositions
                (handoff_id, assignment_id, kind, reason_id, snoozed_until, note, occurred_at, recorded_at, evidence)
            values (%s, %s, %s, 'not_mine', %s, 'told me of a merger', %s, %s, '{}')""",
            (given.handoff_id, given.assignment_id, kind, until, clock(), clock()),
        )
        text = f"Ana Costa {kind} Lead 1: told me of a merger"
        cards.say(connection, given.handoff_id, given.assignment_id, kind, text, clock())
        alert(connection, f"test:{kind}", text, clock(), given.handoff_id)
        cards.refresh(connection, given.handoff_id, clock())

    return make


def warned(connection: Connection, given: Assignment, clock: Clock) -> None:
    """A rung of the ladder: a step and what the rep was told."""
    connection.execute(
        """insert into handoff.ladder_steps (assignment_id, escalation_id, action, was_due_at, taken_at)
        values (%s, 'esc-high-remind', 'remind', %s, %s)""",
        (given.assignment_id, clock(), clock()),
    )
    note = {"slack_user_id": "U0ANACOSTA", "text": "Reminder: Lead 1 is waiting", "rep_name": "Ana Costa"}
    put(connection, Effect(f"slack_note:{given.assignment_id}", "slack_note", note, clock(), given.handoff_id))


def breached(connection: Connection, given: Assignment, clock: Clock) -> None:
    warned(connection, given, clock)
    connection.execute(
        "insert into handoff.breaches (assignment_id, due_at, marked_at) values (%s, %s, %s)",
        (given.assignment_id, clock(), clock()),
    )


def passed_on(connection: Connection, given: Assignment, clock: Clock) -> None:
    """Another rep has it now."""
    from handoff.route.assign import Candidate, choose
    from handoff.route.assignments import give

    breached(connection, given, clock)
    choice = choose([Candidate(4, "territory", "na", "ben-okafor", 1, True, "territory ter-na")], {}, {})
    give(connection, given.handoff_id, choice, handed.context(LEAD, clock()), clock() + timedelta(seconds=1), "breach")


@dataclass(frozen=True)
class State:
    """How to get there from a handoff that has been told, whether it is over, and how many reps have it or had it."""

    make: Make | None = None
    is_over: bool = False
    reps: int = 1


STATES = {
    "told": State(),
    "accepted": State(answered("accepted")),
    "claimed": State(answered("claimed")),
    "snoozed": State(answered("snoozed")),
    "declined": State(answered("declined")),
    "warned": State(warned),
    "breached": State(breached),
    "passed_on": State(passed_on, reps=2),
    "rejected": State(answered("rejected"), is_over=True),
    "contacted": State(answered("contacted"), is_over=True),
}


@pytest.fixture
def connection(agreement_database: Database) -> Iterator[Connection]:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("insert into raw.batches (source, started_at) values ('poll', now())")
    with db.connect() as opened:
        yield opened


def version(connection: Connection, lead_id: str, at: datetime, **said: Any) -> None:
    """One more version of a contact, and a lead that waits to be looked at."""
    connection.execute(
        "insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, 1, %s)",
        (lead_id, at, at, Jsonb({"id": lead_id, "properties": {}, **said})),
    )
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at) values (%s, 1, %s)
        on conflict do nothing""",
        (lead_id, at),
    )


def gone(connection: Connection, at: datetime, event: str) -> int:
    """The contact is gone in the CRM, and the line has read it."""
    version(connection, LEAD, at, archived=True, isErased=event == "erased")
    return withdraw.run(connection, 1, at, {})


def merged(connection: Connection, at: datetime, **said: str) -> int:
    """Lead 1 becomes part of lead 2, under a third id; that contact says so."""
    for old in (LEAD, OTHER):
        connection.execute("insert into handoff.aliases values ('contacts', %s, '3', %s)", (old, at))
    version(connection, "3", at, properties=said)
    return withdraw.run(connection, 1, at, {})


def send(connection: Connection, slack: SlackHook, clock: Clock) -> None:
    deliver(connection, slack, clock)
    clock.pass_by(seconds=1)


def bring(connection: Connection, slack: SlackHook, clock: Clock, state: State) -> Assignment:
    given = handed.to(connection, LEAD, "ana-costa", clock())
    send(connection, slack, clock)
    if state.make:
        with connection.transaction():
            state.make(connection, given, clock)
        send(connection, slack, clock)
        send(connection, slack, clock)
    return given


def shown(sandbox: RunningSandbox) -> list[str]:
    """Each message as one text, the words of people themselves left out."""
    return [f"{each['text']} {each.get('blocks')}" for each in told(sandbox)]


def kinds(connection: Connection) -> list[str]:
    rows = connection.execute("select kind from handoff.dispositions order by disposition_id").fetchall()
    return [row["kind"] for row in rows]


def nothing_is_due(connection: Connection, given: Assignment, sandbox: RunningSandbox) -> None:
    """The clocks' watch, at the deadline and long after it, changes nothing and says nothing."""
    before = len(told(sandbox)), connection.execute("select count(*) from handoff.outbox").fetchone()
    for later in (timedelta(seconds=1), timedelta(days=3)):
        assert look(connection, given.due_at + later) == {}
    assert (len(told(sandbox)), connection.execute("select count(*) from handoff.outbox").fetchone()) == before


@pytest.mark.parametrize("name", STATES)
def test_of_an_erased_lead_no_message_says_a_word(
    name: str, connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    state = STATES[name]
    given = bring(connection, slack, clock, state)
    assert any(PERSONAL[0] in each for each in shown(sandbox))
    assert gone(connection, clock(), "erased") == (not state.is_over)
    send(connection, slack, clock)
    send(connection, slack, clock)
    assert [each for each in shown(sandbox) for word in PERSONAL if word in each] == []
    cards_told = [
        each for each in shown(sandbox) if "was erased at their own request" in each and "actions" not in each
    ]
    assert len(cards_told) == 2 * state.reps + (not state.is_over)
    assert kinds(connection)[-2:] == (["withdrawn", "erased"] if not state.is_over else [name, "erased"])
    assert (
        connection.execute("select from handoff.outbox where state = 'pending' and kind <> 'hubspot_contact'").rowcount
        == 0
    )
    nothing_is_due(connection, given, sandbox)
    assert gone(connection, clock(), "erased") == 0


@pytest.mark.parametrize("name", STATES)
def test_a_deleted_lead_is_nobody_s_task_and_one_that_is_over_stays_as_it_was(
    name: str, connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    state = STATES[name]
    given = bring(connection, slack, clock, state)
    before = shown(sandbox)
    assert gone(connection, clock(), "deleted") == (not state.is_over)
    send(connection, slack, clock)
    if state.is_over:
        assert shown(sandbox) == before
        assert kinds(connection) == [name]
    else:
        told_so = [each for each in shown(sandbox) if "was deleted in the CRM" in each]
        assert len(told_so) == 2 * state.reps + 2
        (to_rep,) = [each for each in told(sandbox) if "<@" in str(each.get("blocks"))]
        assert to_rep["thread_ts"]
        assert all("'actions'" not in each for each in told_so)
        assert kinds(connection)[-1] == "withdrawn"
    written = connection.execute("select from handoff.outbox where kind = 'hubspot_contact' and state = 'pending'")
    assert written.rowcount == 0
    nothing_is_due(connection, given, sandbox)


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("is_older", [True, False])
def test_of_two_that_become_one_the_one_that_was_contacted_stays_then_the_older(
    name: str, is_older: bool, connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    state = STATES[name]
    first = handed.to(connection, OTHER, "ben-okafor", clock() - timedelta(hours=1)) if not is_older else None
    given = handed.to(connection, LEAD, "ana-costa", clock())
    if state.make:
        with connection.transaction():
            state.make(connection, given, clock)
    other = first or handed.to(connection, OTHER, "ben-okafor", clock())
    merged(connection, clock())
    gone_ones = {
        row["handoff_id"]
        for row in connection.execute("select handoff_id from handoff.dispositions where kind = 'withdrawn'")
    }
    if name == "rejected":
        assert gone_ones == set()
    elif name == "contacted" or is_older:
        assert gone_ones == {other.handoff_id}
    else:
        assert gone_ones == {given.handoff_id}


def written(connection: Connection) -> list[dict[str, Any]]:
    """What the contact that stays is to say."""
    rows = connection.execute(
        "select payload from handoff.outbox where dedupe_key like 'hubspot_contact:%:merged:3' and state = 'pending'"
    )
    return [row["payload"] for row in rows]


REJECTED = {"hubspot_owner_id": "1002", "hs_lead_status": "UNQUALIFIED", "handoff_rejection_reason": "no_interest"}


@pytest.mark.parametrize("name", ["accepted", "breached", "passed_on", "contacted"])
def test_one_that_was_rejected_leaves_the_contact_to_the_one_that_somebody_has(
    name: str, connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    """Ben's was rejected, and HubSpot shows what it said."""
    state = STATES[name]
    over = handed.to(connection, OTHER, "ben-okafor", clock() - timedelta(hours=1))
    handed.answer(connection, over, "rejected", clock() - timedelta(minutes=30))
    given = handed.to(connection, LEAD, "ana-costa", clock())
    if state.make:
        with connection.transaction():
            state.make(connection, given, clock)
    clock.pass_by(seconds=2)
    assert merged(connection, clock(), **REJECTED) == 0
    said = written(connection)
    if state.is_over:
        assert said == []
        return
    (target,) = said
    assert target["contact_id"] == "3"
    assert target["properties"]["hs_lead_status"] == "NEW"
    assert target["properties"]["handoff_rejection_reason"] == ""
    assert target["properties"]["handoff_sla_status"] == ("breached" if name == "breached" else "due")
    assert target["properties"]["hubspot_owner_id"] == ("1002" if name == "passed_on" else "1001")
    assert target["expected"].items() >= REJECTED.items()
    # What Ben's handoff had still to say, it says no more.
    left = connection.execute(
        """select from handoff.outbox where handoff_id = %s and kind = 'hubspot_contact' and state = 'pending'""",
        (over.handoff_id,),
    )
    assert left.rowcount == 0


def test_what_is_no_handoff_s_the_contact_keeps_and_each_merge_is_written_once(
    connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    assigned_at = clock()
    given = handed.to(connection, LEAD, "ana-costa", assigned_at)
    clock.pass_by(seconds=1)
    theirs = {"hubspot_owner_id": "1009", "hs_lead_status": "OPEN", "handoff_rejection_reason": ""}
    merged(connection, clock(), **theirs)
    (target,) = written(connection)
    # An owner whom a person chose is never what we read, so that it stays and is told of.
    assert target["expected"] == theirs | {"hubspot_owner_id": "", "read_at": assigned_at.isoformat()}
    assert "hs_lead_status" not in target["properties"]
    clock.pass_by(seconds=1)
    with connection.transaction():
        passed_on(connection, given, clock)
    clock.pass_by(seconds=2)
    version(connection, "3", clock(), properties=theirs)
    withdraw.run(connection, 1, clock(), {})
    assert written(connection) == [target]


def test_one_killed_between_two_merges_is_made_up_for(connection: Connection, slack: SlackHook, clock: Clock) -> None:
    for number in (LEAD, "5"):
        handed.to(connection, number, "ana-costa", clock())
        clock.pass_by(seconds=1)
    connection.execute("insert into handoff.aliases values ('contacts', '5', '6', %s)", (clock(),))
    version(connection, "6", clock())
    connection.execute("insert into handoff.aliases values ('contacts', %s, '3', %s)", (LEAD, clock()))
    version(connection, "3", clock())
    assert dies_at("route.merge.told", lambda own: withdraw.run(own, 1, clock(), {}))
    keys = "select from handoff.outbox where dedupe_key like '%:merged:%'"
    assert connection.execute(keys).rowcount == 1
    withdraw.run(connection, 1, clock(), {})
    assert connection.execute(keys).rowcount == 2


def test_what_was_never_sent_is_not_and_what_is_in_doubt_is_looked_for_and_erased(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = bring(connection, slack, clock, State())
    with connection.transaction():
        warned(connection, given, clock)
        answered("claimed")(connection, given, clock)
    sandbox.control("POST", "faults", {"kind": "drop_after", "path": "chat.postMessage", "times": 1})
    deliver(connection, slack, clock, ["slack_note"])
    assert gone(connection, clock(), "erased") == 1
    clock.pass_by(minutes=1)
    send(connection, slack, clock)
    clock.pass_by(minutes=1)
    send(connection, slack, clock)
    assert [each for each in shown(sandbox) for word in PERSONAL if word in each] == []
    assert sorted({each["text"] for each in told(sandbox)}) == [
        "A lead of yours was erased at their own request. Nothing is due any more.",
        "The lead was erased at their own request",
        "[erased]",
    ]
    texts = connection.execute("select payload ->> 'text' as text from handoff.outbox where payload ? 'text'")
    assert not [row["text"] for row in texts if "Lead 1" in row["text"]]


def test_one_with_no_card_out_yet_is_told_to_nobody(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    handed.to(connection, LEAD, "ana-costa", clock())
    assert gone(connection, clock(), "erased") == 1
    send(connection, slack, clock)
    assert told(sandbox) == []


@pytest.mark.parametrize("event", ["deleted", "erased", "merged"])
def test_what_is_taken_back_on_purpose_was_not_given_up(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, event: str
) -> None:
    handed.to(connection, OTHER, "ana-costa", clock())
    clock.pass_by(minutes=1)
    handed.to(connection, LEAD, "ana-costa", clock())
    sandbox.control("POST", "faults", {"kind": "rate_limit", "path": "chat.postMessage"})
    deliver(connection, slack, clock)
    assert (merged(connection, clock()) if event == "merged" else gone(connection, clock(), event)) == 1
    rows = connection.execute(
        """select state, last_attempt_at is not null as was_tried from handoff.outbox
        inner join handoff.dispositions as answer using (handoff_id) where answer.kind = 'withdrawn'
        and starts_with(outbox.kind, 'slack_dm')"""
    )
    assert [(row["state"], row["was_tried"]) for row in rows] == [("withdrawn", True)]
    assert facts.read(connection, clock()).dead == 0
    assert board_waiting.waiting(connection, clock()).given_up == 0


def test_a_digest_forgets_one_lead_and_keeps_the_others(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.handoff_policy set max_cards = 1")
    for number in ("5", LEAD, OTHER):
        handed.to(connection, number, "ana-costa", clock() - timedelta(hours=1))
    send(connection, slack, clock)
    assert gone(connection, clock(), "erased") == 1
    send(connection, slack, clock)
    assert [each for each in shown(sandbox) for word in PERSONAL if word in each] == []
    assert any("Lead 2" in each and "leads are yours" in each for each in shown(sandbox))


@pytest.mark.parametrize("event", ["merged", "deleted", "erased"])
@pytest.mark.parametrize("others", [("6", "7"), ("6",), ()])
def test_one_that_was_gathered_and_not_sent_leaves_the_digest_and_no_word_is_said(
    event: str,
    others: tuple[str, ...],
    connection: Connection,
    slack: SlackHook,
    sandbox: RunningSandbox,
    clock: Clock,
) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.handoff_policy set max_cards = 1")
    handed.to(connection, OTHER, "ben-okafor", clock() - timedelta(hours=2))
    at = clock() - timedelta(hours=1)
    kept = [handed.to(connection, "5", "ana-costa", at)]
    handed.to(connection, LEAD, "ana-costa", at)
    kept += [handed.to(connection, number, "ana-costa", at) for number in others]
    assert digests.gather(connection, clock()) == (len(kept) if others else 0)
    assert (merged(connection, clock()) if event == "merged" else gone(connection, clock(), event)) == 1
    send(connection, slack, clock)
    mine = str([each for each in told(sandbox) if each["channel"] == "D0ANACOSTA"])
    assert [mine.count(f"'handoff_answers:{each.assignment_id}'") for each in kept] == [1] * len(kept)
    assert "Lead 1" not in str(shown(sandbox))
    assert "A lead of yours" not in mine
    assert "The lead was" not in mine
    assert connection.execute("select from handoff.outbox where state = 'pending' and kind like 'slack%'").rowcount == 0


def test_one_killed_between_two_of_a_person_s_handoffs_is_made_up_for(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    for number in (LEAD, OTHER):
        handed.to(connection, number, "ana-costa", clock())
    connection.execute("insert into handoff.aliases values ('contacts', %s, %s, %s)", (OTHER, LEAD, clock()))
    send(connection, slack, clock)
    version(connection, LEAD, clock(), archived=True, isErased=True)
    assert dies_at("route.withdrawal.committed", lambda own: withdraw.run(own, 1, clock(), {}))
    assert kinds(connection) == ["withdrawn", "erased"]
    assert withdraw.run(connection, 1, clock(), {}) == 1
    assert kinds(connection) == ["withdrawn", "erased"] * 2
    send(connection, slack, clock)
    assert [each for each in shown(sandbox) for word in ("Lead 1", "Lead 2") if word in each] == []


def test_one_killed_between_two_who_are_erased_is_made_up_for(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    for number in (LEAD, OTHER):
        handed.to(connection, number, "ana-costa", clock())
    send(connection, slack, clock)
    for number in (LEAD, OTHER):
        version(connection, number, clock(), archived=True, isErased=True)
    assert dies_at("route.erasure.committed", lambda own: reported.erase(own, 1, clock(), {}))
    assert kinds(connection) == ["withdrawn", "erased"]
    _, left = reported.erase(connection, 1, clock(), {})
    assert left == []
    assert kinds(connection) == ["withdrawn", "erased"] * 2
    send(connection, slack, clock)
    send(connection, slack, clock)
    assert [each for each in shown(sandbox) for word in ("Lead 1", "Lead 2") if word in each] == []
    notes = [each for each in told(sandbox) if each["text"].startswith("A lead of yours was erased")]
    assert len(notes) == 2
