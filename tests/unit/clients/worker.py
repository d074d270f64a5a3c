"""A process of its own with one HubSpot hook, driven line by line: what processes share needs more than one.

Run as a program it answers each order, a JSON line `{"what", "threads", "requests"}`, with a JSON line of counts by
outcome: `served`, or the name of the error.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import HubSpotError
from handoff.clients.stores import LocalStore
from handoff.clients.window import Lane

ROOT = Path(__file__).resolve().parents[3]
EMPTY_SINCE = datetime(2100, 1, 1, tzinfo=UTC)
"""Nothing has changed after this, so that a search is one request."""


class Worker:
    """The parent's end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, what: str, threads: int, requests: int) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"what": what, "threads": threads, "requests": requests}) + "\n")
        self._process.stdin.flush()

    def outcomes(self) -> dict[str, int]:
        assert self._process.stdout
        return dict(json.loads(self._process.stdout.readline()))

    def do(self, what: str, threads: int = 1, requests: int = 1) -> dict[str, int]:
        self.start(what, threads, requests)
        return self.outcomes()


@contextmanager
def workers(count: int, *, shared: bool = True, lane: Lane = "line") -> Iterator[list[Worker]]:
    """So many processes with what this one has in its environment; `shared` keeps the budget in the ledger."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])}
    command = [sys.executable, "-m", "tests.unit.clients.worker", "shared" if shared else "own", lane]
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            stack.callback(process.wait, 30)
            assert process.stdin
            stack.callback(process.stdin.close)
            started.append(Worker(process))
        for each in started:
            assert each.outcomes() == {"ready": 1}
        yield started


def outcome(hook: HubSpotHook, what: str) -> str:
    try:
        if what == "search":
            list(hook.search("contacts", EMPTY_SINCE, EMPTY_SINCE + timedelta(days=1), "lastmodifieddate"))
        else:
            hook.batch_read("contacts", ["1"], ["email"])
    except HubSpotError as problem:
        return type(problem).__name__
    return "served"


def answer(order: dict[str, Any], hook: HubSpotHook) -> dict[str, int]:
    whats = [order["what"]] * order["requests"]
    if order["what"] == "both":
        whats = ["search", "read", "read", "read"] * (order["requests"] // 4)
    with ThreadPoolExecutor(order["threads"]) as pool:
        return dict(Counter(pool.map(lambda what: outcome(hook, what), whats)))


if __name__ == "__main__":
    # Airflow logs to the standard output, which here is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    hook = HubSpotHook(
        store=None if sys.argv[1] == "shared" else LocalStore(),
        lane="background" if sys.argv[2] == "background" else "line",
    )
    print(json.dumps({"ready": 1}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), hook)), file=answers, flush=True)
