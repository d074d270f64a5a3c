"""A rep's task in a CRM that fails half-way, and in which people work too."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff import clock as present
from handoff.clients.hubspot import HubSpotHook
from handoff.ledger.db import Connection, connect
from handoff.route.assignments import Assignment
from handoff.sync.task_target import reference, task_target
from handoff.sync.tasks import keep
from sandbox.testing import RunningSandbox, running_sandbox
from tests.conftest import Database
from tests.dying import dies_at
from tests.unit.route import handed

NAMES = [
    *("hs_task_status", "hubspot_owner_id", "hs_timestamp", "hs_task_type", "hs_task_priority"),
    *("hs_task_subject", "hs_task_body"),
]
ANA, BEN = "1001", "1002"
CREATES = {"method": "POST", "path": r"/objects/[^/]*/?tasks$"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as running:
        yield running


@dataclass
class Crm:
    """A contact with HubSpot behind it, and the station that keeps its tasks."""

    connection: Connection
    sandbox: RunningSandbox
    hubspot: HubSpotHook
    contact: str
    now: datetime = field(default_factory=present.now)

    def give(self, rep: str = "ana-costa", tier: str = "high") -> Assignment:
        return handed.to(self.connection, self.contact, rep, self.now, tier=tier)

    def keep(self, **later: float) -> dict[str, int]:
        self.now += timedelta(**later)
        return keep(self.connection, self.hubspot, lambda: self.now)

    def tasks(self) -> list[dict[str, str]]:
        """What the contact's live tasks say."""
        ids = self.hubspot.associations("contacts", "tasks", [self.contact])[self.contact]
        return [task["properties"] for task in self.hubspot.batch_read("tasks", ids, NAMES)[0]]

    def edit(self, **properties: str) -> None:
        """A person changes the only task."""
        (task,) = self.hubspot.associations("contacts", "tasks", [self.contact])[self.contact]
        self.hubspot.patch("tasks", task, properties)

    def pass_on(self, given: Assignment, rep: str) -> None:
        """Another rep has it now."""
        self.now += timedelta(minutes=1)
        said = handed.context(self.contact, self.now)
        candidate = handed.Candidate(4, "territory", "na", rep, 1, True, "territory ter-na")
        with self.connection.transaction():
            choice = handed.choose([candidate], {}, {})
            handed.give(self.connection, given.handoff_id, choice, said, self.now, "breach")

    def withdraw(self, given: Assignment) -> None:
        self.connection.execute(
            """insert into handoff.dispositions (handoff_id, kind, reason_id, occurred_at, recorded_at, evidence)
            values (%s, 'withdrawn', 'erased', %s, %s, '{}')""",
            (given.handoff_id, self.now, self.now),
        )

    def told(self) -> list[str]:
        query = "select payload ->> 'text' as text from handoff.outbox where kind = 'slack_review'"
        return [row["text"] for row in self.connection.execute(query).fetchall()]


@pytest.fixture
def crm(agreement_database: Database, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    sandbox.control("POST", "reset", {})
    sandbox.control("DELETE", "faults")
    sandbox.control("POST", "scopes", {"missing": []})
    value = {"conn_type": "http", "host": sandbox.url, "password": "pat-na1-sandbox"}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps({"conn_type": "slack", "password": "x"}))
    contact = str(sandbox.act("contact", email="jo@acme.example", properties={"lifecyclestage": "lead"})["contactId"])
    with connect() as opened:
        yield Crm(opened, sandbox, HubSpotHook(sleep=lambda seconds: None), contact)


def test_the_rep_gets_one_task_with_the_deadline_and_the_reason(crm: Crm) -> None:
    given = crm.give()
    assert crm.keep() == {"task_made": 1}
    (task,) = crm.tasks()
    assert [task[name] for name in NAMES[:2]] == ["NOT_STARTED", ANA]
    assert datetime.fromisoformat(task["hs_timestamp"]) == given.due_at.replace(
        microsecond=given.due_at.microsecond // 1000 * 1000
    )
    assert (task["hs_task_type"], task["hs_task_priority"]) == ("CALL", "HIGH")
    assert task["hs_task_subject"] == f"Call Lead {crm.contact}: Visited /pricing"
    assert "Visited the pricing page" in task["hs_task_body"]
    assert crm.keep(minutes=5) == {}
    assert len(crm.tasks()) == 1


