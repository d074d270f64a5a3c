"""`kill -9` at every boundary of what is durable, the first time and the third; a fresh process finishes."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from handoff import crash
from handoff.clients.hubspot import HubSpotHook
from handoff.ledger import db
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox, running_sandbox
from tests.integration import mqls
from tests.integration.conftest import connect_to
from tests.integration.lives import Lives, lives

REPOSITORY = Path(__file__).parents[2]
ELSEWHERE = ("watch.", "notify.", "ledger.", "route.withdrawal.", "route.erasure.", "route.flood.", "route.gate.")
ELSEWHERE += ("route.hand.", "route.merge.", "route.risk.", "sync.conflict.", "sync.choice.", "review.")
"""Points of stations that other tests kill."""
HERE = tuple(point for point in crash.POINTS if not point.startswith(ELSEWHERE))
DOUBT = {"kind": "drop_after", "path": r"chat\.postMessage$", "times": 3}
LOST_PATCH = {"kind": "drop_after", "method": "PATCH", "times": 3}
NTH = (1, 3) if os.environ.get("HANDOFF_CHAOS") else (3,)
LEADS = 3
"""In each round, so that each point is passed three times."""
KILLED = -9
REP, PERSON = "hubspot_owner_id", "1006"


@pytest.fixture(scope="module")
def host() -> Iterator[Lives]:
    with lives() as host:
        yield host


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def leads(module_agreement_database: object, sandbox: RunningSandbox, patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Three more MQLs at each call, which nobody has handed over yet."""
    connect_to(sandbox, patch)
    made = mqls.make(sandbox, LEADS * 2 * len(HERE))
    return (made[start : start + LEADS] for start in range(0, len(made), LEADS))


@pytest.fixture(scope="module")
def rounds() -> Iterator[int]:
    return count(2)


@pytest.fixture
def connection(leads: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


@pytest.mark.parametrize("nth", NTH)
@pytest.mark.parametrize("point", HERE)
def test_killed_at_a_point_a_fresh_process_finishes(
    point: str,
    nth: int,
    host: Lives,
    leads: Iterator[list[str]],
    rounds: Iterator[int],
    connection: Connection,
    sandbox: RunningSandbox,
) -> None:
    mine, batch, chosen = next(leads), next(rounds), {}
    mqls.queue(connection, mine, batch)
    if point == "drain.item.looked":
        _after_lost_answers(host, connection, sandbox, DOUBT, batch)
    if point == "sync.contact.restored":
        _after_lost_answers(host, connection, sandbox, LOST_PATCH, batch)
        chosen = {lead: _cover(sandbox, lead) for lead in mine}
    assert host.run("stations", f"{point}:{nth}", batch=batch) == KILLED
    mqls.pass_by(connection)
    assert host.run("stations", batch=batch) == 0
    assert host.run("stations", batch=batch) == 0
    handed = _as_it_should_be(connection, mine)
    _slack_says_each_once(connection, sandbox)
    for lead, owner in handed.items():
        assert _tasks(lead) == [owner]
        said = HubSpotHook().read("contacts", lead, [REP, "lifecyclestage", "hs_lead_status", "handoff_sla_status"])
        assert said["properties"][REP] == chosen.get(lead, owner)
        assert said["properties"]["lifecyclestage"] == "marketingqualifiedlead"
        assert said["properties"]["hs_lead_status"] == "NEW"
        assert said["properties"]["handoff_sla_status"] == "due"
    assert _conflicts(connection, mine) == dict.fromkeys(chosen, 1)


def test_every_point_in_the_source_is_registered_and_killed_somewhere() -> None:
    source = "".join(path.read_text() for path in (REPOSITORY / "plugins").rglob("*.py"))
    assert set(re.findall(r'crash\.point\("([^"]+)"\)', source)) == set(crash.POINTS)
    tests = "".join(path.read_text() for path in (REPOSITORY / "tests").rglob("test_*.py"))
    assert [point for point in crash.POINTS if point not in HERE and point not in tests] == []


def _after_lost_answers(
    host: Lives, connection: Connection, sandbox: RunningSandbox, fault: dict[str, Any], batch: int
) -> None:
    """A life whose first three writes take effect without an answer, and some time after it."""
    sandbox.control("POST", "faults", fault)
    assert host.run("stations", batch=batch) == 0
    sandbox.control("DELETE", "faults")
    mqls.pass_by(connection)


def _cover(sandbox: RunningSandbox, lead: str) -> str:
    """Make it look as if a person's choice had come just before our write; returns the choice."""
    hubspot = HubSpotHook()
    ours = hubspot.read("contacts", lead, [REP])["properties"][REP]
    assert ours != PERSON
    sandbox.act("edit", contact_id=lead, properties={REP: PERSON})
    hubspot.patch("contacts", lead, {REP: ours})
    return PERSON


def _as_it_should_be(connection: Connection, mine: list[str]) -> dict[str, str]:
    """The invariants of the ledger; returns each lead's owner as the ledger has it."""
    assert mqls.rows(connection, "select * from handoff.outbox where state <> 'sent'") == []
    waiting = "select * from handoff.pending_leads where lead_id = any(%(mine)s)"
    assert mqls.rows(connection, waiting, mine=mine) == []
    found = mqls.rows(
        connection,
        """select handoff.lead_id, rep.crm_owner_id, array_agg(effect.kind order by effect.kind) as kinds
        from handoff.handoffs as handoff
        inner join handoff.assignments as assignment using (handoff_id)
        inner join agreement.reps as rep using (rep_id)
        inner join handoff.outbox as effect
            on effect.dedupe_key = format('%%s:%%s:%%s', effect.kind, handoff.handoff_id, assignment.assignment_id)
        where handoff.lead_id = any(%(mine)s)
        group by handoff.handoff_id, assignment.assignment_id, rep.crm_owner_id""",
        mine=mine,
    )
    # One row a lead: one handoff, and one assignment of it.
    assert sorted(row["lead_id"] for row in found) == sorted(mine)
    assert all(row["kinds"] == ["hubspot_contact", "hubspot_task", "slack_channel", "slack_dm"] for row in found)
    return {row["lead_id"]: row["crm_owner_id"] for row in found}


def _slack_says_each_once(connection: Connection, sandbox: RunningSandbox) -> None:
    said = sandbox.control("GET", "slack/messages")["messages"]
    # People talk there, too.
    posted = Counter(each["metadata"]["event_payload"]["dedupe_key"] for each in said if "metadata" in each)
    effects = mqls.rows(connection, "select dedupe_key from handoff.outbox where kind not like 'hubspot_%%'")
    assert posted == Counter(effect["dedupe_key"] for effect in effects)


def _tasks(lead: str) -> list[str]:
    """The owners of a contact's tasks."""
    hubspot = HubSpotHook()
    ids = hubspot.associations("contacts", "tasks", [lead])[lead]
    return [task["properties"][REP] for task in hubspot.batch_read("tasks", ids, [REP])[0]]


def _conflicts(connection: Connection, mine: list[str]) -> dict[str, int]:
    """Conflicts about the owner that the ledger keeps, by lead."""
    kept = mqls.rows(
        connection,
        """select payload ->> 'contact_id' as lead_id, count(*) as conflicts from handoff.outbox
        where kind = 'hubspot_contact' and result #> '{drift,hubspot_owner_id}' is not null
            and payload ->> 'contact_id' = any(%(mine)s) group by 1""",
        mine=mine,
    )
    return {row["lead_id"]: row["conflicts"] for row in kept}
