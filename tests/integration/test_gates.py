"""A gate that closes and opens over the whole line: what is held, who is told, and in which order it goes out."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from handoff import clock, stations
from handoff.cli import app
from handoff.gates import documents, state
from handoff.ledger import db
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.integration.test_line import hint, line, messages, one
from tests.unit.web.board_data import COOKIE, site


@pytest.fixture
def connection(agreement_database: Database, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        line()
        yield connection


def retype(sandbox: RunningSandbox, to: str) -> None:
    sandbox.control("POST", "property", {"object": "contacts", "name": "hs_email_bounce", "type": to})


def reviewed(sandbox: RunningSandbox) -> list[str]:
    """What the review channel was told about gates."""
    everything = sandbox.control("GET", "slack/messages")["messages"]
    return [each["text"] for each in everything if each["text"].startswith("The gate")]


def deadlines(connection: Connection) -> dict[str, datetime | None]:
    """By when first contact would have been promised, by lead that is held."""
    rows = connection.execute("select lead_id, promised_at from handoff.pending_leads where held_because is not null")
    return {row["lead_id"]: row["promised_at"] for row in rows}


def page(path: str) -> str:
    """What a person reads."""
    answer = TestClient(site(), cookies={COOKIE: "reader"}).get(f"/handoff/{path}")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_gate_on_the_crm_holds_leads_tells_of_it_and_lets_them_go_in_order(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    assert stations.gates()["closed"] == []
    retype(sandbox, "string")
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 hours'")
    line()
    assert stations.gates()["closed"] == ["crm_properties"]

    leads = [str(sandbox.act("demo_request", email=f"jo@held{n}.example")["contactId"]) for n in range(3)]
    for lead in leads:
        hint(connection, lead)
    _, counts = line()
    assert counts["route"]["held"] == 3
    assert one(connection, "select count(*) from line.int_scores where lead_id = any(%s)", leads) > 0
    assert messages(sandbox) == []
    (told,) = reviewed(sandbox)
    assert told.startswith("The gate crm_properties is closed: leads go on being landed and scored, and nobody is")
    assert "contacts.hs_email_bounce" in told
    due = deadlines(connection)
    assert set(due) == set(leads)
    assert all(due.values())
    said = page("board")
    assert "The gate crm_properties is closed since" in said
    assert "MQLs held 3 ▲ nobody has them; 3 raised a hand" in said
    assert said.count("▲ at risk") == 3

    # Whoever has waited longest comes first among equals, whatever their id.
    for place, lead in enumerate(reversed(leads)):
        connection.execute(
            "update handoff.pending_leads set extracted_at = %s where lead_id = %s",
            (clock.now() - timedelta(minutes=10 - place), lead),
        )
    _, counts = line()
    assert counts["route"]["held"] == 3
    assert due == deadlines(connection)

    retype(sandbox, "number")
    _, counts = line()
    assert counts["route"]["handed_off"] == 3
    assert state.closed(connection) == ()
    order = connection.execute(
        "select handoff.lead_id from handoff.assignments inner join handoff.handoffs as handoff using (handoff_id) "
        "order by assignment_id"
    )
    assert [row["lead_id"] for row in order] == leads[::-1]
    assert len(messages(sandbox)) == 3
    closing, opening = reviewed(sandbox)
    assert (closing, opening.startswith("The gate crm_properties is open: ")) == (told, True)


def test_what_a_person_opened_stays_open_until_it_is_good(
    connection: Connection, sandbox: RunningSandbox, agreement_database: Database
) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("insert into handoff.lacks values ('hubspot_contacts', 'refused', now(), now())")
    assert stations.gates()["closed"] == ["crm_access"]
    shown = CliRunner().invoke(app, ["gate", "show", "--json"])
    assert shown.exit_code == 1
    assert {each["gate"]: each["is_open"] for each in json.loads(shown.output)}["crm_access"] is False

    refused = CliRunner().invoke(app, ["gate", "open", "crm_acces", "--because", "known"])
    assert refused.exit_code == 2
    assert stations.gates()["closed"] == ["crm_access"]
    opened = CliRunner().invoke(app, ["gate", "open", "crm_access", "--because", "a token is being renewed"])
    assert opened.exit_code == 0, opened.output
    assert stations.gates()["closed"] == []
    (standing,) = [each for each in state.states(connection) if each.gate == "crm_access"]
    assert (standing.is_by_hand, standing.reason.endswith(": a token is being renewed")) == (True, True)

    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("delete from handoff.lacks")
    assert stations.gates()["closed"] == []
    (standing,) = [each for each in state.states(connection) if each.gate == "crm_access"]
    assert not standing.is_by_hand
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("insert into handoff.lacks values ('hubspot_contacts', 'refused', now(), now())")
    assert stations.gates()["closed"] == ["crm_access"]


def test_a_warning_is_told_once_and_holds_nothing(
    connection: Connection, sandbox: RunningSandbox, agreement_database: Database
) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("insert into handoff.lacks values ('hubspot_deals', 'refused', now(), now())")
    for _ in range(2):
        assert stations.gates()["warned"] == ["crm_access"]
    hint(connection, sandbox.act("demo_request")["contactId"])
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    (told,) = reviewed(sandbox)
    assert told.startswith("The gate crm_access warns, and holds nothing: HubSpot does not let us read a stream")
    assert "● warns" in page("board")


def test_data_docs_are_written_by_the_task_and_not_by_a_page(connection: Connection, sandbox: RunningSandbox) -> None:
    assert "No gate has been judged yet" in page("data-docs")
    stations.gates()
    gates = {each["gate"] for each in documents.listed(connection)}
    assert {"stream_freshness", "crm_access", "crm_properties", "hubspot_contacts"} <= gates
    assert "Expectation Suite: stream_freshness" in page("data-docs/stream_freshness")
