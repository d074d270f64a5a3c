"""What is old goes, what is young or still needed stays, in batches, and a second run finds nothing."""

import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.types.json import Jsonb

from handoff import connections, identity
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put
from handoff.privacy import retention
from handoff.privacy.ages import AGELESS, AGES, SUBJECTS
from handoff.privacy.registry import PERSONAL
from handoff.settings import settings
from tests.unit.privacy import planted
from tests.unit.privacy.planted import ADA, NOW, dump, plant
from tests.unit.route import handed

LATER = NOW + timedelta(days=4000)
"""When everything is old."""


@pytest.fixture
def connection(agreement_database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')
    with db.connect() as connection:
        yield connection


def count(connection: Connection, query: str) -> int:
    row = connection.execute(f"select count(*) as n from {query}").fetchone()
    assert row is not None
    return int(row["n"])


def end(connection: Connection, handoff_id: str) -> None:
    connection.execute(
        """insert into handoff.dispositions (handoff_id, kind, occurred_at, recorded_at, evidence)
        values (%s, 'rejected', %s, %s, '{}')""",
        (handoff_id, NOW, NOW),
    )
    connection.execute(
        "update handoff.outbox set state = 'sent', sent_at = %s where handoff_id = %s and state = 'pending'",
        (NOW, handoff_id),
    )


def twice(connection: Connection, at: datetime = planted.AT) -> None:
    """A second version of everything that has versions, and a second verdict of everything that has those."""
    for table, record_id, payload in planted.records(ADA):
        planted.land(connection, table, record_id, payload | {"again": True}, at + timedelta(days=1))
    connection.execute(
        """insert into handoff.lead_facts values (%s, %s, '{"title": "CTO"}')""",
        (ADA.ids[0], at + timedelta(days=1)),
    )
    for number in range(2):
        named: dict[str, Any] = {"at": at + timedelta(days=number), "run": f"run-{number}"}
        for statement in (
            """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
                values ('planted', 1, %(at)s, true, 'fine', '{}')""",
            "insert into handoff.line_runs (run_id, started_at, finished_at) values (%(run)s, %(at)s, %(at)s)",
            """insert into handoff.passes
                (kind, stream, batch_id, read_until, started_at, finished_at, seen, landed, missed)
                values ('sweep', 'hubspot_contacts', 1, %(at)s, %(at)s, %(at)s, 1, 1, 0)""",
        ):
            connection.execute(statement, named)
    for name in ("companies", "owners", "users", "pipelines", "forms", "campaigns", "properties"):
        for number in range(2):
            planted.land(connection, f"hubspot_{name}", "1", {"n": number}, at + timedelta(days=number))
    unsaid(connection, at)
    for number in range(2):
        planted.land(connection, "apollo_organizations", "acme.example", {"n": number}, at + timedelta(days=number))


GONE = "gone@a.example"


def unsaid(connection: Connection, at: datetime = planted.AT) -> None:
    """What libraries said of values that no record holds."""
    unsaid_address(connection, at)
    for statement in (
        "insert into raw.hosts values ('gone.example', 'gone.example', 'gone.example', false, false, %s, 'x')",
        "insert into raw.company_names values ('gone ltd', 'gone', %s, 'x')",
    ):
        connection.execute(statement, (at,))


def unsaid_address(connection: Connection, at: datetime = planted.AT) -> None:
    connection.execute(
        "insert into raw.email_addresses values (%s, 'gone@a', 'a', 'a', false, false, true, %s, 'x')", (GONE, at)
    )


def test_the_agreement_may_name_what_the_code_can_let_go_of_and_names_all() -> None:
    folder = settings().dbt_project / "seeds" / "agreement"
    seeds = yaml.safe_load((folder / "_agreement__seeds.yml").read_text())["seeds"]
    (described,) = [each for each in seeds if each["name"] == "retention"]
    accepted = described["columns"][0]["data_tests"][0]["accepted_values"]["arguments"]["values"]
    assert sorted(accepted) == sorted(SUBJECTS)
    rows = (folder / "retention.csv").read_text().splitlines()[1:]
    assert sorted(row.split(",")[0] for row in rows) == sorted(SUBJECTS)


def test_no_table_that_may_tell_of_a_person_is_kept_for_good_unless_it_says_why() -> None:
    aged = {f"{schema}.{subject}" for subject in AGES for schema in ("raw", "handoff")}
    personal = {table.name for table in PERSONAL}
    assert personal - aged == set(AGELESS)
    assert all(AGELESS.values())


def test_everything_old_goes_once(connection: Connection, tmp_path: Path) -> None:
    given = plant(connection, ADA)
    twice(connection)
    end(connection, given.handoff_id)
    connection.execute("update handoff.inbox set processed_at = %s", (NOW,))
    connection.execute("update handoff.outbox set state = 'dead' where state = 'pending'")
    connection.execute("delete from handoff.pending_leads")
    counts = retention.run(connection, LATER, tmp_path)
    assert set(counts) == set(AGES)
    assert retention.run(connection, LATER, tmp_path) == {}
    # What the CRM still holds stays in its newest version, and so do the stamps.
    assert count(connection, "raw.hubspot_contacts") == count(connection, "raw.hubspot_calls") + 1 == 2
    assert count(connection, "handoff.handoffs where context #> '{lead,email}' is null and score = 85") == 1
    assert count(connection, "handoff.gates") == 1
    # A handoff still names the act that started it.
    assert set(dump(connection, ADA.mark, "handoff")) == {"handoff.handoffs"}
    assert count(connection, f"handoff.handoffs where context::text ~ '{ADA.mark}'") == 0


def test_nothing_young_goes(connection: Connection, tmp_path: Path) -> None:
    given = plant(connection, ADA)
    twice(connection)
    end(connection, given.handoff_id)
    before = dump(connection, ".", "raw", "handoff")
    assert retention.run(connection, NOW, tmp_path) == {}
    assert dump(connection, ".", "raw", "handoff") == before


def test_what_an_open_handoff_needs_is_never_old(connection: Connection, tmp_path: Path) -> None:
    given = plant(connection, ADA)
    twice(connection)
    before = dump(connection, ADA.pattern, "raw", "handoff")
    retention.run(connection, LATER, tmp_path)
    after = dump(connection, ADA.pattern, "raw", "handoff")
    kept = {
        *("raw.hubspot_contacts", "raw.hubspot_events", "raw.hubspot_form_submissions", "raw.apollo_people"),
        *("handoff.handoffs", "handoff.dispositions", "handoff.lead_facts", "handoff.flood_leads"),
    }
    assert {name for name in before if before[name] == after.get(name)} >= kept
    assert count(connection, f"handoff.outbox where handoff_id = '{given.handoff_id}' and payload ? 'context'") == 2


def test_what_was_not_delivered_or_read_is_never_old(connection: Connection, tmp_path: Path) -> None:
    given = handed.to(connection, ADA.ids[0], "ana-costa", NOW)
    end(connection, given.handoff_id)
    put(connection, Effect("slack_note:1", "slack_note", {"text": "still to be said", "slack_user_id": "U1"}, NOW))
    card = f"slack_dm:{given.handoff_id}:{given.assignment_id}"
    put(connection, Effect("slack_update:1", "slack_update", {"message": card}, NOW, given.handoff_id))
    connection.execute(
        """insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload)
        values ('hubspot', 'k', 'contact', '5', %s, '{"propertyValue": "unread"}')""",
        (NOW,),
    )
    retention.run(connection, LATER, tmp_path)
    assert count(connection, "handoff.outbox where payload ->> 'text' = 'still to be said'") == 1
    assert (
        count(
            connection, f"handoff.outbox where dedupe_key = '{card}' and payload #> '{{context,lead,email}}' <> 'null'"
        )
        == 1
    )
    assert count(connection, "handoff.inbox where payload ->> 'propertyValue' = 'unread'") == 1


def test_a_dictionary_keeps_what_any_kept_version_says(connection: Connection, tmp_path: Path) -> None:
    plant(connection, ADA)
    unsaid(connection)
    said = {"email": f" {ADA.email.upper()} ", "website": "Spelt.example", "company": "Spelt Ltd "}
    planted.land(connection, "hubspot_contacts", "41", {"id": "41", "properties": said})
    company = {"domain": "Of-A-Company.example", "name": "Of A Company"}
    planted.land(connection, "hubspot_companies", "31", {"id": "31", "properties": company})
    identity.complete(connection)
    counts = retention.run(connection, LATER, tmp_path)
    # Another address of Ada's is written to by nobody, so no library is asked about it.
    assert counts.items() >= {"email_addresses": 2, "hosts": 1, "company_names": 1}.items()
    kept = connection.execute(
        """select address as value from raw.email_addresses union all select host from raw.hosts
        union all select name from raw.company_names order by 1"""
    ).fetchall()
    assert [row["value"] for row in kept] == sorted(
        [
            *(ADA.email, f"{ADA.mark}.example", f"{ADA.mark} ltd", "spelt.example", "spelt ltd"),
            *("of-a-company.example", "of a company"),
        ]
    )


def test_a_value_that_lands_again_while_it_goes_is_answered_again(connection: Connection, tmp_path: Path) -> None:
    """A landing that had found it answered ends only after it is gone."""
    plant(connection, ADA)
    unsaid_address(connection)
    with psycopg.connect(connections.get(connections.DB).dsn) as landing:
        landing.execute(
            """insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload)
            values ('41', %s, %s, 1, %s)""",
            (NOW, NOW, Jsonb({"id": "41", "properties": {"email": GONE}})),
        )
        ends = threading.Timer(0.5, landing.commit)
        ends.start()
        # With Ada's second address, which no record has as its own.
        assert retention.run(connection, NOW + timedelta(days=40), tmp_path)["email_addresses"] == 2
        ends.join()
    assert count(connection, f"raw.email_addresses where address = '{GONE}'") == 1


@pytest.mark.parametrize("subject", [name for name, age in AGES.items() if age.held_by == "line"])
def test_whose_records_go_are_judged_anew_so_many_a_night(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    given = plant(connection, ADA)
    end(connection, given.handoff_id)
    for table, record_id, payload in planted.records(ADA):
        if table == subject:
            planted.land(connection, table, record_id, payload | {"again": True}, NOW)
    connection.execute("delete from handoff.pending_leads")
    with db.connect("handoff_admin") as admin:
        admin.execute("delete from agreement.retention where subject <> %s", (subject,))
    monkeypatch.setattr(retention, "MOST_LEADS", 1)
    assert retention.run(connection, LATER, tmp_path, batch=1) == {subject: 1}
    rows = connection.execute("select lead_id from handoff.pending_leads").fetchall()
    assert {row["lead_id"] for row in rows} & set(ADA.ids)
    assert retention.run(connection, LATER, tmp_path, batch=1) == {subject: 1}


def test_in_batches_and_the_oldest_first(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into handoff.line_runs (run_id, started_at, finished_at) values (%s, %s, %s)",
            [(f"run-{day}", *[NOW + timedelta(days=day)] * 2) for day in range(7)],
        )
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    assert retention.run(connection, LATER, tmp_path, batch=2) == {"line_runs": 4}
    rows = connection.execute("select run_id from handoff.line_runs order by run_id").fetchall()
    assert [row["run_id"] for row in rows] == ["run-4", "run-5", "run-6"]
    assert retention.run(connection, LATER, tmp_path, batch=2) == {"line_runs": 3}


def test_a_table_in_use_is_left_to_the_next_night(connection: Connection, tmp_path: Path) -> None:
    connection.execute(
        "insert into handoff.line_runs (run_id, started_at, finished_at) values ('r', %s, %s)", (NOW, NOW)
    )
    with db.connect("handoff_admin") as admin, admin.transaction():
        admin.execute("lock table handoff.line_runs in exclusive mode")
        connection.execute("set lock_timeout = '100ms'")
        assert retention.run(connection, LATER, tmp_path) == {}
    assert retention.run(connection, LATER, tmp_path) == {"line_runs": 1}


def test_who_was_deleted_in_the_crm_long_ago_is_erased(connection: Connection, tmp_path: Path) -> None:
    given = plant(connection, ADA)
    end(connection, given.handoff_id)
    for contact_id, said in zip(ADA.ids, ({}, {"mergedInto": ADA.ids[0]}), strict=True):
        gone = {"id": contact_id, "archived": True, "properties": {}, **said}
        planted.land(connection, "hubspot_contacts", contact_id, gone, NOW)
    assert retention.run(connection, NOW + timedelta(days=89), tmp_path).get("deleted_contacts") is None
    assert dump(connection, ADA.mark, "raw")
    assert retention.run(connection, NOW + timedelta(days=91), tmp_path)["deleted_contacts"] == 1
    planted.run_of_the_line(connection)
    assert dump(connection, ADA.pattern, "raw", "handoff") == {}
    row = connection.execute("select asked_by from handoff.erasures").fetchall()
    assert [each["asked_by"] for each in row] == ["retention"]


def test_old_logs_go_and_the_folders_they_leave_empty(connection: Connection, tmp_path: Path) -> None:
    young, old = tmp_path / "dag_id=a" / "young.log", tmp_path / "dag_id=b" / "run" / "old.log"
    for path, days in ((young, 29), (old, 31)):
        path.parent.mkdir(parents=True)
        path.write_text("x")
        os.utime(path, times=((NOW - timedelta(days=days)).timestamp(),) * 2)
    assert retention.run(connection, NOW, tmp_path) == {"airflow_logs": 1}
    assert young.exists()
    assert not old.parent.exists()


def test_a_shorter_row_counts_from_its_day(connection: Connection, tmp_path: Path) -> None:
    connection.execute(
        """insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload, processed_at)
        values ('hubspot', 'k', 'deal', '5', %s, %s, %s)""",
        (NOW - timedelta(days=3), Jsonb({}), NOW),
    )
    assert retention.run(connection, NOW, tmp_path) == {}
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.retention set keep_days = 2 where subject = 'inbox'")
    assert retention.run(connection, NOW, tmp_path) == {"inbox": 1}
