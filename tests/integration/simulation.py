"""A CRM and a pipeline whose clock a test turns: the real sandbox, in this process, and the real passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

import sandbox.clock
from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.extract import backfill, run, settle, sweep
from handoff.ledger.db import Connection
from sandbox.app import application
from sandbox.hubspot import merging, records
from sandbox.hubspot.types import CONTACT
from sandbox.settings import Settings
from sandbox.store import Record
from sandbox.world import World, create

START = datetime(2026, 6, 1, 8, tzinfo=UTC)
TOKEN = {"Authorization": f"Bearer {Settings().hubspot_token}"}


@dataclass
class Simulation:
    """One portal and the ledger that follows it."""

    world: World
    client: TestClient
    connection: Connection
    now: datetime = START
    emails: int = field(default=0)

    def advance(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def hook(self) -> HubSpotHook:
        """The product's own client, talking to the sandbox without a network."""
        made = HubSpotHook("hubspot", search_pace=None, sleep=lambda seconds: None)
        # The sandbox's own application answers, through the transport that its framework has for tests.
        made.__dict__["client"] = self.client
        return made

    def fast(self) -> run.Counts:
        """The line's pass, a moment after whatever happened last: every stream that is due."""
        self.advance(seconds=1)
        return run.run(self.connection, self.hook(), self.now)

    def settle(self) -> dict[str, Any]:
        """The slow pass."""
        return settle.run(self.connection, self.hook(), self.now)

    def sweep(self) -> dict[str, Any]:
        """The nightly sweep."""
        return sweep.run(self.connection, self.hook(), self.now)

    def backfill(self, since: datetime | None = None) -> dict[str, Any]:
        """History."""
        return backfill.run(self.connection, self.hook(), self.now, **({"since": since} if since else {}))

    def fault(self, *rules: dict[str, Any]) -> None:
        """Bad days from now on; none without rules."""
        self.client.request("POST", "/_sandbox/faults", json={"faults": list(rules)}).raise_for_status()

    def create(self, **values: str) -> Record:
        """A new contact."""
        self.emails += 1
        return records.create(self.world, CONTACT, {"email": f"p{self.emails}@acme{self.emails}.example", **values})

    def update(self, record_id: int, **values: str) -> Record:
        """A contact changes."""
        return records.update(self.world, self.read(record_id), values)

    def read(self, record_id: int) -> Record:
        """The record that answers for an id now."""
        found = self.world.store.get(CONTACT, record_id)
        assert found is not None
        return found

    def archive(self, record_id: int) -> None:
        """Into the recycle bin."""
        records.archive(self.world, self.read(record_id))

    def erase(self, record_id: int) -> None:
        """For good."""
        merging.erase(self.world, self.read(record_id))

    def merge(self, primary: int, other: int) -> Record:
        """Two contacts become one with a new id."""
        return merging.merge(self.world, self.read(primary), self.read(other))

    def truth(self) -> dict[str, tuple[str, str]]:
        """What the CRM says of each live contact: its stamp and its title."""
        rows = self.world.store.rows("SELECT id FROM objects WHERE type=? AND archived=0", CONTACT)
        found = self.world.store.read(CONTACT, [row[0] for row in rows])
        return {str(each.id): (sandbox.clock.iso(each.modified), each.properties.get("jobtitle", "")) for each in found}

    def mirror(self) -> dict[str, tuple[str, str]]:
        """What `raw` says of each contact that it holds as live."""
        rows = self.connection.execute(
            """select id, payload ->> 'updatedAt' as updated_at,
                coalesce(payload #>> '{properties,jobtitle}', '') as title
            from (
                select distinct on (id) * from raw.hubspot_contacts order by id, updated_at desc, version_id desc
            ) as newest where coalesce(payload ->> 'archived', 'false') <> 'true'"""
        )
        return {row["id"]: (row["updated_at"], row["title"]) for row in rows}

    def one(self, query: str, *parameters: Any) -> Any:
        """The first column of a query's only row."""
        rows = self.connection.execute(query, parameters).fetchall()
        assert len(rows) == 1, rows
        return next(iter(rows[0].values()))


@contextmanager
def simulation(connection: Connection, patch: pytest.MonkeyPatch) -> Iterator[Simulation]:
    """An empty portal at `START`; both clocks are the simulation's until the block ends."""
    world = create(Settings(contacts=0, life=0, limits=False))
    with TestClient(application(world), headers=TOKEN) as client:
        made = Simulation(world, client, connection)
        patch.setattr(clock, "now", lambda: made.now)
        patch.setattr(sandbox.clock, "now", lambda: int(made.now.timestamp() * 1000))
        patch.setattr(sandbox.clock, "now_micros", lambda: int(made.now.timestamp() * 1_000_000))
        yield made
