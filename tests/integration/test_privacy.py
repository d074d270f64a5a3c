"""Somebody goes through the whole line and is erased: no table, model, message or log still tells of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handoff import clock, stations
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.privacy import person
from handoff.privacy.erase import erase
from handoff.privacy.export import export
from sandbox.testing import RunningSandbox
from tests.integration.test_line import hint, line, one
from tests.unit.privacy.planted import dump

ADA, BEN = "zqada", "zqben"
pytestmark = pytest.mark.usefixtures("models_alone")


@pytest.fixture
def connection(landed_database: object, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def lived(connection: Connection, sandbox: RunningSandbox, mark: str) -> str:
    """A lead with the mark in every text, who was handed over, called and written to; returns the contact's id."""
    act = sandbox.act("demo_request", email=f"{mark}@works-of-{mark[2:]}.example", country="US", employees=200)
    contact_id = str(act["contactId"])
    named = {name: f"{mark} {name}" for name in ("firstname", "lastname", "jobtitle", "company")}
    sandbox.act("edit", contact_id=contact_id, properties=named | {"phone": f"+1 {mark}"})
    hint(connection, contact_id)
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    for what in ("call", "email"):
        sandbox.act(what, contact_id=contact_id)
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line()
    stations.watch()
    return contact_id


def said(sandbox: RunningSandbox) -> str:
    return str(sandbox.control("GET", "slack/messages")["messages"]).lower()


def traces(connection: Connection, mark: str, contact_id: str) -> dict[str, list[str]]:
    return dump(connection, rf"{mark}|\m{contact_id}\M")


def tables(connection: Connection, *names: str) -> set[str]:
    """Those that are tables of raw, the ledger, the line and the marts."""
    rows = connection.execute(
        """select format('%%I.%%I', schemaname, tablename) as name from pg_tables
        where schemaname in ('raw', 'handoff', 'line', 'marts')"""
    )
    return {row["name"] for row in rows} & set(names)


def test_whom_the_crm_erases_is_nowhere_any_more(
    connection: Connection,
    sandbox: RunningSandbox,
    airflow_home: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ada, ben = lived(connection, sandbox, ADA), lived(connection, sandbox, BEN)
    stations.marts()
    before = traces(connection, ADA, ada)
    # The test sees what it looks for: landings, the ledger, the line's tables, views and marts.
    assert {name.split(".")[0] for name in before} >= {*("raw", "handoff", "staging", "line", "marts", "marts_build")}
    assert {"line.int_score_timeline", "marts.dim_leads", "handoff.outbox"} <= set(before)
    assert ADA in said(sandbox)
    given = export(connection, person.of_contact(connection, ada))
    assert tables(connection, *before) - set(given) == set()
    assert {"line.int_scores", "marts.dim_leads", "marts.fct_handoffs", "marts.fct_sla_outcomes"} <= set(given)
    assert not re.search(rf"{BEN}|\b{ben}\b", str(given))
    figures = "select handoff_id, tier_id, score, routed_at, due_at, contacted_at from marts.fct_handoffs order by 1"
    counted = connection.execute(figures).fetchall()

    sandbox.act("erase", contact_id=ada)
    hint(connection, ada)
    _, counts = line()
    assert counts["route"]["erased"] == 1
    line()
    # The second build has nobody to renew, so it also forgets whom the first one did.
    stations.marts()
    stations.marts()
    assert traces(connection, ADA, ada) == {}
    assert ADA not in said(sandbox)
    assert BEN in said(sandbox)
    assert {"raw", "handoff", "line", "marts"} <= {name.split(".")[0] for name in traces(connection, BEN, ben)}
    assert connection.execute(figures).fetchall() == counted

    # What comes late: the hint again, and a pass over all that the CRM has.
    hint(connection, ada)
    stations.sweep()
    line()
    stations.marts()
    stations.marts()
    assert traces(connection, ADA, ada) == {}

    output = capfd.readouterr()
    logs = [caplog.text, output.out, output.err]
    logs += [path.read_text(errors="replace") for path in airflow_home.rglob("*.log")]
    assert "int_leads" in "".join(logs)
    assert [text for text in logs for mark in (ADA, BEN) if mark in text.lower()] == []


def test_whom_a_person_erases_here_stays_away_although_the_crm_has_them(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    ada = lived(connection, sandbox, ADA)
    report = erase(connection, person.find(connection, f"{ADA}@works-of-ada.example"), clock.now(), "person")
    assert report.counts["handoff.handoffs"] == 1
    sandbox.act("edit", contact_id=ada, properties={"jobtitle": f"{ADA} again"})
    hint(connection, ada)
    for again in (line, stations.sweep, line, stations.marts, stations.marts):
        again()
    found: dict[str, Any] = traces(connection, ADA, ada)
    assert found == {}
    assert ADA not in said(sandbox)
    assert one(connection, "select sum(refused) from handoff.erased") > 0
    assert one(connection, "select count(*) from handoff.handoffs") == 1
