"""Readers of the marts see one whole build at a time, whatever happens to those who build."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bench import machine
from handoff import clock, connections
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.local import progress
from handoff.qualify import dbt, loads
from handoff.review import builds, publish
from handoff.review.run import build_marts
from tests.conftest import Database
from tests.integration.lives import Lives, lives
from tests.integration.loaded import loaded_meanwhile
from tests.integration.marts_company import AT, SECOND, Admin, Handoff, plant, plant_contact

IS_LONG = bool(os.environ.get("HANDOFF_CHAOS"))
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "publish.json"
"""Written by `make chaos` only."""
LONGEST_WAIT_S = 2.5
KILLED = -9
ENDS = ("review.marts.filled:5", "dbt") if IS_LONG else ("review.marts.filled:5",)
"""How each build ends before one that is left alone: at a point, or in the middle of dbt's work."""
# While dbt swaps it, a lookup by name may find it neither before nor after.
BUILT = "select pg_relation_filenode(to_regclass('marts_build.fct_handoffs')) as node"
COUNTS = """
select
    (select count(*) from marts.fct_handoffs) as handoffs,
    (select count(*) from marts.fct_delays) as delays,
    (select count(*) from marts.fct_sla_outcomes) as outcomes,
    (select sum(cohort_size) from marts.rpt_funnel where cohort_by = 'mql' and stage = 'mql')::bigint as funnel,
    (select row_count from marts.mart_builds where mart = 'fct_handoffs') as noted
"""
BUILDS = "select min(build_id) as first, max(build_id) as last, count(*) as marts from marts.mart_builds"


@pytest.fixture(scope="module")
def admin(module_agreement_database: Database) -> Iterator[Admin]:
    """A company with three handoffs whose marts were built once."""
    with (
        psycopg.connect(module_agreement_database.admin_dsn, autocommit=True, row_factory=dict_row) as admin,
        db.connect() as connection,
    ):
        more(admin, 3)
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=clock.now(), as_loaded=True)
        build_marts(connection)
        yield admin


@pytest.fixture
def owner(admin: Admin) -> Iterator[Connection]:
    with db.connect(connections.DBT) as owner:
        yield owner


@pytest.fixture(scope="module")
def host() -> Iterator[Lives]:
    with lives() as host:
        yield host


def more(admin: Admin, count: int) -> None:
    row = admin.execute("select count(*) as handoffs from handoff.handoffs").fetchone()
    assert row
    for number in range(row["handoffs"], row["handoffs"] + count):
        plant_contact(admin, str(number), AT, {AT: "lead"})
        plant(admin, Handoff(f"h{number}", str(number), AT + number * SECOND))


def one(connection: Any, query: str) -> dict[str, Any]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return dict(row)


