"""Files below a message: shared once, whatever Slack's answers, and never before the message stands."""

import time
from collections.abc import Iterator

import pytest

from handoff.clients.slack import SlackHook
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put
from handoff.notify.alert import alert
from handoff.notify.cards import FILE
from handoff.notify.deliver import deliver
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.unit.notify.clock import Clock

NAME = "2026-W11-funnel.png"
SHARED_AFTER_S = 1.1
"""Slack shares a file a moment after its answer."""
CONTENT = b"\x89PNG of a funnel"


@pytest.fixture
def connection(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    def content(connection: Connection, payload: dict[str, object]) -> bytes:
        if payload["name"] != NAME:
            raise LookupError("no such picture")
        return CONTENT

    monkeypatch.setattr("handoff.review.pack.posting.content", content)
    with db.connect() as opened:
        yield opened


def queue(connection: Connection, clock: Clock, name: str = NAME) -> None:
    alert(connection, "2026-W11", "The week", clock())
    payload = {"message": "slack_review:2026-W11", "name": name, "title": "The funnel"}
    put(connection, Effect(f"{FILE}:{name}", FILE, payload, clock()))


def send(connection: Connection, slack: SlackHook, clock: Clock) -> None:
    for _ in range(3):
        deliver(connection, slack, clock)
        clock.pass_by(minutes=2)
        time.sleep(SHARED_AFTER_S)


def shared(sandbox: RunningSandbox) -> list[tuple[str, str, bool]]:
    """Name and title of each file, and whether it stands below a message."""
    return [
        (file["name"], file["title"], bool(each.get("thread_ts")))
        for each in sandbox.control("GET", "slack/messages")["messages"]
        for file in each.get("files", ())
    ]


def outcome(connection: Connection) -> tuple[str, str | None]:
    row = connection.execute("select state, last_error from handoff.outbox where kind = 'slack_file'").fetchone()
    assert row is not None
    return row["state"], row["last_error"]


def test_a_file_stands_below_its_message(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    queue(connection, clock)
    send(connection, slack, clock)
    assert shared(sandbox) == [(NAME, "The funnel", True)]
    assert outcome(connection) == ("sent", None)


@pytest.mark.parametrize("fault", ["drop_after", "html", "truncate"])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_lost_answer_shares_no_file_twice(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, method: str, fault: str
) -> None:
    sandbox.control("POST", "faults", {"kind": fault, "path": method, "at": [1]})
    queue(connection, clock)
    send(connection, slack, clock)
    assert shared(sandbox) == [(NAME, "The funnel", True)]
    assert outcome(connection)[0] == "sent"


def test_what_cannot_be_made_is_given_up_with_its_reason(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    queue(connection, clock, "other.png")
    send(connection, slack, clock)
    assert shared(sandbox) == []
    assert outcome(connection) == ("dead", "no such picture")
