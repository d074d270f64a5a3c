"""People press buttons in Slack: the real app, a real Postgres, and a sandbox that behaves as Slack does."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from psycopg.types.json import Jsonb

from handoff import clock, connections
from handoff.ledger import db, landing
from handoff.ledger.db import Connection
from handoff.notify.deliver import deliver
from handoff.route import withdraw
from handoff.route.assignments import Assignment
from handoff.watch import answers
from handoff.watch.lock import lock
from handoff.web import signing
from handoff.web.answering import Answering
from handoff.web.app import SLACK_PATH, app
from handoff.web.places import Places
from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, free_port, running_sandbox
from tests.conftest import Database
from tests.integration.conftest import connect_to
from tests.unit.notify.contexts import texts
from tests.unit.route.handed import to

ANA, BEN, FARAH = "U0ANACOSTA", "U0BENOKAFO", "U0FARAHALI"
ANA_DM, BEN_DM, HANDOFFS = "D0ANACOSTA", "D0BENOKAFO", "C0HANDOFFS"
REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def slack(running: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """An empty Slack, with which the app shares its signing secret."""
    running.control("POST", "reset", {})
    running.control("DELETE", "faults")
    connect_to(running, monkeypatch)
    value = json.loads(os.environ["AIRFLOW_CONN_SLACK"])
    value["extra"]["signing_secret"] = Settings().slack_secret
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(value))
    return running


@pytest.fixture
def connection(agreement_database: Database) -> Iterator[Connection]:
    """The ledger, with a lead of North America."""
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute(
            """insert into line.int_leads (lead_id, region, country, employees, as_of, extracted_at, is_freemail,
                is_opted_out, is_bounced, is_competitor, is_internal, is_enriched)
            values ('1', 'North America', 'US', 50, %(at)s, %(at)s, false, false, false, false, false, true)""",
            {"at": clock.now()},
        )
    with db.connect() as connection:
        yield connection


@pytest.fixture
def given(connection: Connection, slack: RunningSandbox) -> Assignment:
    """A lead that Ana Costa has and has been told of."""
    made = to(connection, "1", "ana-costa", clock.now())
    assert deliver(connection)["sent"] == 2
    return made


@pytest.fixture
def woken(slack: RunningSandbox) -> Iterator[list[None]]:
    """The app inside this process, where Slack sends what people do; one entry for each time the line was woken."""
    calls: list[None] = []
    before = (app.state.places, app.state.answering)
    app.state.places, app.state.answering = Places(), Answering(lambda: calls.append(None))
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    slack.control("POST", "slack/interactivity", {"url": f"http://127.0.0.1:{server.config.port}{SLACK_PATH}"})
    yield calls
    server.should_exit = True
    thread.join()
    app.state.places, app.state.answering = before


def until(holds: Callable[[], Any]) -> None:
    """Wait for what happens after Slack has had its answer."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def messages(slack: RunningSandbox, channel: str) -> list[dict[str, Any]]:
    found = slack.control("GET", "slack/messages")["messages"]
    return [each for each in found if each["channel"] == channel and "metadata" in each]


def cards(slack: RunningSandbox, channel: str) -> list[dict[str, Any]]:
    return [each for each in messages(slack, channel) if "thread_ts" not in each]


def tops(slack: RunningSandbox, channel: str) -> list[str]:
    """The first line of each card, without its moment."""
    return [texts(each["blocks"])[0].partition(",")[0] for each in cards(slack, channel)]


def buttons(slack: RunningSandbox, channel: str) -> list[str]:
    (card,) = cards(slack, channel)
    return [each for each in texts(card["blocks"]) if each.startswith("[")]


def below(slack: RunningSandbox, channel: str) -> list[str]:
    return [each["text"] for each in messages(slack, channel) if "thread_ts" in each]


def whispers(slack: RunningSandbox) -> list[tuple[str, str]]:
    seen = slack.control("GET", "slack/ephemeral")["messages"]
    return [(each["user"], each["message"]["text"]) for each in seen]


