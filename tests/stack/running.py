"""A local stack of a test's own."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from handoff.local import state, supervisor
from handoff.settings import REPOSITORY

BACK_S = 150
PERSON, PASSWORD = "ana", "a password of this test"


@dataclass
class Stack:
    """One home with ports of its own."""

    home: Path
    environment: dict[str, str]
    where: state.Layout = field(init=False)

    def __post_init__(self) -> None:
        self.where = state.Layout(self.home)

    def handoff(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "handoff.cli", *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    def up(self) -> str:
        done = self.handoff("up")
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return done.stdout

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.handoff("status", "--json").stdout))

    def pids(self) -> dict[str, int | None]:
        return {each.name: each.pid for each in supervisor.components(self.where)}

    def is_healthy(self) -> bool:
        return self.handoff("status").returncode == 0

    def runs(self) -> list[dict[str, Any]]:
        """The newest runs of the line, as Airflow's own API tells them."""
        return list(self._newest("dags/handoff_line/dagRuns", "-run_after")["dag_runs"])

    def asset_events(self) -> list[dict[str, Any]]:
        """What has woken the line, the newest first."""
        return list(self._newest("assets/events", "-timestamp")["asset_events"])

    def _newest(self, path: str, order_by: str) -> dict[str, Any]:
        return self.airflow("GET", f"{path}?order_by={order_by}&limit=20")

    def airflow(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask Airflow's own API."""
        address = f"http://127.0.0.1:{self.environment['HANDOFF_AIRFLOW_PORT']}"
        token = httpx.get(f"{address}/auth/token").json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.request(method, f"{address}/api/v2/{path}", json=body, headers=headers)
        return dict(answer.raise_for_status().json())

    def ledger(self, query: str) -> list[dict[str, Any]]:
        """Rows of the stack's own database."""
        code = """import json, sys
from handoff.ledger import db
with db.connect() as connection:
    print(json.dumps(connection.execute(sys.argv[1]).fetchall(), default=str))"""
        return list(json.loads(self.python(code, query).splitlines()[-1]))

    def python(self, code: str, *arguments: str) -> str:
        """What a program of ours says in the stack's own environment."""
        done = self.handoff("run", sys.executable, "-c", code, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def logs(self) -> str:
        return "".join(f"\n== {path.name}\n{path.read_text()[-1500:]}" for path in self.where.logs.glob("*.log"))
