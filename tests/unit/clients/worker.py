"""A process of its own with one HubSpot hook, driven order by order: what processes share needs more than one."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import HubSpotError
from handoff.clients.stores import LocalStore
from handoff.clients.window import Lane

FORKED = get_context("fork")
"""Each has imported what this process has: to import it anew would take a worker seconds."""
EMPTY_SINCE = datetime(2100, 1, 1, tzinfo=UTC)
"""Nothing has changed after this, so that a search is one request."""
Order = tuple[str, int, int]
"""What to ask for, in how many threads, and how many requests."""


class Worker:
    """The parent's end."""

    def __init__(self, pipe: "Connection[Order | None, dict[str, int]]") -> None:
        self._pipe = pipe

    def start(self, what: str, threads: int, requests: int) -> None:
        self._pipe.send((what, threads, requests))

    def outcomes(self) -> dict[str, int]:
        """Counts by outcome: `served`, or the name of the error."""
        return self._pipe.recv()

    def do(self, what: str, threads: int = 1, requests: int = 1) -> dict[str, int]:
        self.start(what, threads, requests)
        return self.outcomes()


@contextmanager
def workers(count: int, *, shared: bool = True, lane: Lane = "line") -> Iterator[list[Worker]]:
    """So many processes with what this one has in its environment; `shared` keeps the budget in the ledger."""
    pipes = [FORKED.Pipe() for _ in range(count)]
    processes = [FORKED.Process(target=serve, args=(theirs, shared, lane), daemon=True) for _, theirs in pipes]
    for process in processes:
        process.start()
    try:
        yield [Worker(ours) for ours, _ in pipes]
    finally:
        for ours, _ in pipes:
            ours.send(None)
        for process in processes:
            process.join(30)


def outcome(hook: HubSpotHook, what: str) -> str:
    try:
        if what == "search":
            list(hook.search("contacts", EMPTY_SINCE, EMPTY_SINCE + timedelta(days=1), "lastmodifieddate"))
        else:
            hook.batch_read("contacts", ["1"], ["email"])
    except HubSpotError as problem:
        return type(problem).__name__
    return "served"


def answer(order: Order, hook: HubSpotHook) -> dict[str, int]:
    what, threads, requests = order
    whats = ["search", "read", "read", "read"] * (requests // 4) if what == "both" else [what] * requests
    with ThreadPoolExecutor(threads) as pool:
        return dict(Counter(pool.map(lambda what: outcome(hook, what), whats)))


def serve(pipe: "Connection[dict[str, int], Order | None]", shared: bool, lane: Lane) -> None:
    hook = HubSpotHook(store=None if shared else LocalStore(), lane=lane)
    while (order := pipe.recv()) is not None:
        pipe.send(answer(order, hook))
