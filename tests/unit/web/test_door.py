"""What stops a request before anything in it is read: places, sizes, seconds, and an unreachable ledger."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import httpx
import psycopg
import pytest

from handoff.web import door, places, store
from handoff.web.app import HUBSPOT, HUBSPOT_PATH, SLACK, SLACK_PATH, app
from handoff.web.places import PLACES, Places, Refused
from tests.conftest import Database
from tests.unit.web.doors import (
    EVENT,
    Headers,
    Woken,
    changed,
    connect,
    form,
    hubspot_headers,
    inbox_rows,
    slack_headers,
    to_hubspot_door,
    to_slack_door,
)

DOORS = [(HUBSPOT_PATH, HUBSPOT), (SLACK_PATH, SLACK)]
CHUNK = b"x" * 65_536


def headers_of(path: str, body: bytes = b"") -> Headers:
    return hubspot_headers(body) if path == HUBSPOT_PATH else slack_headers(body)


async def send(path: str, body: AsyncIterator[bytes] | bytes, headers: Headers) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        return await client.post(path, content=body, headers=[(name, value) for name, value in headers])  # type: ignore[misc]


class Endless:
    """A body without an end that knows how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in count():
            self.taken += len(CHUNK)
            yield CHUNK


async def silent(until: asyncio.Event) -> AsyncIterator[bytes]:
    """A body whose first byte does not come."""
    await until.wait()
    yield b"[]"


@pytest.mark.parametrize(("path", "vendor"), DOORS)
def test_an_endless_body_is_taken_up_to_the_limit(path: str, vendor: door.Door, woken: Woken) -> None:
    body = Endless()
    answer = asyncio.run(send(path, aiter(body), headers_of(path)))
    assert answer.status_code == 413
    assert body.taken <= vendor.largest_body + len(CHUNK)


@pytest.mark.parametrize("declared", ["200000000", "9" * 400, "abc", "-1", "1.0", "٣"])
@pytest.mark.parametrize(("path", "vendor"), DOORS)
def test_a_declared_length_is_judged_before_a_byte_is_taken(
    path: str, vendor: door.Door, declared: str, woken: Woken
) -> None:
    body = Endless()
    headers = [*headers_of(path), ("content-length", declared.encode())]
    assert asyncio.run(send(path, aiter(body), headers)).status_code == 413
    assert body.taken == 0


@pytest.mark.parametrize(("path", "vendor"), DOORS)
def test_without_the_vendor_s_headers_no_byte_is_taken(path: str, vendor: door.Door, woken: Woken) -> None:
    body = Endless()
    headers = changed(headers_of(path), vendor.signature_header)
    assert asyncio.run(send(path, aiter(body), headers)).status_code == 401
    assert body.taken == 0


@pytest.mark.parametrize(("path", "vendor"), DOORS)
def test_a_body_that_does_not_come_is_not_waited_for(
    path: str, vendor: door.Door, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "BODY_SECONDS", 0.01)

    async def slow() -> httpx.Response:
        return await send(path, silent(asyncio.Event()), headers_of(path))

    answer = asyncio.run(slow())
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")


def test_one_more_than_there_are_places_is_sent_away_and_places_come_free_again(
    ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "STATEMENT_MILLISECONDS", 60_000)
    monkeypatch.setattr(door, "WORK_SECONDS", 60.0)
    app.state.places = Places(2)
    body = json.dumps([EVENT]).encode()

    async def crowd() -> tuple[httpx.Response, list[httpx.Response]]:
        with psycopg.connect(ledger.admin_dsn) as admin:
            admin.execute("lock table handoff.inbox")
            inside = [asyncio.create_task(send(HUBSPOT_PATH, body, hubspot_headers(body))) for _ in range(2)]
            while app.state.places.free > 0:
                await asyncio.sleep(0.001)
            refused = await send(SLACK_PATH, form(), slack_headers(form()))
        return refused, await asyncio.gather(*inside)

    refused, inside = asyncio.run(crowd())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert [answer.status_code for answer in inside] == [200, 200]
    assert [row["source"] for row in inbox_rows()] == ["hubspot"]
    assert to_slack_door(form()).status_code == 200


def test_a_place_is_for_work_and_there_are_sixteen() -> None:
    assert PLACES == 16
    all_places = Places()
    with ExitStack() as inside:
        for _ in range(PLACES):
            inside.enter_context(all_places.one("/")).work()
        with pytest.raises(Refused) as refused, all_places.one("/") as place:
            place.work()
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "1")
    assert (all_places.free, all_places.inside, all_places.held) == (PLACES, 0, 0)


