import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.local import processes, state, supervisor

EVERYTHING = (*supervisor.COMPONENTS, supervisor.BI)


def _programs() -> dict[str, configparser.SectionProxy]:
    parser = configparser.RawConfigParser(inline_comment_prefixes=None, comment_prefixes=(";",))
    parser.read(supervisor.CONFIG)
    prefix = "program:"
    return {name.removeprefix(prefix): parser[name] for name in parser.sections() if name.startswith(prefix)}


def test_the_configuration_has_the_components_that_the_code_knows() -> None:
    assert tuple(sorted(_programs())) == tuple(sorted(EVERYTHING))


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_component_is_restarted_for_ever_marked_and_its_log_is_rotated(name: str) -> None:
    program = _programs()[name]
    assert program["autorestart"] == "true"
    assert int(program["startretries"]) > 10_000
    assert program["environment"] == f'HANDOFF_COMPONENT="{name}"'
    assert program["stdout_logfile"].endswith(f"/{name}.log")
    assert program["stdout_logfile_maxbytes"] == "10MB"


def test_airflow_waits_for_its_database_and_the_database_stops_last() -> None:
    programs = _programs()
    assert {name for name in programs if programs[name]["autostart"] == "false"} == {
        *supervisor.AIRFLOW,
        supervisor.WATCHDOG,
        supervisor.BI,
    }
    assert min(programs, key=lambda name: int(programs[name]["priority"])) == "postgres"


def test_without_a_supervisor_everything_is_stopped(tmp_path: Path) -> None:
    where = state.Layout(tmp_path)
    assert not supervisor.is_running(where)
    assert {each.state for each in supervisor.components(where)} == {"STOPPED"}


def test_a_process_is_found_by_its_mark_only_and_can_be_ended(tmp_path: Path) -> None:
    where = state.Layout(tmp_path)
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    marks = {"HANDOFF_HOME": str(tmp_path), "HANDOFF_COMPONENT": "sandbox"}
    ours = subprocess.Popen(sleep, env=marks)
    others = [
        subprocess.Popen(sleep, env={**marks, "HANDOFF_HOME": str(tmp_path / "other")}),
        subprocess.Popen(sleep, env={"HANDOFF_HOME": str(tmp_path)}),
    ]
    try:
        assert [process.pid for process in processes.of(where)] == [ours.pid]
        assert processes.of(where, "scheduler") == []
        processes.end(processes.of(where, "sandbox"), patience_s=5)
        assert not processes.is_alive(ours.pid)
        assert all(processes.is_alive(other.pid) for other in others)
    finally:
        for process in (ours, *others):
            process.kill()
            process.wait()
