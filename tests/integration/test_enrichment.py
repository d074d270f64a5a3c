"""Enrichment is optional, paid once, by the agreement, and never for long."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from handoff import clock, stations
from handoff.enrich import run as enrich
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.web.app import PREFIX
from sandbox.company.people import Organization, company_domain, organization_of, person_of
from sandbox.testing import RunningSandbox
from tests.integration.test_line import RUN_IDS, hint, line, messages, one
from tests.unit.web.board_data import COOKIE, site

WHITEPAPER, WEBINAR = "f0000000-0000-4000-8000-000000000004", "f0000000-0000-4000-8000-000000000006"
WAIT_MINUTES = 10
"""`enrichment_wait_minutes` of the live definition."""


@pytest.fixture
def connection(landed_database: object, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def stranger(number: int) -> str:
    """An address that only Apollo knows something about."""
    found = 0
    for index in range(10_000):
        email = f"a.stranger@{company_domain(5_000 + index)}"
        organization = organization_of(email.partition("@")[2], 7)
        found += person_of(email, 7).in_apollo and organization is not None and organization.in_apollo
        if found == number:
            return email
    raise LookupError("Apollo knows nobody")


def enriched(connection: Connection, sandbox: RunningSandbox, act: dict[str, Any]) -> dict[str, Any]:
    """The counts of station enrich for a lead that has just acted."""
    hint(connection, act["contactId"])
    run_id = next(RUN_IDS)
    assert stations.extract(run_id)
    return stations.enrich(run_id)


def asked(sandbox: RunningSandbox) -> list[str]:
    requests = sandbox.control("GET", "log?vendor=apollo")["requests"]
    return [each["path"].rpartition("/")[2] for each in requests]


def test_a_slow_apollo_costs_no_message_and_its_answer_comes_later(
    connection: Connection, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrich, "DEADLINE_S", 0.3)
    sandbox.control("POST", "faults", {"kind": "latency", "path": "/api/v1/", "seconds": 1.0})
    act = sandbox.act("demo_request", email=stranger(1))
    hint(connection, act["contactId"])
    _, counts = line()
    assert "deadline" in counts["enrich"]["failed"] or "Timeout" in counts["enrich"]["failed"]
    assert counts["route"]["handed_off"] == 1
    assert len(messages(sandbox)) == 1
    assert one(connection, "select count(*) from handoff.lookups where settled_at is null") > 0

    sandbox.control("DELETE", "faults")
    connection.execute("update handoff.lookups set asked_at = asked_at - interval '2 minutes'")
    late = stations.enrich_late()
    assert late["found"] > 0
    assert late["leads"] == 1
    _, counts = line()
    assert counts["qualify"]
    # It is decided again with what is known now, and nobody is told twice.
    assert len(messages(sandbox)) == 1
    assert one(connection, "select count(*) from handoff.lookups where settled_at is null") == 0


def test_what_apollo_knows_of_the_person_stands_in_the_message_and_on_the_page(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    email = stranger(1)
    person = person_of(email, 7)
    contact = sandbox.act("demo_request", email=email)["contactId"]
    hint(connection, contact)
    line()
    (message,) = messages(sandbox)
    told = json.dumps(message["blocks"])
    assert person.title in told
    assert f"<{person.linkedin_url}|LinkedIn>" in told
    page = TestClient(site(), cookies={COOKIE: "reader"}).get(f"{PREFIX}/lead/{contact}").text
    assert f'<a href="{person.linkedin_url}"' in page


def curious(sandbox: RunningSandbox, number: int) -> str:
    """A stranger with interest enough for everything but their company's size, who raises no hand; the contact's id."""
    contact = sandbox.act("contact", email=good_stranger(number))["contactId"]
    for path in ("/pricing", "/pricing/teams"):
        sandbox.act("page_view", contact_id=contact, path=path)
    for form in (WHITEPAPER, WEBINAR):
        sandbox.act("form", contact_id=contact, form=form)
    return str(contact)


def good_stranger(number: int) -> str:
    """As `stranger`, of a company that meets every requirement."""
    every = (stranger(each) for each in count(1))
    good = (email for email in every if is_good(organization_of(email.partition("@")[2], 7)))
    return next(islice(good, number - 1, None))


def is_good(organization: Organization | None) -> bool:
    assert organization
    return organization.country == "United States" and 200 <= organization.employees < 1000


def decided(connection: Connection, lead: str) -> tuple[str, str, bool]:
    """The decision about a lead, its reason, and whether the line still holds on to it."""
    row = connection.execute(
        """select decision, reason, exists (select from handoff.pending_leads where lead_id = %(lead)s) as is_pending
        from line.int_qualifications where lead_id = %(lead)s""",
        {"lead": lead},
    ).fetchone()
    assert row
    return row["decision"], row["reason"], row["is_pending"]


def test_whoever_raised_no_hand_waits_for_apollo_and_not_for_long(
    connection: Connection, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrich, "DEADLINE_S", 0.3)
    sandbox.control("POST", "faults", {"kind": "latency", "path": "/api/v1/", "seconds": 1.0})
    answered = curious(sandbox, 1)
    unknown = "unknown: req-company-size; req-industry; req-region"
    hint(connection, answered)
    _, counts = line()
    assert counts["route"].get("handed_off", 0) == 0
    assert decided(connection, answered) == ("waiting", unknown, True)
    assert messages(sandbox) == []

    sandbox.control("DELETE", "faults")
    connection.execute("update handoff.lookups set asked_at = asked_at - interval '2 minutes'")
    assert stations.enrich_late()["leads"] == 1
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    assert decided(connection, answered)[::2] == ("mql", False)
    company = one(connection, "select context -> 'company' from handoff.handoffs where lead_id = %s", answered)
    assert 200 <= company["employees"] < 1000
    assert len(messages(sandbox)) == 1

    sandbox.control("POST", "faults", {"kind": "status", "status": 500, "path": "/api/v1/"})
    unanswered = curious(sandbox, 2)
    hint(connection, unanswered)
    line()
    assert decided(connection, unanswered) == ("waiting", unknown, True)
    later = clock.now() + timedelta(minutes=WAIT_MINUTES)
    monkeypatch.setattr(clock, "now", lambda: later)
    line()
    assert decided(connection, unanswered) == ("not_yet", unknown, False)
    assert one(connection, "select count(*) from handoff.handoffs") == len(messages(sandbox)) == 1


def test_an_apollo_that_fails_stops_nothing(connection: Connection, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "status", "status": 500, "path": "/api/v1/"})
    act = sandbox.act("demo_request", email=stranger(1))
    hint(connection, act["contactId"])
    _, counts = line()
    assert counts["enrich"]["failed"]
    assert counts["route"]["handed_off"] == 1


def test_a_person_who_is_somebody_else_is_refused(connection: Connection, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "tied", "path": "/api/v1/people"})
    counts = enriched(connection, sandbox, sandbox.act("demo_request", email=stranger(1)))
    assert (counts["asked"], counts["found"]) == (1, 0)
    assert one(connection, "select payload -> 'person' from raw.apollo_people") is None


def test_nothing_found_is_remembered_and_not_asked_again(connection: Connection, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "faults", {"kind": "nobody", "path": "/api/v1/"})
    act = sandbox.act("demo_request", email=stranger(1))
    first = enriched(connection, sandbox, act)
    assert first["asked"] > 0
    assert first["found"] == 0
    sandbox.control("DELETE", "faults")
    before = len(asked(sandbox))
    again = enriched(connection, sandbox, sandbox.act("page_view", contact_id=act["contactId"]))
    assert again["asked"] == 0
    assert len(asked(sandbox)) == before
    outcomes = connection.execute("select distinct outcome from handoff.lookups").fetchall()
    assert outcomes == [{"outcome": "nobody"}]


def test_the_day_s_budget_is_kept_and_told_once(
    connection: Connection, sandbox: RunningSandbox, landed_database: Any
) -> None:
    with psycopg.connect(landed_database.admin_dsn) as admin:
        admin.execute("update agreement.enrichment_policy set daily_credits = 1")
    paid = 0
    for number in (1, 2, 3):
        paid += enriched(connection, sandbox, sandbox.act("demo_request", email=stranger(number)))["asked"]
    assert paid == 1
    told = connection.execute("select payload ->> 'text' as text from handoff.outbox order by 1").fetchall()
    assert [row["text"].split(":")[0] for row in told] == ["Enrichment has used up today's budget for each person"]


def test_a_private_address_is_nobody_s_consent(connection: Connection, sandbox: RunningSandbox) -> None:
    act = sandbox.act("demo_request", email="somebody.private@gmail.com")
    enriched(connection, sandbox, act)
    assert "bulk_match" not in asked(sandbox)
    assert one(connection, "select count(*) from handoff.lookups where subject = 'person'") == 0


def test_what_a_lead_gives_as_an_address_is_never_fetched(
    connection: Connection, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only hosts of the connections are spoken to, whatever the lead's website says."""
    spoken: set[str] = set()
    real = __import__("socket").socket.connect

    def connect(self: Any, address: Any) -> Any:
        spoken.add(json.dumps(address[:1] if isinstance(address, tuple) else ["unix"]))
        return real(self, address)

    monkeypatch.setattr("socket.socket.connect", connect)
    act = sandbox.act(
        "contact",
        email="curious@inside.example",
        properties={"website": "http://169.254.169.254/latest/meta-data", "company": "file:///etc/passwd"},
    )
    sandbox.act("form", contact_id=act["contactId"])
    hint(connection, act["contactId"])
    line()
    assert '["127.0.0.1"]' in spoken
    assert spoken <= {'["127.0.0.1"]', '["unix"]'}
