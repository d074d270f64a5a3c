"""Several routers at once, killed at random: one rep for each lead, fair shares, and nobody over capacity."""

import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC
from pathlib import Path

import pytest

from bench import machine
from handoff import clock
from handoff.ledger import db
from handoff.ledger.db import Connection
from tests import dice
from tests.conftest import Database
from tests.integration.routers import WEIGHTS

REPOSITORY = Path(__file__).parents[2]
IS_LONG = bool(os.environ.get("HANDOFF_CHAOS"))
ROUTERS, LEADS = (8, 10_000) if IS_LONG else (3, 140)
SEED = dice.seed(None if IS_LONG else 20_261_125)
RESULTS = REPOSITORY / "bench" / "results" / "routers.json"
PATIENCE_S = 0.4
"""Mean time between two kills."""


@pytest.fixture
def slack(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')


def start(seed: int, limit: str, most: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.integration.routers", str(seed), str(LEADS), limit, str(most)]
    paths = os.pathsep.join(str(REPOSITORY / each) for each in ("plugins", "."))
    return subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": paths})


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(next(iter(row.values())))


def route_and_kill(connection: Connection, chance: random.Random, limit: str, most: int, target: int) -> int:
    """Kill one router after the other, each followed by a new one, until so many handoffs stand; returns the kills."""
    routers = [start(number, limit, most) for number in range(ROUTERS)]
    kills = seen = in_vain = 0
    try:
        while (stand := count(connection, "select count(*) from handoff.handoffs")) < target:
            time.sleep(chance.expovariate(1 / PATIENCE_S))
            # On a busy machine a router that is killed before it has begun never does.
            in_vain = 0 if stand > seen else in_vain + 1
            seen = stand
            if in_vain > ROUTERS:
                continue
            place = chance.randrange(ROUTERS)
            kills += routers[place].poll() is None
            routers[place].kill()
            routers[place].wait()
            routers[place] = start(chance.randrange(1_000_000), limit, most)
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
    load_before, began = machine.load(), time.monotonic()
    with db.connect() as connection:
        kills = route_and_kill(connection, random.Random(SEED), "max_open", 1_000_000, LEADS)
        seconds = time.monotonic() - began
        assert kills >= 3
        assert count(connection, "select count(*) from handoff.handoffs") == LEADS
        assert count(connection, "select count(*) from handoff.assignments") == LEADS
        assert count(connection, "select count(distinct handoff_id) from handoff.assignments") == LEADS
        # A message to the rep and its copy, one write-back, and one task.
        assert count(connection, "select count(*) from handoff.outbox") == 4 * LEADS
        whole = sum(WEIGHTS.values())
        shares = leads_by_rep(connection)
        off = {rep: abs(leads - LEADS * WEIGHTS[rep] / whole) for rep, leads in shares.items()}
        assert max(off.values()) < 1, shares
        # Each turn follows from the one before, as the ledger alone says.
        for row in connection.execute("select credits from handoff.assignments"):
            assert sum(row["credits"].values()) == 0
        if IS_LONG:
            furthest = round(max(off.values()), 2)
            figures = {"routers": ROUTERS, "leads": LEADS, "kills": kills, "furthest_from_share": furthest}
            measured_on = clock.now().astimezone(UTC).date().isoformat()
            ran = {"seed": SEED, "seconds": round(seconds), "measured_on": measured_on}
            told = {**figures, **ran, "machine": machine.describe(connection, load_before)}
            RESULTS.write_text(json.dumps(told, indent=2) + "\n")


@pytest.mark.parametrize("limit", ["max_open", "max_per_day"])
def test_nobody_gets_more_than_they_can_take(slack: None, record_property: dice.Tell, limit: str) -> None:
    dice.tell(record_property, SEED)
    most = LEADS // 10
    with db.connect() as connection:
        route_and_kill(connection, random.Random(SEED), limit, most, most * len(WEIGHTS))
        assert leads_by_rep(connection) == dict.fromkeys(WEIGHTS, most)