def test_bodies_that_drip_keep_nobody_out(ledger: Database, woken: Woken) -> None:
    async def crowd() -> httpx.Response:
        until = asyncio.Event()
        slow = [
            asyncio.create_task(send(HUBSPOT_PATH, silent(until), hubspot_headers(b"[]"))) for _ in range(3 * PLACES)
        ]
        while app.state.places.inside < len(slow):
            await asyncio.sleep(0.001)
        answer = await send(SLACK_PATH, form(), slack_headers(form()))
        until.set()
        await asyncio.gather(*slow)
        return answer

    assert asyncio.run(crowd()).status_code == 200
    assert app.state.places.inside == 0


@pytest.mark.parametrize(("limit", "most"), [("MOST_HELD", 20), ("MOST_INSIDE", 0)])
def test_all_together_hold_no_more_than_they_may(
    limit: str, most: int, ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = getattr(places, limit)
    monkeypatch.setattr(places, limit, most)
    assert to_slack_door(form()).status_code == 503
    monkeypatch.setattr(places, limit, before)
    assert to_slack_door(form()).status_code == 200
    assert app.state.places.held == 0


def test_a_sender_who_leaves_is_no_error(woken: Woken) -> None:
    async def leave() -> list[Any]:
        sent: list[Any] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": HUBSPOT_PATH,
            "query_string": b"",
            "headers": [(name.encode(), str(value).encode()) for name, value in hubspot_headers(b"[]")],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def keep(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, keep)
        return sent

    assert asyncio.run(leave())[0]["status"] == 400
    assert app.state.places.free == PLACES


@pytest.mark.parametrize("conn_id", ["hubspot", "slack"])
@pytest.mark.parametrize("extra", [{}, {"client_secret": "", "signing_secret": ""}], ids=["no secret", "an empty one"])
def test_a_door_without_a_secret_stays_shut_and_the_other_opens(
    conn_id: str, extra: dict[str, str], ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, conn_id, extra)
    body = b"[]"
    answers = {
        "hubspot": to_hubspot_door(body, hubspot_headers(body, secret="") if conn_id == "hubspot" else None),
        "slack": to_slack_door(form(), slack_headers(form(), secret="") if conn_id == "slack" else None),
    }
    shut = answers.pop(conn_id)
    assert (shut.status_code, shut.json()) == (503, {"error": "webhooks are not configured"})
    assert [answer.status_code for answer in answers.values()] == [200]


def test_a_missing_connection_is_no_error(woken: Woken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SLACK")
    assert to_slack_door(form()).status_code == 503


def test_whatever_a_verifier_raises_is_a_401(woken: Woken, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(secrets: list[str], signed: door.Signed) -> bool:
        raise OverflowError("cannot be")

    monkeypatch.setattr("handoff.web.app.signature.is_genuine", lambda *_, **__: broken([], None))  # type: ignore[arg-type]
    assert to_hubspot_door(b"[]").status_code == 401


@pytest.mark.parametrize("path", [HUBSPOT_PATH, SLACK_PATH])
def test_a_ledger_that_waits_is_given_up_and_the_vendor_sends_again(path: str, ledger: Database, woken: Woken) -> None:
    body = f'[{{"portalId": {EVENT["portalId"]}, "objectId": 1}}]'.encode() if path == HUBSPOT_PATH else form()
    with psycopg.connect(ledger.admin_dsn) as admin:
        admin.execute("lock table handoff.inbox")
        answer = to_hubspot_door(body) if path == HUBSPOT_PATH else to_slack_door(body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert inbox_rows() == []
    assert woken == []


def test_an_answer_that_takes_too_long_is_given_up(woken: Woken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WORK_SECONDS", 0.0)
    assert to_hubspot_door(b"[]").status_code == 503


def test_refusals_are_counted_and_the_log_stays_short(
    woken: Woken, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            to_hubspot_door(b"[]", [])
    assert app.state.places.refused == {f"{HUBSPOT_PATH} 401": 20}
    assert len(caplog.messages) == 1
    monkeypatch.setattr(places, "LOG_EVERY_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING):
        to_hubspot_door(b"[]", [])
    assert "(20 requests since it was last said)" in caplog.messages[-1]


@pytest.mark.parametrize(("age_s", "said"), [(361, "+361 s"), (-361, "-361 s")])
@pytest.mark.parametrize("path", [HUBSPOT_PATH, SLACK_PATH])
def test_a_wrong_clock_is_told_from_a_wrong_signature(
    path: str,
    age_s: int,
    said: str,
    woken: Woken,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign, post = (hubspot_headers, to_hubspot_door) if path == HUBSPOT_PATH else (slack_headers, to_slack_door)
    with caplog.at_level(logging.WARNING):
        assert post(b"[]", sign(b"[]", age_s=age_s)).status_code == 401
        assert post(b"[]", sign(b"{}", age_s=age_s)).status_code == 401
    assert [message.count(said.rstrip("0123456789 s")) > 0 for message in caplog.messages] == [True, False]
    assert "a clock is wrong" in caplog.messages[0]
