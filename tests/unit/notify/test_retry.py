"""What was given up is tried again by hand, once, and only where somebody still needs it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from handoff.cli import app
from handoff.clients.slack import SlackHook
from handoff.ledger import again, db
from handoff.ledger.again import CannotRetry, retry
from handoff.ledger.db import Connection
from handoff.notify.deliver import deliver
from handoff.route.assign import Candidate, choose
from handoff.route.assignments import Assignment, give
from sandbox.testing import RunningSandbox
from tests.dying import dies_at
from tests.unit.notify.clock import Clock, told
from tests.unit.route import handed

ANA_DM = "D0ANACOSTA"


@pytest.fixture
def connection(agreement_database: object) -> Iterator[Connection]:
    with db.connect() as opened:
        yield opened


def known_as(slack_user_id: str) -> None:
    """Ana's row in the agreement."""
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.reps set slack_user_id = %s where rep_id = 'ana-costa'", (slack_user_id,))


def key_of(given: Assignment) -> str:
    return f"slack_dm:{given.handoff_id}:{given.assignment_id}"


def state(connection: Connection, key: str) -> str:
    row = connection.execute("select state from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
    assert row is not None
    return str(row["state"])


@pytest.fixture
def given_up(connection: Connection, slack: SlackHook, clock: Clock) -> Assignment:
    """A card for somebody whom Slack does not know."""
    known_as("U0NOBODY00")
    given = handed.to(connection, "1", "ana-costa", clock())
    deliver(connection, slack, clock)
    assert state(connection, key_of(given)) == "dead"
    return given


def in_dm(sandbox: RunningSandbox) -> int:
    return len([each for each in told(sandbox) if each["channel"] == ANA_DM])


def test_a_card_reaches_the_rep_once_when_their_id_is_corrected(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given_up: Assignment
) -> None:
    key = key_of(given_up)
    assert CliRunner().invoke(app, ["outbox", "retry", key]).exit_code == 0
    clock.pass_by(minutes=1)
    deliver(connection, slack, clock)
    # The id is wrong still: it is given up anew, and a person hears of it anew.
    assert state(connection, key) == "dead"
    alerts = connection.execute("select from handoff.outbox where starts_with(dedupe_key, 'slack_review:dead:')")
    assert alerts.rowcount == 2

    known_as("U0ANACOSTA")
    retry(connection, key, clock())
    for _ in range(3):
        deliver(connection, slack, clock)
        clock.pass_by(minutes=1)
    assert (state(connection, key), in_dm(sandbox)) == ("sent", 1)
    again_told = CliRunner().invoke(app, ["outbox", "retry", key, "slack_dm:none"])
    assert again_told.exit_code == 1
    assert "was not given up: it is sent" in again_told.output
    assert "no effect 'slack_dm:none'" in again_told.output


def test_what_arrived_in_spite_of_all_is_found(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = handed.to(connection, "1", "ana-costa", clock())
    rules = [
        {"kind": "drop_after", "path": "chat.postMessage", "times": 1},
        {"kind": "status", "path": "conversations.history", "status": 503, "times": 1},
    ]
    sandbox.control("POST", "faults", {"faults": rules})
    for _ in range(2):
        deliver(connection, slack, clock, ["slack_dm"])
        clock.pass_by(hours=25)
    assert state(connection, key_of(given)) == "dead"
    sandbox.control("DELETE", "faults")
    retry(connection, key_of(given), clock())
    deliver(connection, SlackHook(), clock, ["slack_dm"])
    assert (state(connection, key_of(given)), in_dm(sandbox)) == ("sent", 1)


def test_no_sooner_than_a_lost_request_has_settled(connection: Connection, clock: Clock, given_up: Assignment) -> None:
    retry(connection, key_of(given_up), clock())
    row = connection.execute("select not_before - last_attempt_at as wait from handoff.outbox where state = 'pending'")
    assert [each["wait"] for each in row if each["wait"] is not None] == [timedelta(seconds=15)]


def test_a_killed_command_has_done_it_or_not(connection: Connection, given_up: Assignment, clock: Clock) -> None:
    assert dies_at("ledger.effect.retried", lambda own: again.retry(own, key_of(given_up), clock()))
    assert state(connection, key_of(given_up)) == "pending"
    with pytest.raises(CannotRetry, match="it is pending"):
        retry(connection, key_of(given_up), clock())


def test_what_nobody_needs_is_refused(connection: Connection, clock: Clock, given_up: Assignment) -> None:
    choice = choose([Candidate(4, "territory", "na", "ben-okafor", 1, True, "territory ter-na")], {}, {})
    clock.pass_by(minutes=5)
    give(connection, given_up.handoff_id, choice, handed.context("1", clock()), clock(), "breach")
    with pytest.raises(CannotRetry, match="somebody else has now"):
        retry(connection, key_of(given_up), clock())
    handed.answer(connection, given_up, "withdrawn", clock())
    with pytest.raises(CannotRetry, match="a lead that was withdrawn"):
        retry(connection, key_of(given_up), clock())


def test_a_note_to_a_manager_and_a_line_that_calls_for_a_rep_go_to_whom_they_are_now(
    connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    """And what tells of a lead that went on is no less needed for that; a warning is."""
    given = handed.to(connection, "1", "ana-costa", clock())
    choice = choose([Candidate(4, "territory", "na", "ben-okafor", 1, True, "territory ter-na")], {}, {})
    clock.pass_by(minutes=5)
    give(connection, given.handoff_id, choice, handed.context("1", clock()), clock(), "breach")
    for escalation, action in (("esc-warn", "warn"), ("esc-move", "reassign")):
        connection.execute(
            """insert into handoff.ladder_steps
                (assignment_id, escalation_id, action, addressed_to, was_due_at, taken_at)
            values (%s, %s, %s, 'farah-ali', %s, %s)""",
            (given.assignment_id, escalation, action, clock(), clock()),
        )
    warned, moved = (f"slack_note:ladder:{given.assignment_id}:{each}" for each in ("esc-warn", "esc-move"))
    line, copy = f"slack_thread:{key_of(given)}:went_on", key_of(given).replace("_dm", "_channel")
    for key, kind, payload in (
        (warned, "slack_note", {"slack_user_id": "U0NOBODY00", "text": "Warning"}),
        (moved, "slack_note", {"slack_user_id": "U0NOBODY00", "text": "It went on"}),
        (line, "slack_thread", {"slack_user_id": "U0NOBODY00", "message": key_of(given), "text": "It went on"}),
    ):
        connection.execute(
            """insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, not_before, state)
            values (%s, %s, %s, %s, %s, %s, 'dead')""",
            (key, given.handoff_id, kind, Jsonb(payload), clock(), clock()),
        )
    for key, whom in ((moved, "U0FARAHALI"), (line, "U0ANACOSTA")):
        retry(connection, key, clock())
        row = connection.execute("select payload from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
        assert row is not None
        assert row["payload"]["slack_user_id"] == whom
    for key in (warned, copy):
        connection.execute("update handoff.outbox set state = 'dead' where dedupe_key = %s", (key,))
        with pytest.raises(CannotRetry, match="somebody else has now"):
            retry(connection, key, clock())


def test_a_note_of_a_step_that_is_still_open_goes_to_whom_it_was_for(
    connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    given = handed.to(connection, "1", "ana-costa", clock())
    key = f"slack_note:ladder:{given.assignment_id}:esc-high-breach:stays"
    payload = {"slack_user_id": "U0NOBODY00", "rep_id": "farah-ali", "text": "It stays with Ana Costa"}
    connection.execute(
        """insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, not_before, state)
        values (%s, %s, 'slack_note', %s, %s, %s, 'dead')""",
        (key, given.handoff_id, Jsonb(payload), clock(), clock()),
    )
    retry(connection, key, clock())
    row = connection.execute("select payload from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
    assert row is not None
    assert row["payload"]["slack_user_id"] == "U0FARAHALI"


def test_the_copy_goes_to_the_channel_that_the_rep_s_team_has_now(
    connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    given = handed.to(connection, "1", "ana-costa", clock())
    key = key_of(given).replace("_dm", "_channel")
    connection.execute("update handoff.outbox set state = 'dead' where dedupe_key = %s", (key,))
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.reps set slack_channel = '#na-handoffs' where rep_id = 'ana-costa'")
    retry(connection, key, clock())
    row = connection.execute("select payload from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
    assert row is not None
    assert row["payload"]["channel"] == "#na-handoffs"


def test_a_write_back_names_the_owner_of_now(connection: Connection, slack: SlackHook, clock: Clock) -> None:
    given = handed.to(connection, "1", "ana-costa", clock())
    key = f"hubspot_contact:{given.handoff_id}:{given.assignment_id}"
    connection.execute(
        """insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, not_before, state)
        values (%s, %s, 'hubspot_contact', '{"properties": {"hubspot_owner_id": "9", "handoff_score": "84"}}',
            %s, %s, 'dead')""",
        (key, given.handoff_id, clock(), clock()),
    )
    retry(connection, key, clock())
    row = connection.execute("select payload from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
    assert row is not None
    assert row["payload"]["properties"] == {"hubspot_owner_id": "1001", "handoff_score": "84"}


def test_after_an_older_ledger_is_restored_what_had_gone_out_is_found_and_the_rest_is_sent(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    handed.to(connection, "1", "ana-costa", clock())
    dumped_at = clock()
    with db.connect("handoff_admin") as admin:
        admin.execute("create temp table dump as select * from handoff.outbox")
        clock.pass_by(minutes=10)
        deliver(connection, slack, clock, ["slack_dm"])
        assert (in_dm(sandbox), len(told(sandbox))) == (1, 1)
        clock.pass_by(hours=30)
        admin.execute("delete from handoff.outbox")
        admin.execute("insert into handoff.outbox overriding system value select * from dump")
    said, wrong = (
        CliRunner().invoke(app, ["outbox", "restored", "--dumped-at", f"{at:%Y-%m-%dT%H:%M:%S%z}"])
        for at in (dumped_at, clock())
    )
    assert (said.exit_code, said.output) == (0, "3 effects are looked for before they are sent.\n")
    assert (wrong.exit_code, "is in the future" in wrong.output) == (1, True)
    assert again.doubt(connection, dumped_at, clock()) == 3
    # Slack does not answer at first: what waits is a day and older, and is not given up for that.
    sandbox.control("POST", "faults", {"kind": "status", "status": 503, "path": "conversations.history", "times": 1})
    for _ in range(3):
        deliver(connection, SlackHook(), clock)
        clock.pass_by(minutes=1)
    assert (in_dm(sandbox), len(told(sandbox))) == (1, 2)
    waiting = connection.execute("select from handoff.outbox where starts_with(kind, 'slack') and state <> 'sent'")
    assert waiting.rowcount == 0
