"""One budget for all processes: the sandbox's own log shows that no limit is ever crossed, and that all is served."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from handoff.clients.apollo import ApolloError, ApolloHook
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import DailyLimitReached, NotSent, RateLimited, ReserveKept
from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import NotSent as SlackNotSent
from handoff.clients.stores import LocalStore
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox
from tests.unit.clients.seen import most_in_any, requests, statuses
from tests.unit.clients.worker import EMPTY_SINCE, workers

PROCESSES, THREADS = 4, 8


@pytest.mark.usefixtures("database")
def test_four_processes_of_eight_threads_never_cross_a_limit(fresh_sandbox: RunningSandbox) -> None:
    with workers(PROCESSES) as started:
        for each in started:
            each.start("both", THREADS, 40)
        assert [each.outcomes() for each in started] == [{"served": 40}] * PROCESSES
    seen = requests(fresh_sandbox)
    assert len(seen) == PROCESSES * 40
    assert {each["status"] for each in seen} <= {200, 207}
    searches = [each for each in seen if each["path"].endswith("/search")]
    assert most_in_any(1000, searches) <= 5
    assert most_in_any(10_000, [each for each in seen if each not in searches]) <= 100
    assert set(fresh_sandbox.control("GET", "limits")["refused"].values()) == {0}


@pytest.mark.usefixtures("database")
def test_but_each_with_a_budget_of_its_own_they_do(fresh_sandbox: RunningSandbox) -> None:
    with workers(PROCESSES, shared=False) as started:
        for each in started:
            each.start("search", 5, 5)
        assert sum(each.outcomes()["served"] for each in started)
    assert 429 in statuses(fresh_sandbox)


@pytest.mark.usefixtures("database")
def test_a_flood_behind_does_not_hold_the_line_up(fresh_sandbox: RunningSandbox) -> None:
    behind, line, done = HubSpotHook(lane="background"), HubSpotHook(), threading.Event()

    def search(hook: HubSpotHook, object_type: str) -> None:
        list(hook.search(object_type, EMPTY_SINCE, EMPTY_SINCE + timedelta(days=1), "hs_lastmodifieddate"))

    def flood() -> None:
        while not done.is_set():
            with suppress(NotSent):
                search(behind, "companies")

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(flood)
        while len(requests(fresh_sandbox, "/companies/search")) < 6:
            done.wait(0.05)
        began = requests(fresh_sandbox, "/companies/search")[-1]["n"]
        for _ in range(6):
            search(line, "calls")
        done.set()
    ended = requests(fresh_sandbox, "/calls/search")[-1]["n"]
    overtook = [each for each in requests(fresh_sandbox, "/companies/search") if began < each["n"] < ended]
    # Two places are free at once; the third waits for one, and three that were admitted already may still arrive.
    assert len(overtook) <= 6
    assert 429 not in statuses(fresh_sandbox)


def test_the_true_limit_is_learned_and_remembered(fresh_sandbox: RunningSandbox, connection: Connection) -> None:
    fresh_sandbox.control("POST", "limits", {"per_ten_seconds": 190})
    HubSpotHook().batch_read("contacts", ["1"], ["email"])
    row = connection.execute("select limits from handoff.budgets where policy = 'ten_secondly'").fetchone()
    assert row == {"limits": [[190, 10_000]]}
    with workers(1) as (other,):
        assert other.do("read", THREADS, 150) == {"served": 150}
    assert len(requests(fresh_sandbox)) == 151


def test_somebody_elses_use_holds_everybody_back(fresh_sandbox: RunningSandbox, connection: Connection) -> None:
    fresh_sandbox.control("POST", "faults", {"kind": "rate_limit", "path": "/search$", "policy": "SECONDLY", "at": [1]})
    waits: list[float] = []
    list(HubSpotHook(sleep=waits.append).search("contacts", EMPTY_SINCE, EMPTY_SINCE, "lastmodifieddate"))
    assert [round(each) for each in waits if each] == [1]
    row = connection.execute("select blocked_until from handoff.budgets where policy = 'search'").fetchone()
    assert row is not None
    connection.execute("update handoff.budgets set blocked_until = now() + interval '1 hour'")
    with pytest.raises(NotSent, match="no place within search in 30 s"):
        list(HubSpotHook().search("contacts", EMPTY_SINCE, EMPTY_SINCE, "lastmodifieddate"))
    assert len(requests(fresh_sandbox)) == 2


def test_a_write_that_was_refused_is_not_repeated_but_blocks(
    fresh_sandbox: RunningSandbox, connection: Connection
) -> None:
    fresh_sandbox.control("POST", "faults", {"kind": "rate_limit", "method": "PATCH"})
    with pytest.raises(RateLimited):
        HubSpotHook().patch("contacts", "7", {"city": "x"})
    row = connection.execute(
        "select blocked_until > now() + interval '5 s' as held from handoff.budgets where policy = 'ten_secondly'"
    ).fetchone()
    assert row == {"held": True}
    assert len(requests(fresh_sandbox)) == 1


class TestTheDay:
    def test_the_last_of_it_is_kept_for_the_line(self, fresh_sandbox: RunningSandbox, connection: Connection) -> None:
        fresh_sandbox.control("POST", "limits", {"per_day": 100})
        line, behind = HubSpotHook(), HubSpotHook(lane="background")
        for _ in range(96):
            line.associations("contacts", "companies", ["1"])
        row = connection.execute("select day_left, time_zone, low_until > now() as low from handoff.apis").fetchone()
        assert row == {"day_left": 4, "time_zone": "America/New_York", "low": True}
        with pytest.raises(ReserveKept, match="kept for the line until"):
            behind.associations("contacts", "companies", ["1"])
        line.associations("contacts", "companies", ["1"])
        assert 429 not in statuses(fresh_sandbox)

    def test_when_it_is_spent_no_process_asks_again_before_midnight(
        self, fresh_sandbox: RunningSandbox, connection: Connection
    ) -> None:
        HubSpotHook().account()
        fresh_sandbox.control("POST", "limits", {"per_day": 1})
        with pytest.raises(DailyLimitReached):
            HubSpotHook().associations("contacts", "companies", ["1"])
        with workers(1) as (other,):
            assert other.do("read", 2, 4) == {"DailyLimitReached": 4}
        assert [each["status"] for each in requests(fresh_sandbox, "/crm/")] == [429]
        row = connection.execute(
            "select extract(hour from spent_until at time zone 'America/New_York') as hour, "
            "spent_until > now() as later from handoff.apis"
        ).fetchone()
        assert row == {"hour": 0, "later": True}
        connection.execute("update handoff.apis set spent_until = now()")
        fresh_sandbox.control("POST", "limits", {"per_day": 1000})
        HubSpotHook().associations("contacts", "companies", ["1"])


class TestSlack:
    def test_a_channel_gets_one_message_a_second_whoever_sends(
        self, fresh_sandbox: RunningSandbox, database: Any
    ) -> None:
        hooks = [SlackHook() for _ in range(3)]
        for each in range(6):
            hooks[each % 3].post("C0HANDOFFS", f"{each}", None, f"key-{each}")
        sent = requests(fresh_sandbox, "chat.postMessage")
        assert {each["status"] for each in sent} == {200}
        # Slack tolerates a little; what is asserted is that nothing bursts.
        assert most_in_any(900, sent) == 1

    def test_a_longer_wait_is_the_outboxs(self, fresh_sandbox: RunningSandbox, connection: Connection) -> None:
        SlackHook().post("C0HANDOFFS", "1", None, "key-1")
        connection.execute("update handoff.budgets set blocked_until = now() + interval '30 s'")
        with pytest.raises(SlackNotSent) as kept:
            SlackHook().post("C0HANDOFFS", "2", None, "key-2")
        assert 1 < kept.value.retry_after_s <= 30
        assert not kept.value.is_vendor_wide
        SlackHook().post("U0ANACOSTA", "2", None, "key-2")

    def test_a_limit_that_is_hit_all_the_same_holds_everybody_back(
        self, fresh_sandbox: RunningSandbox, connection: Connection
    ) -> None:
        fresh_sandbox.control("POST", "faults", {"kind": "rate_limit", "path": "chat.postMessage", "at": [1]})
        with pytest.raises(SlackNotSent):
            SlackHook().post("C0HANDOFFS", "1", None, "key-1")
        connection.execute("update handoff.budgets set blocked_until = blocked_until + interval '1 minute'")
        with pytest.raises(SlackNotSent, match="no place within"):
            SlackHook().post("C0HANDOFFS", "1", None, "key-1")
        assert len(requests(fresh_sandbox, "chat.postMessage")) == 1


class TestApollo:
    def test_limits_are_learned_from_its_answers(self, fresh_sandbox: RunningSandbox, connection: Connection) -> None:
        ApolloHook().people(["a@acme.example"], deadline_s=20)
        row = connection.execute("select limits from handoff.budgets where policy = 'people/bulk_match'").fetchone()
        assert row == {"limits": [[1000, 60_000]]}
        emails = [f"p{each}@acme.example" for each in range(600)]
        assert len(ApolloHook().people(emails, deadline_s=60)) == 600
        assert statuses(fresh_sandbox, "/people/") == {200}

    def test_a_limit_that_is_hit_all_the_same_holds_everybody_back(
        self, fresh_sandbox: RunningSandbox, connection: Connection
    ) -> None:
        fresh_sandbox.control("POST", "faults", {"kind": "rate_limit", "path": "/people/"})
        with pytest.raises(ApolloError, match="wait 1 s"):
            ApolloHook().people(["a@acme.example"])
        held = "update handoff.budgets set blocked_until = blocked_until + interval '1 minute' returning policy"
        assert connection.execute(f"{held}, blocked_until > now() as held").fetchall() == [
            {"policy": "people/bulk_match", "held": True}
        ]
        with pytest.raises(ApolloError, match="no place within people/bulk_match"):
            ApolloHook().people(["a@acme.example"])
        assert len(requests(fresh_sandbox, "/people/")) == 1


def test_without_a_ledger_each_process_keeps_its_own(fresh_sandbox: RunningSandbox) -> None:
    hook = HubSpotHook(store=LocalStore())
    for _ in range(6):
        list(hook.search("contacts", EMPTY_SINCE, EMPTY_SINCE, "lastmodifieddate"))
    assert hook.waited_s > 0
    assert statuses(fresh_sandbox) == {200}
