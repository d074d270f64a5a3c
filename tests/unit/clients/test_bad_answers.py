"""Answers that no contract promises, and what becomes of each."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import (
    Conflict,
    DailyLimitReached,
    HubSpotError,
    Locked,
    NotFound,
    PlanLacks,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from tests.unit.clients.raw import resetting
from tests.unit.vendor import Answer, Vendor

SINCE = datetime(2026, 11, 22, 10, tzinfo=UTC)
OK = {"id": "7", "properties": {"email": "a@b.example"}}
GOOD = json.dumps(OK).encode()


def page(*ids: int, after: str = "", stamp: str = "2026-11-22T10:00:00.000Z", **more: Any) -> dict[str, Any]:
    rows = [{"id": str(each), "properties": {}, "updatedAt": stamp, "archived": False} for each in ids]
    return {"results": rows, **more, **({"paging": {"next": {"after": after}}} if after else {})}


def limit(policy: str, retry_after: str = "") -> Answer:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer(429, {"status": "error", "policyName": policy}, headers)


def read(hook: HubSpotHook) -> Any:
    return hook.read("contacts", "7", ["email"])


def patch(hook: HubSpotHook) -> Any:
    return hook.patch("contacts", "7", {"city": "x"})


def search(hook: HubSpotHook) -> Any:
    return [each for each, _ in hook.search("contacts", SINCE, SINCE + timedelta(hours=1), "lastmodifieddate")]


def batch(hook: HubSpotHook) -> Any:
    found, missing = hook.batch_read("contacts", ["1", "2", "3"], ["email"])
    return [(each["id"], each["updatedAt"]) for each in found], missing


def listed(hook: HubSpotHook) -> Any:
    return [(each["id"], each["updatedAt"][17:19]) for each in hook.list_all("contacts", ["email"])]


@dataclass(frozen=True)
class Case:
    """What is asked, what is answered, and what comes of it: a value, or an error."""

    name: str
    ask: Callable[[HubSpotHook], Any]
    answers: tuple[Any, ...]
    comes: Any
    asked: int
    waits: list[int] = field(default_factory=list)
    """For places within the limits, in whole seconds."""


def again(name: str, answer: Any) -> Case:
    """A read that gets no usable answer is asked again."""
    return Case(name, read, (answer, OK), OK, 2)


CASES = [
    again("truncated JSON", Answer(200, GOOD[:20])),
    again("a page instead of JSON", Answer(200, b"<html>wait</html>", {"Content-Type": "text/html"})),
    again("an empty body", Answer(200, b"")),
    again("broken gzip", Answer(200, gzip.compress(GOOD)[:-12] + b"rubbish", {"Content-Encoding": "gzip"})),
    again("no gzip at all", Answer(200, GOOD, {"Content-Encoding": "gzip"})),
    again("no text", Answer(200, b"\xff\xfe")),
    again("JSON that is no object", Answer(200, [OK])),
    again("JSON that is too deep", Answer(200, b"[" * 100_000)),
    again("no answer at all", Answer(drop=True)),
    *(again(f"HTTP {status}", Answer(status)) for status in (423, 477, 500, 502, 503, 504, 521, 522, 523, 524)),
    Case("whole gzip", read, (Answer(200, gzip.compress(GOOD), {"Content-Encoding": "gzip"}),), OK, 1),
    Case("a byte order mark", read, (Answer(200, b"\xef\xbb\xbf" + GOOD),), OK, 1),
    Case("a page without rows", search, ({}, page(5, total=1)), ["5"], 2),
    Case("rows that are null", search, ({"results": None}, page(5, total=1)), ["5"], 2),
    Case("a fault that stays", read, (Answer(503),), Unavailable, 5),
    Case("a record locked for good", patch, (Answer(423),), Locked, 1),
    Case("a limit", read, (limit("SECONDLY"), OK), OK, 2, [1]),
    Case("a limit, three times", read, (*[limit("SECONDLY")] * 3, OK), OK, 4, [1, 2, 3]),
    Case("a limit of ten seconds", read, (limit("TEN_SECONDLY_ROLLING"), OK), OK, 2, [10]),
    Case("a limit, wait less than nothing", read, (limit("TEN_SECONDLY_ROLLING", "-1"), OK), OK, 2, [10]),
    Case("a limit, wait until 2015", read, (limit("SECONDLY", "Wed, 21 Oct 2015 07:28:00 GMT"), OK), OK, 2, [1]),
    Case("a limit, wait a day", read, (limit("TEN_SECONDLY_ROLLING", "86400"), OK), OK, 2, [10]),
    Case("a limit in words of its own", read, (Answer(429, b"<html>"), OK), OK, 2, [10]),
    Case("a fault on a write", patch, (Answer(503),), Unavailable, 1),
    Case("no answer to a write", patch, (Answer(drop=True),), Unavailable, 1),
    Case("a limit on a write", patch, (limit("SECONDLY"),), RateLimited, 1),
    Case("the day's limit", read, (limit("DAILY"),), DailyLimitReached, 1),
    Case("a token refused once", read, (Answer(401), OK), OK, 2),
    Case("a token refused once, on a write", patch, (Answer(401), OK), OK, 2),
    Case("a token refused", read, (Answer(401),), Unauthorized, 2),
    Case(
        "a token refused between pages",
        listed,
        (page(1, after="1"), Answer(401), page(2)),
        [("1", "00"), ("2", "00")],
        3,
    ),
    Case("a token refused between pages for good", listed, (page(1, after="1"), Answer(401)), Unauthorized, 3),
    Case("a scope that is missing", read, (Answer(403, {"category": "MISSING_SCOPES"}),), PlanLacks, 1),
    Case("a value that is wrong", patch, (Answer(400, {"message": "owner 9 is unknown"}),), Rejected, 1),
    Case("a record that is gone", patch, (Answer(404),), NotFound, 1),
    Case("a record that exists", patch, (Answer(409),), Conflict, 1),
    Case("errors that are no list", patch, (Answer(400, {"errors": "owner", "message": None}),), Rejected, 1),
    Case("nothing to say", patch, (Answer(204, b""),), {}, 1),
    Case(
        "some found, some named as missing",
        batch,
        (Answer(207, {**page(3, 1), "numErrors": 1, "errors": [{"context": {"ids": ["2"]}}]}),),
        ([("1", "2026-11-22T10:00:00.000Z"), ("3", "2026-11-22T10:00:00.000Z")], ["2"]),
        1,
    ),
    Case("none found", batch, (Answer(207, {"results": [], "numErrors": 3}),), ([], ["1", "2", "3"]), 1),
    Case("left out without a word", batch, (page(77),), ([], ["1", "2", "3"]), 1),
    Case(
        "a record twice in a page",
        batch,
        ({"results": page(1, stamp="2026-11-22T10:00:09Z")["results"] + page(1)["results"]},),
        ([("1", "2026-11-22T10:00:09Z")], ["2", "3"]),
        1,
    ),
    Case("pages that name themselves", listed, (page(1, after="1"),), HubSpotError, 2),
    Case(
        "pages that come round",
        listed,
        (page(1, after="1"), page(2, after="2"), page(3, after="1"), page(2, after="2")),
        HubSpotError,
        3,
    ),
    Case("an empty page that is not the last", listed, (page(after="1"), page(2)), [("2", "00")], 2),
    Case("a total that is too large", search, (page(5, 6, total=3), page(total=1)), ["5", "6"], 2),
    Case("a total that stays too large", search, (page(5, total=9), page(6, total=9), page(total=9)), ["5", "6"], 3),
    Case("a total that is too small", search, (page(5, 6, total=1),), ["5", "6"], 1),
    Case("ids that do not ascend", search, (page(5, 5, total=2),), HubSpotError, 1),
    Case(
        "a record on two pages",
        listed,
        (page(1, 2, after="2"), page(2, 3)),
        [("1", "00"), ("2", "00"), ("3", "00")],
        2,
    ),
    Case(
        "a record on two pages that changed between",
        listed,
        (page(1, 2, after="2"), page(2, stamp="2026-11-22T10:00:05Z")),
        [("1", "00"), ("2", "00"), ("2", "05")],
        2,
    ),
]


@pytest.fixture
def waits() -> list[float]:
    return []


def connect(monkeypatch: pytest.MonkeyPatch, url: str, token: str = "old") -> None:
    value = {"conn_type": "http", "host": url, "password": token}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_comes_of(case: Case, vendor: Vendor, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, vendor.url)
    hook = HubSpotHook(search_pace=None, sleep=waits.append)
    vendor.will(*case.answers)
    if isinstance(case.comes, type):
        with pytest.raises(case.comes) as problem:
            case.ask(hook)
        assert type(problem.value) is case.comes
    else:
        assert case.ask(hook) == case.comes
    assert len(vendor.asked) == case.asked
    if case.waits:
        assert [round(each) for each in waits if each] == case.waits
        assert round(hook.waited_s) == sum(case.waits)


def test_a_token_that_was_changed_meanwhile_is_used(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, vendor.url)
    hook = HubSpotHook(search_pace=None)
    vendor.will(OK)
    read(hook)
    connect(monkeypatch, vendor.url, "new")
    vendor.will(Answer(401), OK)
    read(hook)
    assert [each.headers["authorization"] for each in vendor.asked] == ["Bearer old", "Bearer old", "Bearer new"]


def test_the_scopes_that_are_missing_are_named(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, vendor.url)
    scopes = ["crm.objects.deals.read", "crm.schemas.deals.read"]
    inner = [{"message": "One or more.", "context": {"requiredGranularScopes": scopes}}, {"context": None}, "x"]
    vendor.will(Answer(403, {"category": "MISSING_SCOPES", "errors": inner}), Answer(403, b"<html>"))
    for expected in (tuple(scopes), ()):
        with pytest.raises(PlanLacks) as lacks:
            read(HubSpotHook(search_pace=None))
        assert lacks.value.scopes == expected


def test_what_a_search_did_not_give_is_said(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(monkeypatch, vendor.url)
    vendor.will(page(5, total=3), page(total=2))
    assert search(HubSpotHook(search_pace=None)) == ["5"]
    assert "search of contacts: 2 more after 5 did not come" in caplog.text


HALF_AN_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"id": "7", "prop'


@pytest.mark.parametrize(
    ("share", "answer"),
    [(0.0, b""), (0.5, b""), (1.0, b""), (1.0, b"HTTP/1.1 2"), (1.0, HALF_AN_ANSWER)],
    ids=["first byte", "middle", "last byte", "first byte of the answer", "middle of the answer"],
)
class TestReset:
    def test_a_write_is_sent_once_and_may_have_been_done(
        self, share: float, answer: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with resetting(share, times=1, answer=answer) as vendor:
            connect(monkeypatch, vendor.url)
            with pytest.raises(Unavailable, match="no answer"):
                patch(HubSpotHook(search_pace=None))
            assert len(vendor.requests) == 1
            assert (b'{"city":"x"}' in vendor.requests[0].replace(b" ", b"")) is (share == 1.0)

    def test_a_read_is_asked_again(self, share: float, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        with resetting(share, times=2, answer=answer) as vendor:
            connect(monkeypatch, vendor.url)
            assert read(HubSpotHook(search_pace=None, sleep=lambda seconds: None)) == {}
            assert len(vendor.requests) == 3
