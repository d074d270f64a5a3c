"""One stack for all tests of this folder, in their order."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from handoff.local import progress, scratch
from handoff.settings import REPOSITORY
from tests.stack.running import BACK_S, PASSWORD, PERSON, Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("stack") / ".handoff"
    ports = {name: str(scratch.free_port()) for name in ("POSTGRES", "AIRFLOW", "SANDBOX")}
    environment = {
        **{name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ},
        "HANDOFF_HOME": str(home),
        "HANDOFF_DEMO_CONTACTS": "200",
        "HANDOFF_DEMO_LIFE": "0",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        **{f"HANDOFF_{name}_PORT": port for name, port in ports.items()},
    }
    made = Stack(home, environment)
    yield made
    made.handoff("down")


@pytest.fixture(scope="class")
def with_login(stack: Stack) -> Iterator[str]:
    """Address of one more API server of the running stack: the stack's own asks nobody to sign in."""
    passwords = stack.home.parent / "passwords.json"
    passwords.write_text(json.dumps({PERSON: PASSWORD}))
    port = scratch.free_port()
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "handoff.cli", "run", "airflow", "api-server", "--apps", "core", "--port", str(port)],
        env={
            **stack.environment,
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{PERSON}:viewer",
        },
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def answers() -> bool:
        assert server.poll() is None, "the API server ended"
        try:
            return httpx.get(f"{address}/handoff/health").json()["status"] in ("ok", "degraded")
        except httpx.ConnectError:
            return False

    try:
        assert progress.wait(answers, timeout_s=BACK_S, interval_s=0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
