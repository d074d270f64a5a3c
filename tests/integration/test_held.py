"""MQLs that are held for days: nobody is lost by waiting, what it costs is booked where it was lost, and it replays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff import clock, explain, stations
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.qualify import run as qualify
from handoff.route import run as route
from handoff.route.replay import replay
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.integration import mqls
from tests.integration.test_line import hint, one


@pytest.fixture
def connection(landed_database: Database, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def read(sandbox: RunningSandbox, name: str) -> str:
    """Somebody of a company of their own who reads about prices; returns the contact's id."""
    properties = {"jobtitle": "VP of Sales", "country": "US"}
    lead: str = sandbox.act("contact", email=f"{name}@{name}.example", properties=properties)["contactId"]
    for _ in range(3):
        sandbox.act("page_view", contact_id=lead)
    return lead


def judge(connection: Connection, at: datetime) -> dict[str, Any]:
    qualify.run(connection, at)
    return route.run(connection, mqls.LATER, at)


def gate(connection: Connection, is_open: bool) -> None:
    connection.execute(
        """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
        values ('planted', 1, %s, %s, 'planted', '{}')""",
        (clock.now(), is_open),
    )


def land(connection: Connection, *leads: str) -> None:
    for lead in leads:
        hint(connection, lead)
    stations.extract(mqls.RUN)
    stations.enrich(mqls.RUN)


def stamps(connection: Connection, lead: str) -> Any:
    return connection.execute(
        "select event_at, received_at, extracted_at, qualified_at from handoff.handoffs where lead_id = %s", (lead,)
    ).fetchone()


def test_who_is_held_is_handed_over_in_the_end_for_what_made_it_an_mql(
    connection: Connection, sandbox: RunningSandbox, landed_database: Database
) -> None:
    raiser = str(sandbox.act("demo_request", email="jo@held.example", country="US", employees=200)["contactId"])
    reader, again, customer, twice = (read(sandbox, f"reader{n}") for n in range(4))
    other = sandbox.act("contact", email="silent@silent.example")["contactId"]
    with psycopg.connect(landed_database.admin_dsn, autocommit=True) as admin:
        admin.execute("delete from agreement.requirements; update agreement.definitions set threshold = 1")
        land(connection, raiser, reader, again, customer, twice)
        gate(connection, is_open=False)
        began = clock.now()
        assert judge(connection, began)["held"] == 5
        held = mqls.rows(
            connection,
            """select pending.lead_id, decided.score, decided.trigger_at as event_at, pending.received_at,
                pending.extracted_at, pending.qualified_at
            from handoff.pending_leads as pending inner join line.int_qualifications as decided using (lead_id)""",
        )
        # In the days to come each of them loses more than what is above that.
        reached = min(row["score"] for row in held if row["lead_id"] != raiser)
        admin.execute("update agreement.definitions set threshold = %s", (int(reached),))
    # Who is held when an agreement is loaded is judged by the new rows, which decide about the handoff.
    before = loads.newest(connection)
    assert before
    decides = loads.record(connection, loads.models(connection, before.models_hash), clock.now())
    assert decides != before
    first = {row.pop("lead_id"): {name: row[name] for name in row if name != "score"} for row in held}
    promised = one(connection, "select promised_at from handoff.pending_leads where lead_id = %s", raiser)
    assert promised

    sandbox.act("page_view", contact_id=again)
    sandbox.act("edit", contact_id=customer, properties={"lifecyclestage": "customer"})
    merged = str(sandbox.act("merge", contact_id=other, other_id=twice)["contactId"])
    land(connection, again, customer, merged)
    # The contact that a merge makes may land a run later than the merge is noticed.
    judge(connection, began + timedelta(minutes=30))
    land(connection)
    assert judge(connection, began + timedelta(hours=1))["held"] == 4
    noted = one(connection, "select max(entry_id) from handoff.stale_leads")
    assert judge(connection, began + timedelta(hours=2))["held"] == 4
    assert one(connection, "select max(entry_id) from handoff.stale_leads") == noted, "nothing new came in"
    assert one(connection, "select promised_at from handoff.pending_leads where lead_id = %s", raiser) == promised
    told = explain.explain(connection, reader)
    assert (told.decisions[0]["decision"], told.waits) == ("mql", "Held: a gate is closed: planted")

    gate(connection, is_open=True)
    opened = began + timedelta(hours=80)
    assert judge(connection, opened)["handed_off"] == 4
    handed = mqls.rows(connection, "select handoff_id, lead_id, as_of, routed_at, context from handoff.handoffs")
    assert {row["lead_id"] for row in handed} == {raiser, reader, again, merged}
    assert one(connection, "select count(*) from handoff.pending_leads") == 0
    # The rep hears of the newest act; the wait for the gate is the time from the decision to the rep.
    assert {lead: stamps(connection, lead) for lead in (raiser, reader, again)} == {
        lead: first[lead] for lead in (raiser, reader, again)
    }
    assert stamps(connection, merged) == first[twice]
    newest = {row["lead_id"]: datetime.fromisoformat(row["context"]["trigger"]["occurred_at"]) for row in handed}
    assert newest[reader] == first[reader]["event_at"]
    assert newest[again] > first[again]["event_at"]
    assert {row["as_of"] for row in handed} == {row["routed_at"] for row in handed} == {opened}
    assert one(connection, "select array_agg(distinct load_id) from handoff.handoffs") == [decides.load_id]
    assert [replay(connection, row["handoff_id"]).differences for row in handed] == [()] * 4
    # It is not what it read that makes a hand-raiser an MQL, however long ago that was.
    assert [each.what for each in explain.explain(connection, raiser).changes if "Viewed pricing" in each.what] == []
    assert one(connection, "select count(*) from handoff.held_mqls where ended_as_of is null") == 0
