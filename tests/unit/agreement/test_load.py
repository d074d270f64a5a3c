"""A broken agreement does not get as far as Postgres, and one that got half-way hands nobody over."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from handoff import agreement, clock
from handoff.agreement import rewritten
from handoff.agreement.source import checkout, read
from handoff.cli import app
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.qualify import run as qualify
from handoff.qualify.dbt import DbtFailed
from handoff.route import run as route
from handoff.settings import settings
from tests.conftest import Database

from .conftest import PROJECT, Seeds

TOLD = "seeds/agreement/reps.csv:3: slack_user_id is blank for rep ben-okafor; write the member id"


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Path]:
    """The checkout's dbt project with one blank cell, as the one that this process loads."""
    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    Seeds(project / "seeds").change("reps", "ben-okafor", slack_user_id="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDOFF_DBT_PROJECT", str(project))
        # What dbt parsed of another project is of no use to the tests that come after.
        patch.setenv("HANDOFF_DBT_TARGET", str(tmp_path / "target"))
        settings.cache_clear()
        yield project
    settings.cache_clear()


def seen(database: Database) -> tuple[Any, Any]:
    with psycopg.connect(database.admin_dsn) as admin:
        loaded = admin.execute("select to_regclass('agreement.definitions')").fetchone()
        live = admin.execute("select count(*) from handoff.go_live").fetchone()
    assert loaded
    assert live
    return loaded[0], live[0]


def test_load_refuses_what_check_finds(broken: Path, database: Database) -> None:
    with pytest.raises(agreement.Broken) as refused:
        agreement.load(clock.now())
    assert TOLD in str(refused.value)
    assert seen(database) == (None, 0)


def test_the_command_prints_the_problems_and_exits_with_1(broken: Path, database: Database) -> None:
    done = CliRunner().invoke(app, ["agreement", "load"])
    assert done.exit_code == 1
    assert TOLD in done.output
    assert seen(database) == (None, 0)


HALF_WAY = """
create function nobody_makes_tiers() returns event_trigger language plpgsql as $$ begin
    if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'agreement.tiers') then
        raise 'nobody makes tiers';
    end if;
end $$;
create event trigger half_way on ddl_command_end execute function nobody_makes_tiers();
"""


def pending(connection: Connection) -> None:
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at) values ('1', 1, %s)
        on conflict do nothing""",
        (clock.now(),),
    )


def test_dbt_that_cannot_begin_changes_nothing(
    broken: Path, agreement_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seeds = Seeds(broken / "seeds")
    seeds.change("reps", "ben-okafor", slack_user_id="U0BENOKAFO")
    # Only warned of.
    for step in ("remind", "warn", "breach"):
        seeds.remove("escalations", f"esc-standard-{step}")
    seeds.change("signals", "sig-page-blog", points="2")
    (broken / "dbt_project.yml").write_text("name: [")
    with pytest.raises(DbtFailed):
        agreement.load(clock.now())
    assert "tier standard has no escalation" in caplog.text
    assert "version 1 of definition platform-mql was loaded before and reads otherwise now" in caplog.text
    with db.connect() as connection:
        assert not loads.is_unfinished(connection)


DAY = date(2026, 11, 24)
EDITS: dict[str, tuple[Callable[[Seeds], object], str]] = {
    "points": (
        lambda seeds: seeds.change("signals", "sig-page-blog", points="2.50"),
        "signals sig-page-blog: points 1 → 2.5 from 2026-01-01",
    ),
    "a rule less": (
        lambda seeds: seeds.remove("disqualifiers", "dq-student-title"),
        "disqualifiers dq-student-title: holds no longer from 2026-01-01",
    ),
    "a rule more": (
        lambda seeds: seeds.add("disqualifiers", "dq-internal", disqualifier_id="dq-more", label="More"),
        "disqualifiers dq-more: new, with definition_id platform-mql, label More",
    ),
    "the threshold": (
        lambda seeds: seeds.change("definitions", "platform-mql", threshold="70"),
        "definitions platform-mql: threshold 65 → 70 from 2026-01-01",
    ),
    "a reason": (lambda seeds: seeds.change("signals", "sig-page-blog", why="Better said", label="Blog"), ""),
    "another table": (lambda seeds: seeds.change("reps", "ben-okafor", weight="3"), ""),
    "from tomorrow": (lambda seeds: seeds.change("signals", "sig-page-blog", valid_to="2026-11-25"), ""),
    "another version": (lambda seeds: seeds.change("definitions", "platform-mql", version="2", threshold="70"), ""),
}


def test_a_loaded_version_that_reads_otherwise_is_told(agreement_database: Database, tmp_path: Path) -> None:
    with db.connect() as connection:
        last = loads.newest(connection)
        assert last
        loaded = loads.agreement(connection, last.agreement_hash)
    assert list(rewritten.warnings(loaded, checkout(), DAY)) == []
    for name, (edit, says) in EDITS.items():
        seeds = Seeds(tmp_path / name)
        shutil.copytree(PROJECT / "seeds", seeds.directory)
        edit(seeds)
        found = list(rewritten.warnings(loaded, read(seeds.directory), DAY))
        assert len(found) == (1 if says else 0), (name, found)
        assert all(f"platform-mql was loaded before and reads otherwise now: {says}" in each for each in found)


def test_what_breaks_off_stops_the_line_until_a_load_ends(agreement_database: Database) -> None:
    with db.connect() as connection, psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        pending(connection)
        admin.execute(HALF_WAY)
        with pytest.raises(DbtFailed, match="until a load comes to its end"):
            agreement.load(clock.now())
        assert qualify.run(connection, clock.now()) == {"skipped": loads.UNFINISHED}
        assert route.run(connection, 1, clock.now()) == {"skipped": loads.UNFINISHED}
        admin.execute("drop event trigger half_way")
        admin.execute("delete from handoff.loads")
        asked_at = clock.now()
        agreement.load(asked_at)
        # What was decided while it waited for its turn was not by its rows.
        assert (recorded := loads.newest(connection))
        assert recorded.loaded_at > asked_at
        assert seen(agreement_database) == ("agreement.definitions", 1)
        assert not loads.is_unfinished(connection)
        assert "skipped" not in qualify.run(connection, clock.now())
