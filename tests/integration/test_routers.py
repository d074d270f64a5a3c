"""Several routers at once, killed at random: one rep for each lead, fair shares, and nobody over capacity."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from tests import dice
from tests.conftest import Database
from tests.integration.routers import WEIGHTS

REPOSITORY = Path(__file__).parents[2]
ROUTERS, LEADS = (8, 10_000) if os.environ.get("HANDOFF_CHAOS") else (3, 140)
SEED = dice.seed(None if os.environ.get("HANDOFF_CHAOS") else 20_261_125)
PATIENCE_S = 0.4
"""Mean time between two kills."""


@pytest.fixture
def slack(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')


def start(seed: int, max_open: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.integration.routers", str(seed), str(LEADS), str(max_open)]
    paths = os.pathsep.join(str(REPOSITORY / each) for each in ("plugins", "."))
    return subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": paths})


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(next(iter(row.values())))


def route_and_kill(connection: Connection, chance: random.Random, max_open: int, target: int) -> int:
    """Kill one router after the other, each followed by a new one, until so many handoffs stand; returns the kills."""
    routers = [start(number, max_open) for number in range(ROUTERS)]
    kills = 0
    try:
        while count(connection, "select count(*) from handoff.handoffs") < target:
            time.sleep(chance.expovariate(1 / PATIENCE_S))
            place = chance.randrange(ROUTERS)
            kills += routers[place].poll() is None
            routers[place].kill()
            routers[place].wait()
            routers[place] = start(chance.randrange(1_000_000), max_open)
        for each in routers:
            assert each.wait() == 0
    finally:
        for each in routers:
            each.kill()
            each.wait()
    return kills


def leads_by_rep(connection: Connection) -> dict[str, int]:
    rows = connection.execute("select rep_id, count(*) as leads from handoff.assignments group by rep_id")
    return {row["rep_id"]: row["leads"] for row in rows}


def test_every_lead_has_one_rep_and_shares_are_within_one_lead(slack: None, record_property: dice.Tell) -> None:
    dice.tell(record_property, SEED)
    with db.connect() as connection:
        kills = route_and_kill(connection, random.Random(SEED), 1_000_000, LEADS)
        assert kills >= 3
        assert count(connection, "select count(*) from handoff.handoffs") == LEADS
        assert count(connection, "select count(*) from handoff.assignments") == LEADS
        assert count(connection, "select count(distinct handoff_id) from handoff.assignments") == LEADS
        # A message to the rep and its copy, one write-back, and one task.
        assert count(connection, "select count(*) from handoff.outbox") == 4 * LEADS
        whole = sum(WEIGHTS.values())
        for rep, leads in leads_by_rep(connection).items():
            assert abs(leads - LEADS * WEIGHTS[rep] / whole) < 1, (rep, leads)
        # Each turn follows from the one before, as the ledger alone says.
        for row in connection.execute("select credits from handoff.assignments"):
            assert sum(row["credits"].values()) == 0


def test_nobody_gets_more_than_they_can_take(slack: None, record_property: dice.Tell) -> None:
    dice.tell(record_property, SEED)
    most = LEADS // 10
    with db.connect() as connection:
        route_and_kill(connection, random.Random(SEED), most, most * len(WEIGHTS))
        assert leads_by_rep(connection) == dict.fromkeys(WEIGHTS, most)
