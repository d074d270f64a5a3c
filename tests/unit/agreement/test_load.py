"""A broken agreement does not get as far as Postgres, and the command line says why."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from handoff import agreement, clock
from handoff.cli import app
from handoff.settings import settings

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


def seen(database: Any) -> tuple[Any, Any]:
    with psycopg.connect(database.admin_dsn) as admin:
        loaded = admin.execute("select to_regclass('agreement.definitions')").fetchone()
        live = admin.execute("select count(*) from handoff.go_live").fetchone()
    assert loaded
    assert live
    return loaded[0], live[0]


def test_load_refuses_what_check_finds(broken: Path, database: Any) -> None:
    with pytest.raises(agreement.Broken) as refused:
        agreement.load(clock.now())
    assert TOLD in str(refused.value)
    assert seen(database) == (None, 0)


def test_the_command_prints_the_problems_and_exits_with_1(broken: Path, database: Any) -> None:
    done = CliRunner().invoke(app, ["agreement", "load"])
    assert done.exit_code == 1
    assert TOLD in done.output
    assert seen(database) == (None, 0)


def test_what_is_only_warned_of_loads(broken: Path, database: Any, caplog: pytest.LogCaptureFixture) -> None:
    seeds = Seeds(broken / "seeds")
    seeds.change("reps", "ben-okafor", slack_user_id="U0BENOKAFO")
    for step in ("remind", "warn", "breach"):
        seeds.remove("escalations", f"esc-standard-{step}")
    assert agreement.load(clock.now())["went_live"] == 1
    assert "tier standard has no escalation" in caplog.text
    assert seen(database) == ("agreement.definitions", 1)