def press(slack: RunningSandbox, action: str, user: str = ANA, channel: str = ANA_DM, **more: Any) -> dict[str, Any]:
    body = {"channel": channel, "ts": cards(slack, channel)[0]["ts"], "action_id": f"handoff_{action}", "user": user}
    (sent,) = slack.control("POST", "slack/click", {**body, **more})["interactions"]
    return dict(sent)


def views(slack: RunningSandbox) -> list[dict[str, Any]]:
    return list(slack.control("GET", "slack/views")["views"])


def submit(slack: RunningSandbox, reason_id: str, note: str = "") -> dict[str, Any]:
    until(lambda: views(slack))
    values = {"reason": {"reason": reason_id}, "note": {"note": note}}
    (sent,) = slack.control("POST", "slack/submit", {"view_id": views(slack)[0]["id"], "values": values})[
        "interactions"
    ]
    return dict(sent)


def kinds(connection: Connection) -> list[str]:
    return [row["kind"] for row in connection.execute("select kind from handoff.dispositions order by disposition_id")]


def unread(connection: Connection) -> int:
    return connection.execute("select from handoff.inbox where processed_at is null").rowcount


def test_a_press_changes_the_card_under_the_finger(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    assert buttons(slack, ANA_DM) == ["[Accept]", "[I've contacted them]", "[Snooze 1 business hour]", "[Reject]"]
    sent = press(slack, "accept")
    assert (sent["status"], sent["answer"], sent["shown"]) == (200, "", "")
    # No station of the line has run.
    until(lambda: tops(slack, ANA_DM) == tops(slack, HANDOFFS) == ["Accepted by Ana Costa"])
    until(lambda: below(slack, HANDOFFS) == ["Ana Costa accepted it"])
    assert buttons(slack, ANA_DM) == ["[I've contacted them]", "[Snooze 1 business hour]", "[Reject]"]
    assert below(slack, ANA_DM) == []
    press(slack, "contacted")
    until(lambda: "says they have been in touch" in tops(slack, ANA_DM)[0])
    assert kinds(connection) == ["accepted", "claimed"]
    assert len(woken) == 2


def test_a_colleague_is_told_where_they_pressed_and_nothing_changes(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    press(slack, "accept", BEN, HANDOFFS)
    until(lambda: whispers(slack) == [(BEN, "Only Ana Costa and their managers can answer this.")])
    assert tops(slack, HANDOFFS) == ["Offered to Ana Costa"]
    assert kinds(connection) == []


def test_a_rejection_says_why_and_ends_the_card(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    press(slack, "reject")
    sent = submit(slack, "no_interest", "Hung up <!channel>")
    assert (sent["status"], sent["answer"], sent["shown"], views(slack)) == (200, "", "", [])
    until(lambda: tops(slack, ANA_DM) == tops(slack, HANDOFFS) == ["Rejected by Ana Costa"])
    until(lambda: below(slack, HANDOFFS))
    assert buttons(slack, ANA_DM) == []
    assert below(slack, HANDOFFS) == ["Ana Costa rejected it: No interest when called. “Hung up &lt;!channel&gt;”"]
    assert kinds(connection) == ["rejected"]


def test_what_is_wrong_with_a_rejection_is_said_in_the_form(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    press(slack, "reject")
    until(lambda: views(slack))
    press(slack, "accept", FARAH, HANDOFFS)
    sent = submit(slack, "no_interest")
    assert (sent["status"], sent["shown"]) == (200, "")
    (view,) = views(slack)
    assert view["errors"]["reason"].startswith("Accepted by Farah Ali, ")
    assert kinds(connection) == ["accepted"]
    assert unread(connection) == 0


def test_a_lead_that_is_not_theirs_reaches_another_rep(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    press(slack, "reject")
    submit(slack, "not_mine", "Ben knows them")
    until(lambda: tops(slack, ANA_DM) == ["Went to Ben Okafor"])
    assert buttons(slack, ANA_DM) == []
    # What the line does once it is woken.
    assert len(woken) == 1
    deliver(connection)
    assert tops(slack, BEN_DM) == ["Offered to Ben Okafor"]
    assert sorted(tops(slack, HANDOFFS)) == ["Offered to Ben Okafor", "Went to Ben Okafor"]
    press(slack, "accept", BEN, BEN_DM)
    until(lambda: tops(slack, BEN_DM) == ["Accepted by Ben Okafor"])
    assert kinds(connection) == ["declined", "accepted"]


def test_a_card_that_could_not_be_brought_up_to_date_says_where_the_lead_went(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    slack.control("POST", "faults", {"kind": "status", "status": 503, "path": "chat.update"})
    press(slack, "reject")
    submit(slack, "not_mine")
    assert tops(slack, ANA_DM) == ["Offered to Ana Costa"]
    assert press(slack, "accept")["status"] == 200
    until(lambda: whispers(slack))
    ((user, text),) = whispers(slack)
    assert user == ANA
    assert text.startswith("Nothing was changed. Went to Ben Okafor, ")
    assert kinds(connection) == ["declined"]


def test_a_form_that_slack_did_not_open_is_told_of(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    slack.control("POST", "faults", {"kind": "status", "status": 503, "path": "views.open", "times": 1})
    press(slack, "reject")
    until(lambda: whispers(slack) == [(ANA, "Slack did not open the form. Press Reject again.")])
    press(slack, "reject")
    until(lambda: views(slack))


def test_the_same_request_fifty_times_is_one_answer(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    press(slack, "accept")
    with ThreadPoolExecutor(10) as thieves:
        again = list(thieves.map(lambda _: slack.control("POST", "slack/replay", {"n": 1}), range(49)))
    assert {each["interactions"][0]["status"] for each in again} == {200}
    assert connection.execute("select from handoff.inbox").rowcount == 1
    assert kinds(connection) == ["accepted"]
    until(lambda: below(slack, HANDOFFS))
    assert below(slack, HANDOFFS) == ["Ana Costa accepted it"]
    assert whispers(slack) == []


@contextmanager
def no_database(connection: Connection) -> Iterator[None]:
    """Nobody can reach the ledger, who is connected is cut off."""
    name = connection.info.dbname
    # A database that refuses everybody can only be changed from another.
    dsn = psycopg.conninfo.make_conninfo(connections.get(connections.ADMIN).dsn, dbname="postgres")
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        yield
        admin.execute(f"alter database {name} allow_connections true")


def test_while_the_ledger_cannot_be_reached_a_press_fails_visibly_and_works_afterwards(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    with no_database(connection):
        sent = press(slack, "accept")
    assert (sent["status"], sent["shown"]) == (503, "This app responded with Status Code 503.")
    with db.connect() as again:
        assert (kinds(again), again.execute("select from handoff.inbox").rowcount) == ([], 0)
        assert tops(slack, ANA_DM) == ["Offered to Ana Costa"]
        assert press(slack, "accept")["status"] == 200
        assert kinds(again) == ["accepted"]


def test_an_answer_that_has_to_wait_is_kept_and_applied_a_minute_later(
    connection: Connection, slack: RunningSandbox, given: Assignment, woken: list[None]
) -> None:
    with db.connect() as other, other.transaction():
        lock(other, given.handoff_id)
        sent = press(slack, "accept")
    assert (sent["status"], sent["shown"]) == (200, "")
    assert app.state.answering.counts == {"later": 1}
    until(lambda: nobody_works(connection))
    found = answers.run(connection, clock.now() + timedelta(minutes=1), {})
    assert (found, kinds(connection), unread(connection)) == ({"accepted": 1}, ["accepted"], 0)


def test_two_slow_steps_do_not_make_a_late_answer(
    connection: Connection,
    slack: RunningSandbox,
    given: Assignment,
    woken: list[None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The secrets come late, the inbox is locked for a while, the handoff for longer: Slack waits for 3 s in all."""
    secrets = signing.secrets

    def late(conn_id: str) -> list[str]:
        time.sleep(1.2)
        return secrets(conn_id)

    monkeypatch.setattr(signing, "secrets", late)
    with db.connect() as other, db.connect("handoff_admin") as admin, other.transaction():
        lock(other, given.handoff_id)
        admin.execute("begin")
        admin.execute("lock table handoff.inbox in exclusive mode")
        threading.Timer(2.0, admin.commit).start()
        sent = press(slack, "accept")
    assert (sent["status"], sent["shown"]) == (200, "")
    until(lambda: nobody_works(connection))
    answers.run(connection, clock.now() + timedelta(minutes=1), {})
    assert kinds(connection) == ["accepted"]


def nobody_works(connection: Connection) -> bool:
    """Whether no other session is in a transaction; a request that was given up may still end by its own time-out."""
    return not connection.execute(
        """select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and state <> 'idle'"""
    ).rowcount


@contextmanager
def mortal_app(slack: RunningSandbox, crash: str) -> Iterator[subprocess.Popen[bytes]]:
    """The app in a process of its own, which dies at a point."""
    port = free_port()
    environment = os.environ | {"HANDOFF_CRASH": crash, "PYTHONPATH": str(REPOSITORY / "plugins")}
    command = [sys.executable, "-m", "uvicorn", "handoff.web.app:app", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
    try:
        until(lambda: _is_up(port))
        slack.control("POST", "slack/interactivity", {"url": f"http://127.0.0.1:{port}{SLACK_PATH}"})
        yield process
    finally:
        process.kill()
        process.wait()


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("point", "before", "found"),
    [
        ("watch.answer.stored", [], {"accepted": 1}),
        ("watch.answer.decided", [], {"accepted": 1}),
        ("watch.answer.applied", ["accepted"], {}),
    ],
)
def test_an_answer_outlives_the_process_that_took_it(
    connection: Connection,
    slack: RunningSandbox,
    given: Assignment,
    point: str,
    before: list[str],
    found: dict[str, int],
) -> None:
    with mortal_app(slack, point) as process:
        sent = press(slack, "accept")
        assert process.wait() == -9
    assert sent["status"] == 0
    assert sent["shown"].startswith("This app did not answer")
    until(lambda: nobody_works(connection))
    assert kinds(connection) == before
    assert answers.run(connection, clock.now() + timedelta(minutes=1), {}) == found
    assert answers.run(connection, clock.now() + timedelta(minutes=1), {}) == {}
    assert kinds(connection) == ["accepted"]
    deliver(connection, now=lambda: clock.now() + timedelta(minutes=2))
    assert tops(slack, ANA_DM) == ["Accepted by Ana Costa"]
    assert below(slack, HANDOFFS) == ["Ana Costa accepted it"]


@pytest.mark.parametrize(("is_erased", "said"), [(False, "deleted in the CRM"), (True, "erased at their own request")])
def test_a_lead_that_is_gone_says_so_and_cannot_be_answered(
    connection: Connection,
    slack: RunningSandbox,
    given: Assignment,
    woken: list[None],
    is_erased: bool,
    said: str,
) -> None:
    batch_id = landing.open_batch(connection, "poll", clock.now())
    connection.execute(
        """with gone as (
            insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload)
            values ('1', %(at)s, %(at)s, %(batch)s, %(payload)s) returning id
        )
        insert into handoff.pending_leads (lead_id, batch_id, extracted_at) select id, %(batch)s, %(at)s from gone""",
        {
            "at": clock.now(),
            "batch": batch_id,
            "payload": Jsonb({"id": "1", "archived": True, "isErased": is_erased}),
        },
    )
    assert withdraw.run(connection, batch_id, clock.now(), {}) == 1
    press(slack, "accept")
    until(lambda: whispers(slack))
    line = f"The lead was {said}" if is_erased else f"Withdrawn: the lead was {said}; nothing is due any more"
    assert whispers(slack) == [(ANA, f"Nothing was changed. {line}.")]
    deliver(connection)
    for channel in (ANA_DM, HANDOFFS):
        (card,) = [each for each in cards(slack, channel) if "slack_note" not in str(each["metadata"])]
        assert texts(card["blocks"])[0] == line
        assert buttons(slack, HANDOFFS) == []
        assert ("Lead 1" in json.dumps(card)) == (not is_erased)
    assert kinds(connection) == (["withdrawn", "erased"] if is_erased else ["withdrawn"])
