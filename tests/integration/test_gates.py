"""A gate that closes and opens over the whole line: what is held, who is told, and in which order it goes out."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from handoff import clock, stations
from handoff.cli import app
from handoff.gates import state
from handoff.ledger import db
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.integration.test_line import hint, line, messages, one
from tests.unit.web.board_data import COOKIE, site
from tests.unit.web.doors import connect

Admin = psycopg.Connection[Any]


@pytest.fixture
def admin(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    """An agreed database, no CRM, and somebody who may plant what the line would find."""
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    connect(monkeypatch, "slack", {"review_channel": "#review"})
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def refuse(admin: Admin, stream: str) -> None:
    admin.execute("insert into handoff.lacks values (%s, 'refused', now(), now())", (stream,))


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
    agreement_database: Database, sandbox: RunningSandbox
) -> None:
    with db.connect() as connection:
        line()
        _hold_and_release(connection, sandbox)


def _hold_and_release(connection: Connection, sandbox: RunningSandbox) -> None:
    assert stations.gates()["closed"] == []
    retype(sandbox, "string")
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 hours'")
    line()
    assert stations.gates()["closed"] == ["crm_properties"]

    same = {"jobtitle": "VP of Sales", "country": "US", "employees": 200}
    leads = [str(sandbox.act("demo_request", email=f"jo@held{n}.example", **same)["contactId"]) for n in range(4)]
    for lead in leads:
        hint(connection, lead)
    _, counts = line()
    assert counts["route"]["held"] == 4
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
    assert "MQLs held 4 ▲ nobody has them; 4 raised a hand" in said
    assert said.count("▲ at risk") == 4

    scores = {
        row["lead_id"]: row["score"]
        for row in connection.execute(
            "select lead_id, score from line.int_qualifications where lead_id = any(%s)", (leads,)
        )
    }
    assert len(set(scores.values())) < len(leads), "no two leads are equal"
    # The hottest comes first, and among equals whoever has waited longest, whatever their id.
    for place, lead in enumerate(reversed(leads)):
        connection.execute(
            "update handoff.held_mqls set extracted_at = %s where lead_id = %s",
            (clock.now() - timedelta(minutes=10 - place), lead),
        )
    _, counts = line()
    assert counts["route"]["held"] == 4
    assert due == deadlines(connection)

    retype(sandbox, "number")
    _, counts = line()
    assert counts["route"]["handed_off"] == 4
    assert state.closed(connection) == ()
    order = connection.execute(
        "select handoff.lead_id from handoff.assignments inner join handoff.handoffs as handoff using (handoff_id) "
        "order by assignment_id"
    )
    assert [row["lead_id"] for row in order] == sorted(leads, key=lambda lead: (-scores[lead], -leads.index(lead)))
    assert len(messages(sandbox)) == 4
    closing, opening = reviewed(sandbox)
    assert (closing, opening.startswith("The gate crm_properties is open: ")) == (told, True)


def test_what_a_person_opened_stays_open_until_it_is_good(admin: Admin) -> None:
    refuse(admin, "hubspot_contacts")
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
    assert "crm_access ● opened by hand" in page("board")

    admin.execute("delete from handoff.lacks")
    # No stream has been read and none is refused: there is nothing to judge, which is no good judgement.
    assert stations.gates()["closed"] == []
    assert "crm_access ● opened by hand" in page("board")
    admin.execute("insert into handoff.cursors (stream, seen_until) values ('hubspot_contacts', now())")
    assert stations.gates()["closed"] == []
    assert "crm_access ✓ open" in page("board")
    refuse(admin, "hubspot_contacts")
    assert stations.gates()["closed"] == ["crm_access"]
    admin.execute("delete from handoff.lacks; delete from handoff.cursors")
    assert stations.gates()["closed"] == ["crm_access"]


def test_what_is_accepted_by_hand_is_what_the_crm_now_has(admin: Admin) -> None:
    admin.execute(
        """insert into handoff.crm_properties values
        ('contacts.a', true, 'string', 'number', '{}', '{}', now()),
        ('contacts.b', true, 'enumeration', 'enumeration', '{x,y}', '{x}', now())"""
    )
    found = stations.gates()
    assert (found["closed"], found["warned"]) == (["crm_properties"], ["crm_properties"])
    CliRunner().invoke(app, ["gate", "open", "crm_properties", "--because", "agreed with marketing"])
    found = stations.gates()
    assert (found["closed"], found["warned"]) == ([], [])
    assert "crm_properties ✓ open 2 properties meet every expectation" in page("board")


def test_a_warning_is_told_once_a_day_and_holds_nothing(admin: Admin) -> None:
    refuse(admin, "hubspot_deals")
    for _ in range(2):
        found = stations.gates()
        assert (found["closed"], found["warned"]) == ([], ["crm_access"])
    told = admin.execute("select payload ->> 'text' from handoff.outbox where kind = 'slack_review'").fetchall()
    assert len(told) == 1
    assert told[0][0].startswith("The gate crm_access warns, and holds nothing: HubSpot does not let us read a stream")
    assert "crm_access ● warns" in page("board")


def test_data_docs_are_written_by_the_task_and_not_by_a_page(admin: Admin) -> None:
    refuse(admin, "hubspot_deals")
    assert "No gate has been judged yet" in page("data-docs")
    assert stations.gates()["rendered"] == 2
    assert "Expectation Suite: crm_access" in page("data-docs/crm_access")
    assert "refused: hubspot_deals = 1" in page("data-docs/crm_access")
    before = admin.execute("select gate, rendered_at from handoff.gate_documents order by gate").fetchall()
    page("data-docs/crm_access")
    assert admin.execute("select gate, rendered_at from handoff.gate_documents order by gate").fetchall() == before
