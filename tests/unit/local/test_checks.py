import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from handoff.local import checks, state
from handoff.settings import Settings, settings

Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path / "home"))
    for name in ("POSTGRES", "AIRFLOW", "SANDBOX"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            monkeypatch.setenv(f"HANDOFF_{name}_PORT", str(probe.getsockname()[1]))
    settings.cache_clear()
    yield settings()
    settings.cache_clear()


def _problems(configured: Settings, *, is_up: bool = False) -> list[str]:
    return checks.problems(configured, state.layout(configured), is_up=is_up)


def test_a_machine_that_will_do_has_no_problem(configured: Settings) -> None:
    assert _problems(configured) == []


def test_a_port_in_use_names_who_holds_it_and_the_setting(configured: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", configured.airflow_port))
        taken.listen()
        (problem,) = _problems(configured)
        assert f"Port {configured.airflow_port} is in use by" in problem
        assert f"pid {os.getpid()}" in problem
        assert "HANDOFF_AIRFLOW_PORT=" in problem
        assert _problems(configured, is_up=True) == []


def test_one_port_for_two_components_is_refused(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDOFF_SANDBOX_PORT", str(configured.airflow_port))
    settings.cache_clear()
    (problem,) = _problems(settings())
    assert "given to two components" in problem


def test_a_full_disk_says_how_much_is_needed(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**10, 10**10, 4 * 10**8))
    (problem,) = _problems(configured)
    assert "Only 0.4 GB is free" in problem
    assert "HANDOFF_HOME" in problem


def test_too_little_memory_another_python_and_another_system_are_told() -> None:
    assert checks._memory(10**9)
    assert not checks._memory(3 * 10**9)
    assert "PYTHON=python3.11" in checks._python((3, 12), "linux")[0]
    assert "docker-compose.yaml" in checks._python((3, 11), "darwin")[0]
    assert not checks._python((3, 11), "linux")


def test_a_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert [problem for problem in checks._tools(0) if "apt-get install util-linux" in problem]
    assert checks._tools(1000) == []


def test_a_home_that_is_a_file_s_child_is_told_apart(configured: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert checks._directory(tmp_path / "file" / "home")
