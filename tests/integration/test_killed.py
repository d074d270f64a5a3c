"""`kill -9` at any request: nothing is lost, nothing is landed twice, and the watermark never runs ahead."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox, running_sandbox
from tests.integration.conftest import connect_to

REPOSITORY = Path(__file__).parents[2]
CONTACTS, KILLED_AT = (2200, (1, 12, 30, 50, 70)) if os.environ.get("HANDOFF_CHAOS") else (1100, (15,))
"""More than one landing of a thousand; requests about contacts, counted over one pass, of which the last may be past
its end."""


@pytest.fixture(scope="module")
def crm() -> Iterator[RunningSandbox]:
    with running_sandbox(contacts=CONTACTS, limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def connection(database: object, crm: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    connect_to(crm, monkeypatch)
    with db.connect() as connection:
        yield connection


def start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "handoff.cli", "crm", "backfill"]
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=os.environ.copy(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def requests(crm: RunningSandbox) -> int:
    return int(crm.control("GET", "log?path=/contacts&limit=1")["total"])


def landed(connection: Connection, stream: str) -> tuple[int, int]:
    rows = connection.execute(f"select count(*) as versions, count(distinct id) as ids from raw.{stream}").fetchall()
    return rows[0]["versions"], rows[0]["ids"]


def test_a_backfill_that_is_killed_again_and_again_loads_everything_once(
    connection: Connection, crm: RunningSandbox
) -> None:
    kills = 0
    for at in KILLED_AT:
        crm.control("DELETE", "log")
        process = start()
        while process.poll() is None and requests(crm) < at:
            time.sleep(0.002)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        cursor = connection.execute(
            "select watermark from handoff.cursors where stream = 'hubspot_contacts'"
        ).fetchall()
        # Only a pass that has landed all of it may say that nothing is missing.
        assert not cursor or landed(connection, "hubspot_contacts")[1] == CONTACTS
    assert kills > len(KILLED_AT) // 2
    assert start().wait(timeout=240) == 0
    assert landed(connection, "hubspot_contacts") == (CONTACTS, CONTACTS)
    health = crm.control("GET", "health")
    assert landed(connection, "hubspot_companies")[1] == health["companies"]
    assert landed(connection, "hubspot_form_submissions")[1] == health["submissions"]