@dataclass
class Looks:
    """What a reader's looks found, what went wrong with one, and how long its slowest statement took, in seconds."""

    found: list[set[int]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    longest_s: float = 0.0

    def ask(self, reader: Any, query: str) -> dict[str, Any]:
        began = time.monotonic()
        try:
            return one(reader, query)
        finally:
            self.longest_s = max(self.longest_s, time.monotonic() - began)


@contextmanager
def reading(database: Database) -> Iterator[Looks]:
    """Somebody who looks again and again: in one statement, and in the statements of one transaction. A look that found
    two builds at once, or failed, is the last one and an error."""
    looks = Looks()
    over = threading.Event()

    def look() -> None:
        try:
            with psycopg.connect(database.dsn, row_factory=dict_row) as reader:
                reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                while not over.is_set():
                    found = looks.ask(reader, COUNTS)
                    builds = [looks.ask(reader, BUILDS)]
                    over.wait(0.05)
                    builds.append(looks.ask(reader, BUILDS))
                    again = looks.ask(reader, COUNTS)
                    reader.rollback()
                    looks.found.append({*found.values(), *again.values()})
                    assert builds[0]["first"] == builds[0]["last"]
                    assert builds[0] == builds[1]
        except Exception as failure:  # told by the test, in its own thread
            looks.errors.append(failure)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        over.set()
        thread.join()


def is_rebuilt(admin: Admin, before: dict[str, Any]) -> bool:
    return one(admin, BUILT) != before


def free(admin: Admin) -> Callable[[], bool]:
    """Whether Postgres has noticed that a killed builder is gone."""
    query = """select (select count(*) from pg_locks where locktype = 'advisory')
        + (select count(*) from pg_stat_activity where usename = 'handoff_dbt') as left"""
    return lambda: bool(one(admin, query)["left"] == 0)


def test_readers_see_whole_builds_whoever_is_killed(
    admin: Admin, host: Lives, module_agreement_database: Database
) -> None:
    chance = random.Random(50)
    at_random = ("", "", "review.marts.built", "review.marts.filled", "review.marts.filled:9", "dbt")
    ends = [chance.choice(at_random) for _ in range(50)] if IS_LONG else ENDS
    load_before = machine.load()
    known = one(admin, "select count(*) as handoffs from marts.fct_handoffs")["handoffs"]
    shown = [known]
    with reading(module_agreement_database) as looks:
        for end in (*ends, ""):
            more(admin, 1)
            before = one(admin, BUILT)
            life = host.start("marts", crash="" if end == "dbt" else end)
            if end == "dbt":
                assert progress.wait(partial(is_rebuilt, admin, before), timeout_s=120, interval_s=0.01)
                os.kill(life, signal.SIGKILL)
            assert host.wait(life) == (KILLED if end else 0)
            assert progress.wait(free(admin), timeout_s=30)
            if not end:
                shown.append(one(admin, "select count(*) as handoffs from handoff.handoffs")["handoffs"])
            assert one(admin, "select count(*) as handoffs from marts.fct_handoffs")["handoffs"] == shown[-1]
        seen = len(looks.found)
        assert progress.wait(lambda: len(looks.found) > seen + 2 or bool(looks.errors), timeout_s=30)
    if IS_LONG:
        kills = sum(map(bool, ends))
        measured_on = clock.now().astimezone(UTC).date().isoformat()
        ran_on = {"measured_on": measured_on, "machine": machine.describe(admin, load_before)}
        figures: dict[str, Any] = {
            "reads": len(looks.found),
            "errors": len(looks.errors),
            "builds": len(ends) + 1,
            "kills": kills,
        }
        figures["longest_wait_ms"] = round(1000 * looks.longest_s)
        RESULTS.write_text(json.dumps({**figures, **ran_on}, indent=2) + "\n", encoding="utf-8")
        assert looks.longest_s < LONGEST_WAIT_S
    assert looks.errors == []
    assert [look for look in looks.found if len(look) != 1] == []
    found = {count for look in looks.found for count in look}
    assert found <= set(shown)
    assert {shown[0], shown[-1]} <= found


def marts(admin: Admin) -> list[dbt.Model]:
    found = admin.execute("select mart from marts.mart_builds").fetchall()
    return [
        dbt.Model(row["mart"], "marts_build", 0.0, row["mart"] in ("dim_leads", "dim_reps"), False) for row in found
    ]


def test_a_build_without_news_writes_nothing(admin: Admin, owner: Connection) -> None:
    publish.publish(owner, marts(admin), AT)
    before = one(admin, "select max(build_id) as id from marts.mart_builds")["id"]
    changed = publish.publish(owner, marts(admin), AT)
    assert sum(each.deleted + each.inserted for each in changed.values()) == 0
    assert one(admin, BUILDS) == {"first": before + 1, "last": before + 1, "marts": len(changed)}


def test_a_new_shape_leaves_no_reader_without_rows(
    admin: Admin, owner: Connection, module_agreement_database: Database
) -> None:
    rows = one(admin, "select count(*) as rows from marts.fct_delays")["rows"]
    assert rows >= 3
    owner.execute("alter table marts_build.fct_delays add column note text")
    owner.execute("update marts_build.fct_delays set note = 'new'")
    owner.execute("alter table marts_build.fct_delays drop column notify_seconds")
    owner.execute("alter table marts_build.fct_delays alter column route_seconds type text")
    with psycopg.connect(module_agreement_database.dsn, row_factory=dict_row) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        one(reader, "select count(*) as rows from marts.fct_handoffs")
        changed = publish.publish(owner, marts(admin), AT)
        # It began before: it has all rows, of the columns that stay.
        seen = one(
            reader, "select count(*) as rows, count(event_at) as events, count(note) as notes from marts.fct_delays"
        )
        assert seen == {"rows": rows, "events": rows, "notes": 0}
    assert (changed["fct_delays"].deleted, changed["fct_delays"].inserted) == (rows, rows)
    assert one(admin, "select count(note) as notes from marts.fct_delays") == {"notes": rows}
    columns = admin.execute("select * from marts.fct_delays limit 0").description
    assert columns is not None
    assert "notify_seconds" not in {column.name for column in columns}


def test_who_reads_a_mart_that_is_to_change_its_shape_is_not_disturbed(
    admin: Admin, owner: Connection, module_agreement_database: Database
) -> None:
    before = one(admin, BUILDS)
    owner.execute("alter table marts_build.fct_rejections add column note text")
    owner.execute("set lock_timeout = '100ms'")
    with psycopg.connect(module_agreement_database.dsn, row_factory=dict_row) as reader:
        one(reader, "select count(*) as rows from marts.fct_rejections")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            publish.publish(owner, marts(admin), AT)
    assert one(admin, BUILDS) == before
    publish.publish(owner, marts(admin), AT)
    assert one(admin, BUILDS)["last"] == before["last"] + 1


def test_marts_come_and_go_with_the_project_and_views_follow_their_tables(admin: Admin, owner: Connection) -> None:
    usual = marts(admin)
    owner.execute("create table marts_build.fct_new as select 1 as id")
    owner.execute("create view marts_build.fct_new_public as select id from marts_build.fct_new")
    new = [
        dbt.Model("fct_new", "marts_build", 0.0, True, False),
        dbt.Model("fct_new_public", "marts_build", 0.0, False, False),
    ]
    publish.publish(owner, [*usual, *new], AT)
    query = """select has_table_privilege('bi_reader', 'marts.fct_new', 'select') as reader,
        has_table_privilege('bi_public', 'marts.fct_new', 'select') as public,
        has_table_privilege('bi_public', 'marts.fct_new_public', 'select') as of_view"""
    assert one(admin, query) == {"reader": True, "public": False, "of_view": True}
    assert one(admin, "select count(*) as rows from marts.fct_new_public") == {"rows": 1}
    owner.execute("drop view marts_build.fct_new_public")
    owner.execute("alter table marts_build.fct_new rename column id to key")
    owner.execute("create view marts_build.fct_new_public as select key from marts_build.fct_new")
    publish.publish(owner, [*usual, *new], AT)
    assert one(admin, "select key from marts.fct_new_public") == {"key": 1}
    publish.publish(owner, usual, AT)
    gone = "select to_regclass('marts.fct_new') as mart, to_regclass('marts.fct_new_public') as view"
    assert one(admin, gone) == {"mart": None, "view": None}
    assert one(admin, "select count(*) as reps from marts.dim_reps_public")["reps"] > 0
    with pytest.raises(LookupError, match="no marts"):
        publish.publish(owner, [], AT)


def test_a_failed_test_or_a_load_meanwhile_keeps_the_marts_of_before_and_a_policy_does_not(admin: Admin) -> None:
    before = one(admin, BUILDS)
    with db.connect() as connection:
        # Of one lead two rows: that mart would be wrong.
        admin.execute("insert into line.int_leads select * from line.int_leads where lead_id = '1'")
        with pytest.raises(dbt.DbtFailed, match="dim_leads__lead_id__unique"):
            build_marts(connection)
        assert one(admin, BUILDS) == before
        admin.execute(
            "delete from line.int_leads where ctid in (select max(ctid) from line.int_leads where lead_id = '1')"
        )
        with loaded_meanwhile(
            admin, "insert into handoff.unfinished_loads values ('2026-03-01') on conflict do nothing"
        ):
            assert build_marts(connection) == {"skipped": loads.UNFINISHED}
        assert one(admin, BUILDS) == before
        loads.end(connection)
        # A message without its id is a broken promise, and the marts are right.
        admin.execute("update handoff.outbox set result = '{}' where handoff_id = 'h1'")
        with pytest.raises(dbt.DbtFailed, match="messages_sent_without_id"):
            build_marts(connection)
        noted = builds.last(connection)
    assert one(admin, BUILDS)["last"] == before["last"] + 1
    assert noted is not None
    # The page says which build this was, what failed in it, and that readers have it all the same.
    assert noted.shown_at == noted.built_at
    assert [(each.node, each.status) for each in noted.nodes if each.status != "success"] == [
        ("messages_sent_without_id__is_empty", "fail")
    ]
    assert {"fct_handoffs", "int_stage_stays"} <= {each.node for each in noted.nodes}
