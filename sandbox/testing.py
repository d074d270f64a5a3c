"""Start a sandbox for a test: its own process, its own port, gone afterwards."""

import os
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from sandbox import clock

START_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers."""

    port: int

    @property
    def url(self) -> str:
        """Base of all vendors' addresses, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def act(self, what: str, **given: Any) -> dict[str, Any]:
        """Make something happen; see `sandbox.company.acts`."""
        return self.control("POST", f"act/{what}", given)

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call a control endpoint.

        Raises:
            RuntimeError: it answered with an error.
        """
        response = httpx.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=60, verify=_trusted())
        if response.is_error:
            raise RuntimeError(f"{method} /_sandbox/{path} answered {response.status_code}: {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_sandbox(
    contacts: int = 0,
    life: float = 0,
    webhook_url: str | None = None,
    seed: int = 7,
    limits: bool = True,
    port: int | None = None,
    **environment: str,
) -> Iterator[RunningSandbox]:
    """Run `python -m sandbox` until the block ends; further keyword arguments are environment variables.

    Raises:
        RuntimeError: it did not come up; the message holds what it printed.
    """
    sandbox = RunningSandbox(port or free_port())
    env = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")} | environment
    env |= {"SANDBOX_WEBHOOK_URL": webhook_url or "", "SANDBOX_LIMITS": "on" if limits else "off"}
    command = [sys.executable, "-m", "sandbox", "--port", str(sandbox.port)]
    command += ["--contacts", str(contacts), "--seed", str(seed), "--life", str(life)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=_ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        try:
            if not _answers(sandbox, process):
                output.seek(0)
                raise RuntimeError(f"the sandbox did not start: {output.read().decode(errors='replace')}")
            yield sandbox
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(sandbox: RunningSandbox, process: subprocess.Popen[bytes]) -> bool:
    deadline = clock.ticks() + START_SECONDS
    while clock.ticks() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{sandbox.url}/_sandbox/health", timeout=5, verify=_trusted()).is_success:
                return True
        except httpx.TransportError:
            clock.pause(0.1)
    return False


@cache
def _trusted() -> ssl.SSLContext:
    """httpx's default context: to read its certificates takes longer than most requests do."""
    return httpx.create_ssl_context()