def test_a_tier_without_a_task_makes_none(crm: Crm) -> None:
    crm.give(tier="standard")
    assert crm.keep() == {}
    assert crm.tasks() == []


def test_the_policy_is_the_agreements(crm: Crm, agreement_database: Database) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("update agreement.tiers set crm_task = 'email' where tier_id = 'high'")
    crm.give()
    crm.keep()
    assert [task["hs_task_type"] for task in crm.tasks()] == ["EMAIL"]


@pytest.mark.parametrize("fault", ["drop_after", "html", "truncate"])
def test_a_creation_with_an_ambiguous_answer_is_looked_up_and_never_repeated(crm: Crm, fault: str) -> None:
    crm.give()
    crm.sandbox.control("POST", "faults", {"kind": fault, "times": 1, **CREATES})
    assert crm.keep() == {"task_pending": 1}
    assert crm.keep(seconds=1) == {"task_pending": 1}, "a late request may still take effect"
    crm.sandbox.control("POST", "faults", {"kind": "status", "status": 400, "path": "associations"})
    assert crm.keep(minutes=1) == {"task_pending": 1}, "nothing is sent while it is not known"
    crm.sandbox.control("DELETE", "faults")
    assert crm.keep(minutes=5) == {"task_made": 1}
    assert len(crm.tasks()) == 1


def test_a_creation_that_did_not_arrive_is_repeated(crm: Crm) -> None:
    crm.give()
    crm.sandbox.control("POST", "faults", {"kind": "drop_before", "times": 1, **CREATES})
    assert crm.keep() == {"task_pending": 1}
    assert crm.keep(minutes=1) == {"task_made": 1}
    assert len(crm.tasks()) == 1


def test_another_task_of_the_same_lead_is_not_taken_for_ours(crm: Crm) -> None:
    crm.hubspot.create(
        "tasks", {"hs_timestamp": crm.now.isoformat(), "hs_task_body": "[hubspot_task:other:1]"}, crm.contact, 204
    )
    crm.give()
    crm.sandbox.control("POST", "faults", {"kind": "drop_before", "times": 1, **CREATES})
    assert crm.keep() == {"task_pending": 1}
    assert crm.keep(minutes=1) == {"task_made": 1}
    assert len(crm.tasks()) == 2


@pytest.mark.parametrize("kind", ["contacted", "rejected"])
def test_an_answered_leads_task_is_completed_once(crm: Crm, kind: str) -> None:
    given = crm.give()
    crm.keep()
    handed.answer(crm.connection, given, kind, crm.now)
    crm.sandbox.control("POST", "faults", {"kind": "drop_after", "times": 1, "method": "PATCH"})
    assert crm.keep(minutes=1) == {"task_pending": 1}
    assert crm.keep(minutes=1) == {"task_completed": 1}
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]
    assert crm.keep(minutes=1) == {}


def test_a_lead_that_goes_on_leaves_one_open_task_the_new_reps(crm: Crm) -> None:
    given = crm.give()
    crm.keep()
    crm.pass_on(given, "ben-okafor")
    assert crm.keep() == {"task_removed": 1, "task_made": 1}
    assert [(task["hubspot_owner_id"], task["hs_task_status"]) for task in crm.tasks()] == [(BEN, "NOT_STARTED")]


def test_a_lead_that_went_on_before_the_task_was_made_gets_none_for_the_first_rep(crm: Crm) -> None:
    crm.pass_on(crm.give(), "ben-okafor")
    assert crm.keep() == {"task_not_needed": 1, "task_made": 1}
    assert [task["hubspot_owner_id"] for task in crm.tasks()] == [BEN]


def test_a_withdrawn_leads_task_goes(crm: Crm) -> None:
    given = crm.give()
    crm.keep()
    crm.withdraw(given)
    assert crm.keep() == {"task_removed": 1}
    assert crm.tasks() == []


