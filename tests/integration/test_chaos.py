"""Nothing is lost and nothing is doubled, whatever is killed; without the look at earlier attempts, much is."""

import json
import os
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from bench import machine
from handoff import clock
from handoff.ledger import db
from handoff.local import scratch
from sandbox.testing import RunningSandbox, running_sandbox
from tests import dice
from tests.integration import crashable, mqls
from tests.integration.chaos import Day, Figures, live_through
from tests.integration.conftest import connect_to
from tests.integration.crashable import Server
from tests.integration.lives import Lives, lives

IS_LONG = bool(os.environ.get("HANDOFF_CHAOS"))
LEADS, KILLS, CRASHES = (1000, 130, 3) if IS_LONG else (40, 8, 1)
BLIND_LEADS, BLIND_KILLS = (300, 40) if IS_LONG else (30, 6)
SEED = dice.seed(None if IS_LONG else 7)
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "chaos.json"


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def server(postgres: scratch.Cluster, agreement_template: str, patch: pytest.MonkeyPatch) -> Iterator[Server]:
    with crashable.server() as server:
        crashable.copy(postgres, agreement_template, server.cluster)
        for name, value in server.cluster.environment(agreement_template).items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False, seed=SEED) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def host() -> Iterator[Lives]:
    with lives() as host:
        yield host


@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_doubled_and_the_look_is_why(
    server: Server,
    sandbox: RunningSandbox,
    host: Lives,
    patch: pytest.MonkeyPatch,
    tmp_path: Path,
    record_property: dice.Tell,
) -> None:
    dice.tell(record_property, SEED)
    connect_to(sandbox, patch)
    load_before = machine.load()
    leads = mqls.make(sandbox, LEADS + BLIND_LEADS)
    gave_way = tmp_path / "gave_way"
    kept = live_through(Day(leads[:LEADS], 2, KILLS, CRASHES, SEED, gave_way), host, server, sandbox)
    print(kept)
    assert (kept.handoffs, kept.messages) == (LEADS, 2 * LEADS)
    assert (kept.lost, kept.doubled, kept.wrong) == (0, 0, 0), kept
    assert (kept.kills, kept.postgres_crashes) == (KILLS, CRASHES)
    assert kept.ambiguous_share >= 0.15
    assert kept.found_by_looking > 0
    assert kept.gave_way > 0
    blind = live_through(Day(leads[LEADS:], 3, BLIND_KILLS, 0, SEED, gave_way, is_blind=True), host, server, sandbox)
    print(blind)
    assert blind.lost == 0
    assert blind.doubled > 0, "this run must be able to fail"
    if IS_LONG:
        _publish(kept, blind, load_before)


def _publish(kept: Figures, blind: Figures, load_before: float) -> None:
    with db.connect() as connection:
        ran_on = machine.describe(connection, load_before)
    figures = {"with_the_look": kept.as_json(), "without_the_look": blind.as_json()}
    measured_on = clock.now().astimezone(UTC).date().isoformat()
    RESULTS.write_text(json.dumps({**figures, "measured_on": measured_on, "machine": ran_on}, indent=2) + "\n")
