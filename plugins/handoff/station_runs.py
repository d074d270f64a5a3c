"""How a station is run: its connection, its lock, and its counts on the run that it belongs to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handoff import clock
from handoff.ledger import db, runs
from handoff.ledger.db import Connection

if TYPE_CHECKING:
    from handoff.clients.hubspot import HubSpotHook

Counts = dict[str, Any]


def in_background(lock: str, station: Callable[[Connection, HubSpotHook, datetime], Counts]) -> Counts:
    """Run a pass that no rep waits for: it leaves the larger part of HubSpot's limits to the line."""
    from handoff.clients.hubspot import HubSpotHook

    with db.connect() as connection, db.only_one(connection, lock) as free:
        if not free:
            return {"skipped": "another process does this"}
        return station(connection, HubSpotHook(lane="background"), clock.now())


@contextmanager
def recorded(station: str, run_id: str) -> Iterator[tuple[Connection, Counts]]:
    """A connection and the station's counts, recorded on the run with its seconds, also when it fails half-way."""
    counts: Counts = {}
    began = time.monotonic()
    with db.connect() as connection:
        try:
            yield connection, counts
        finally:
            counts["seconds"] = round(time.monotonic() - began, 3)
            runs.record(connection, run_id, station, counts, clock.now())