def test_what_became_of_a_task_is_carried_out_once_also_after_a_death(crm: Crm) -> None:
    given = crm.give()
    crm.keep()
    crm.withdraw(given)
    assert dies_at("sync.task.followed", lambda own: keep(own, crm.hubspot, lambda: crm.now))
    assert crm.keep() == {"task_removed": 1}
    assert crm.keep(minutes=1) == {}
    assert crm.tasks() == []


def test_a_task_that_went_with_its_contact_is_left_alone(crm: Crm) -> None:
    given = crm.give()
    crm.keep()
    (task,) = crm.hubspot.associations("contacts", "tasks", [crm.contact])[crm.contact]
    crm.hubspot.archive("tasks", task)
    crm.withdraw(given)
    assert crm.keep() == {"task_gone": 1}
    assert crm.told() == []


def test_a_deadline_that_moved_moves_the_task(crm: Crm) -> None:
    given = crm.give()
    crm.keep()
    due = given.due_at + timedelta(hours=1)
    crm.connection.execute(
        """insert into handoff.clock_pauses (assignment_id, began_at, ended_at, reason, due_at)
        values (%s, %s, %s, 'outage', %s)""",
        (given.assignment_id, crm.now, crm.now + timedelta(hours=1), due),
    )
    assert crm.keep() == {"task_moved": 1}
    (task,) = crm.tasks()
    assert abs(datetime.fromisoformat(task["hs_timestamp"]) - due) < timedelta(milliseconds=1)
    handed.answer(crm.connection, given, "contacted", crm.now)
    assert crm.keep() == {"task_completed": 1}, "our own change is no person's"


@pytest.mark.parametrize(
    "chosen",
    [{"hs_task_status": "WAITING"}, {"hubspot_owner_id": "1003"}, {"hs_timestamp": "2027-01-04T09:00:00.000Z"}],
    ids=["status", "owner", "due"],
)
@pytest.mark.parametrize("is_passed_on", [False, True])
def test_a_task_that_a_person_changed_stays(crm: Crm, chosen: dict[str, str], is_passed_on: bool) -> None:
    given = crm.give()
    crm.keep()
    crm.edit(**chosen)
    before = crm.tasks()
    if is_passed_on:
        crm.withdraw(given)
    else:
        handed.answer(crm.connection, given, "contacted", crm.now)
    assert crm.keep(minutes=1) == {"task_drift": 1}
    assert crm.tasks() == before


def test_without_the_scope_the_handoff_goes_on_and_somebody_is_told_once(crm: Crm) -> None:
    crm.sandbox.control("POST", "scopes", {"missing": ["crm.objects.contacts.write"]})
    given = crm.give()
    crm.pass_on(given, "ben-okafor")
    crm.keep()
    handed.to(
        crm.connection, str(crm.sandbox.act("contact", email="al@acme.example")["contactId"]), "ana-costa", crm.now
    )
    assert crm.keep(minutes=1) == {"task_not_permitted": 1}
    assert [text.startswith("Reps get no tasks in HubSpot") for text in crm.told()] == [True]
    dead = "select from handoff.outbox where kind = 'hubspot_task' and state <> 'sent'"
    assert crm.connection.execute(dead).rowcount == 0


def test_a_leads_own_words_bring_no_markup() -> None:
    context = handed.context("1", handed.NOON)
    evil = '<a href="https://evil.example">x</a> & [hubspot_task:h:1]'
    lead = type(context.lead)("1", name=evil)
    trigger = type(context.trigger)("form", evil, handed.NOON)
    said: dict[str, Any] = context.__dict__ | {"lead": lead, "trigger": trigger}
    properties = task_target("hubspot_task:h:12", "call", type(context)(**said), "1", 12, ANA, handed.NOON)[
        "properties"
    ]
    assert "<a" not in properties["hs_task_body"] + properties["hs_task_subject"]
    assert "&amp;" in properties["hs_task_body"]
    assert reference("hubspot_task:h:12") in properties["hs_task_body"]
    assert reference("hubspot_task:h:1") not in properties["hs_task_body"]
