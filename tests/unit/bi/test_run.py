import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handoff.bi import run
from handoff.cli import app
from handoff.local import state
from handoff.local.stack import CannotStart
from handoff.settings import REPOSITORY, settings


def test_without_superset_the_command_says_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PYTHON", tmp_path / "python")
    said = CliRunner().invoke(app, ["bi"])
    assert said.exit_code == 1
    assert "`make bi` installs" in said.output


def test_a_port_in_use_names_who_holds_it_and_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("HANDOFF_BI_PORT", str(port))
        settings.cache_clear()
        with pytest.raises(CannotStart, match=rf"Port {port} .*pid {os.getpid()}.*HANDOFF_BI_PORT={port + 1000}"):
            run.check_port()
    run.check_port()


def test_what_goes_wrong_inside_is_in_the_log_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = state.Layout(tmp_path)
    state.prepare(where)
    # An environment without Superset.
    monkeypatch.setattr(run, "PYTHON", sys.executable)
    with pytest.raises(CannotStart, match=r"superset-prepare\.log"):
        run.prepare(where)
    assert "ModuleNotFoundError" in (where.logs / "superset-prepare.log").read_text()


@pytest.mark.parametrize(("component", "count"), [("superset", 0), ("sandbox", 1)])
def test_the_dashboard_is_given_no_connection(tmp_path: Path, component: str, count: int) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "handoff.local.launch", "env"],
        env={
            "AIRFLOW_CONN_HANDOFF_ADMIN": "{}",
            "HANDOFF_COMPONENT": component,
            "HANDOFF_HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "plugins",
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"HANDOFF_HOME={tmp_path}" in said.stdout
    assert said.stdout.count("AIRFLOW_CONN") == count
