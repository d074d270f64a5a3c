"""The budgets' store in the ledger: nothing comes between, and nothing is lost with a connection."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from handoff.clients.budget import Budget, Policy
from handoff.clients.ledger_store import LedgerStore, ledger
from handoff.clients.stores import Api, LocalStore, Store
from handoff.clients.window import Limit, Window
from handoff.ledger.db import Connection

Database = Any


@pytest.fixture
def store(database: Database) -> LedgerStore:
    return LedgerStore(database.dsn)


def one_more(kept: Window, api: Api, now: int) -> tuple[Window, int]:
    return replace(kept, line=(*kept.line, len(kept.line))), len(kept.line)


def test_turns_of_many_connections_come_one_after_the_other(database: Database) -> None:
    stores = [LedgerStore(database.dsn) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda each: stores[each % 4].turn("hubspot", "search", one_more), range(200)))
    assert sorted(said) == list(range(200))


@pytest.mark.parametrize("kind", ["ledger", "local"])
def test_both_stores_keep_everything(kind: str, database: Database) -> None:
    store: Store = LedgerStore(database.dsn) if kind == "ledger" else LocalStore()
    window = Window((1, 2), (3,), 1_795_000_000_001, 1_795_000_000_002, (Limit(5, 1000), Limit(7, 60_000)))
    api = Api("open", 8, 1, 2, "HTTP 503", 100, 3, 4, 5, "America/New_York")
    store.turn("hubspot", "search", lambda kept, api, now: (window, None))
    assert store.change("hubspot", lambda kept, now: api) == (Api(), api)
    assert store.turn("hubspot", "search", lambda kept, api, now: (kept, (kept, api))) == (window, api)
    assert store.turn("hubspot", "other", lambda kept, api, now: (kept, kept)) == Window()
    assert store.change("slack", lambda kept, now: kept) == (Api(), Api())


def test_a_decision_that_fails_changes_nothing(store: LedgerStore) -> None:
    def broken(kept: Window, api: Api, now: int) -> tuple[Window, int]:
        raise ValueError("broken")

    assert store.turn("hubspot", "search", one_more) == 0
    with pytest.raises(ValueError, match="broken"):
        store.turn("hubspot", "search", broken)
    assert store.turn("hubspot", "search", one_more) == 1


def test_a_connection_that_was_lost_is_made_anew(
    store: LedgerStore, connection: Connection, database: Database
) -> None:
    assert store.turn("hubspot", "search", one_more) == 0
    with psycopg.connect(database.admin_dsn, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'handoff budgets'"
        )
    assert store.turn("hubspot", "search", one_more) == 1


def test_a_ledger_that_cannot_be_reached_is_a_failure_like_any_other(database: Database) -> None:
    nowhere = Budget("hubspot", store=LedgerStore("postgresql://handoff_app@127.0.0.1:1/none"))
    asked: list[int] = []
    with pytest.raises(psycopg.OperationalError):
        nowhere.call(Policy("search", (Limit(5, 1000),)), lambda: asked.append(1), lambda problem: True)
    assert asked == []


def test_a_row_that_somebody_holds_is_not_waited_for_for_ever(store: LedgerStore, connection: Connection) -> None:
    store.turn("hubspot", "search", one_more)
    store._open().execute("set lock_timeout = '50ms'")
    with connection.transaction():
        connection.execute("select * from handoff.budgets for update")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            store.turn("hubspot", "search", one_more)
    assert store.turn("hubspot", "search", one_more) == 1


def test_a_forked_process_connects_by_itself(database: Database) -> None:
    parents = ledger()
    assert parents.turn("hubspot", "search", one_more) == 0
    child = os.fork()
    if child == 0:
        os._exit(99 if ledger() is parents else ledger().turn("hubspot", "search", one_more))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert ledger().turn("hubspot", "search", one_more) == 2


def test_without_a_ledger_a_hook_keeps_the_limits_by_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HANDOFF_DB", raising=False)
    assert isinstance(ledger(), LocalStore)
    assert ledger() is not ledger()
    assert "no ledger is configured" in caplog.text
