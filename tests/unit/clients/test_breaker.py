"""A vendor that is down is left alone by all processes, and one call finds out when it works again."""

import json
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from handoff.clients.breaker import FAILURES
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import BreakerOpen, HubSpotError, Unavailable
from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import NoClearAnswer, NotSent
from handoff.clients.stores import LocalStore
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox
from tests.unit.clients.seen import requests
from tests.unit.clients.worker import workers
from tests.unit.vendor import Answer, Vendor

DOWN = {"kind": "status", "status": 503, "path": "/crm/"}


def read(hook: HubSpotHook) -> None:
    hook.read("contacts", "7", ["email"])


def outcome(hook: HubSpotHook) -> str:
    try:
        read(hook)
    except HubSpotError as problem:
        return type(problem).__name__
    return "served"


def quick(**more: object) -> HubSpotHook:
    """A hook that does not pause between attempts."""
    return HubSpotHook(sleep=lambda seconds: None, **more)  # type: ignore[arg-type]


def later(connection: Connection, seconds: int = 31) -> None:
    """As if the breaker had opened so much earlier, and a trial begun."""
    connection.execute(
        "update handoff.apis set opened_at = opened_at - make_interval(secs => %(s)s), "
        "tried_at = tried_at - make_interval(secs => %(s)s)",
        {"s": seconds},
    )


def test_what_one_process_finds_out_another_knows(
    fresh_sandbox: RunningSandbox, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    fresh_sandbox.control("POST", "faults", DOWN)
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable):
        read(quick())
    assert "breaker" not in caplog.text
    with caplog.at_level(logging.WARNING), pytest.raises(HubSpotError):
        read(quick())
    assert len(requests(fresh_sandbox)) == FAILURES
    assert "hubspot: breaker open for 30 s after: HubSpot GET /crm/objects/2026-09/contacts/7: HTTP 503" in caplog.text
    with workers(1) as (other,):
        assert other.do("read", 4, 8) == {"BreakerOpen": 8}
        assert len(requests(fresh_sandbox)) == FAILURES

        fresh_sandbox.control("DELETE", "faults")
        later(connection)
        assert other.do("read") == {"served": 1}
    with caplog.at_level(logging.WARNING):
        assert outcome(quick()) == "NotFound"
    row = connection.execute("select breaker, failures from handoff.apis").fetchone()
    assert row == {"breaker": "closed", "failures": 0}


def test_the_error_says_since_when_and_for_how_long(fresh_sandbox: RunningSandbox, connection: Connection) -> None:
    connection.execute(
        "insert into handoff.apis (api, breaker, opened_at, reason) values ('hubspot', 'open', now(), 'HTTP 503')"
    )
    with pytest.raises(BreakerOpen, match=r"open since \d\d:\d\d:\d\d UTC, for \d+ s more, after: HTTP 503") as kept:
        read(HubSpotHook())
    row = connection.execute("select opened_at from handoff.apis").fetchone()
    assert row is not None
    assert kept.value.since is not None
    assert abs(kept.value.since - row["opened_at"]).total_seconds() < 0.001
    assert 0 < kept.value.retry_after_s <= 30
    assert requests(fresh_sandbox) == []
    assert connection.execute("select line from handoff.budgets").fetchall() == [{"line": []}]


def test_one_call_finds_out(fresh_sandbox: RunningSandbox, connection: Connection) -> None:
    connection.execute("insert into handoff.apis (api, breaker, opened_at) values ('hubspot', 'open', now())")
    later(connection)
    fresh_sandbox.control("POST", "faults", {"kind": "latency", "seconds": 2, "path": "/crm/"})
    with workers(2) as (one, other), ThreadPoolExecutor(2) as pool:
        counts = sum(map(Counter, pool.map(lambda each: each.do("read", 4, 4), (one, other))), Counter())
    assert counts == {"served": 1, "BreakerOpen": 7}
    assert len(requests(fresh_sandbox)) == 1


def test_a_trial_that_fails_rests_again(fresh_sandbox: RunningSandbox, connection: Connection) -> None:
    connection.execute("insert into handoff.apis (api, breaker, opened_at) values ('hubspot', 'open', now())")
    later(connection)
    fresh_sandbox.control("POST", "faults", DOWN)
    assert outcome(quick()) == "BreakerOpen"
    assert len(requests(fresh_sandbox)) == 1
    row = connection.execute("select breaker, opened_at > now() - interval '20 s' as anew from handoff.apis").fetchone()
    assert row == {"breaker": "open", "anew": True}


def test_a_trial_whose_process_died_does_not_keep_it_open(
    fresh_sandbox: RunningSandbox, connection: Connection
) -> None:
    connection.execute(
        "insert into handoff.apis (api, breaker, opened_at, tried_at) "
        "values ('hubspot', 'half-open', now() - interval '31 s', now())"
    )
    assert outcome(quick()) == "BreakerOpen"
    later(connection, 20)
    assert outcome(quick()) == "NotFound"
    assert len(requests(fresh_sandbox)) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(400), Answer(403), Answer(404), Answer(409), Answer(423), Answer(429, {"policyName": "SECONDLY"})],
    ids=lambda answer: str(answer.status),
)
def test_a_refusal_of_one_record_never_opens_it(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps({"conn_type": "http", "host": vendor.url}))
    hook = quick(search_pace=None)
    vendor.will(answer)
    for _ in range(FAILURES + 2):
        with pytest.raises(HubSpotError) as problem:
            hook.patch("contacts", "7", {})
        assert not isinstance(problem.value, BreakerOpen)


def test_one_success_between_keeps_it_closed(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps({"conn_type": "http", "host": vendor.url}))
    hook = quick(search_pace=None)
    for _ in range(5):
        vendor.will(*[Answer(503)] * (FAILURES // 2), {"id": "7"})
        read(hook)
    assert len(vendor.asked) == 5 * (FAILURES // 2 + 1)


def test_slack_that_is_down_ends_the_drain(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"conn_type": "slack", "password": "x", "extra": {"base_url": f"{vendor.url}/api/"}}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(value))
    store = LocalStore()
    vendor.will(Answer(502, b"<html>"))
    for each in range(FAILURES):
        with pytest.raises(NoClearAnswer):
            SlackHook(store=store).post(f"C{each}", "text", None, "key")
    with pytest.raises(NotSent) as kept:
        SlackHook(store=store).post("C99", "text", None, "key")
    assert kept.value.is_vendor_wide
    assert len(vendor.asked) == FAILURES
