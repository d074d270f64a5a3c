"""The commands: what they show, ask and write."""

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handoff import clock
from handoff.cli import app
from handoff.ledger import db
from handoff.ledger.db import Connection, only_one
from tests.unit.privacy.planted import ADA, dump, land, plant, run_of_the_line


@pytest.fixture
def connection(agreement_database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')
    with db.connect() as connection:
        plant(connection, ADA)
        yield connection


def test_an_export_goes_to_a_file_that_only_its_owner_reads(connection: Connection, tmp_path: Path) -> None:
    out = tmp_path / "ada.json"
    done = CliRunner().invoke(app, ["privacy", "export", ADA.email, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    told = json.loads(out.read_text())
    assert told["contact_ids"] == list(ADA.ids)
    assert told["emails"] == [ADA.second, ADA.email]
    assert told["tables"]["raw.hubspot_contacts"][0]["payload"]["properties"]["firstname"] == ADA.mark
    printed = CliRunner().invoke(app, ["privacy", "export", ADA.ids[1]])
    assert json.loads(printed.output) == told


def test_an_erasure_asks_and_no_means_no(connection: Connection) -> None:
    before = dump(connection, ADA.pattern, "raw", "handoff")
    done = CliRunner().invoke(app, ["privacy", "erase", ADA.ids[0]], input="n\n")
    assert done.exit_code == 1
    assert "raw.hubspot_contacts: 2 rows" in done.output
    assert dump(connection, ADA.pattern, "raw", "handoff") == before


def test_an_erasure_says_what_it_did_and_what_still_waits(connection: Connection) -> None:
    done = CliRunner().invoke(app, ["privacy", "erase", ADA.email, "--yes"])
    assert done.exit_code == 0, done.output
    assert "handoff.handoffs: 1 rows deleted or blanked" in done.output
    assert "1 open handoffs withdrawn; " in done.output
    run_of_the_line(connection)
    assert dump(connection, ADA.pattern, "raw", "handoff") == {}
    again = CliRunner().invoke(app, ["privacy", "erase", ADA.email, "--yes"])
    assert again.exit_code == 0
    assert "They were erased on" in again.output


def test_an_address_of_two_contacts_is_nobody_s(connection: Connection) -> None:
    land(connection, "hubspot_contacts", "41", {"id": "41", "properties": {"email": ADA.email}})
    done = CliRunner().invoke(app, ["privacy", "erase", ADA.email, "--yes"])
    assert done.exit_code == 1
    assert "name one of 41, 900001" in done.output
    assert dump(connection, ADA.pattern, "raw")


def test_retention_counts_what_it_would_take_and_then_takes_just_that(connection: Connection) -> None:
    young = CliRunner().invoke(app, ["privacy", "retain", "--dry-run"])
    assert young.output == "Nothing is older than retention.csv keeps it.\n"
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """update agreement.retention set keep_days = -1
            where subject in ('email_addresses', 'lookups', 'deleted_contacts', 'shadow_decisions')"""
        )
        admin.execute("update handoff.shadow_decisions set decided_at = %s", (clock.now() + timedelta(days=9),))
    land(connection, "hubspot_contacts", "41", {"id": "41", "archived": True})
    before = dump(connection, ".", "raw", "handoff")
    tried = CliRunner().invoke(app, ["privacy", "retain", "--dry-run"])
    assert tried.exit_code == 0, tried.output
    # Of two addresses a contact has one.
    expected = {"deleted_contacts": 1, "email_addresses": 1, "lookups": 1}
    assert tried.output == "".join(f"  {subject}: {count} are old\n" for subject, count in expected.items())
    assert dump(connection, ".", "raw", "handoff") == before
    done = CliRunner().invoke(app, ["privacy", "retain"])
    assert done.exit_code == 0, done.output
    assert done.output == tried.output.replace("are old", "deleted, blanked or erased")
    assert CliRunner().invoke(app, ["privacy", "retain", "--dry-run"]).output == young.output
    with only_one(connection, "retain"):
        taken = CliRunner().invoke(app, ["privacy", "retain"])
    assert taken.exit_code == 1
    assert "another command, is doing it now" in taken.output
