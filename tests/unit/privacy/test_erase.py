"""Somebody who is in every column is erased: nothing of them is left, nothing of others changes, nothing comes back."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.notify import history
from handoff.privacy import person
from handoff.privacy.erase import Report, erase
from handoff.privacy.export import export
from handoff.privacy.registry import PERSONAL
from tests.unit.privacy import planted
from tests.unit.privacy.planted import ADA, BEN, NOW, SHARED, contact, dump, engagement, land, plant, run_of_the_line
from tests.unit.route import handed

LEDGER = ("raw", "handoff")


@pytest.fixture
def connection(agreement_database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')
    with db.connect() as connection:
        yield connection


def forget(connection: Connection, who: str = ADA.email) -> Report:
    report = erase(connection, person.find(connection, who), NOW, "person")
    run_of_the_line(connection)
    return report


def test_every_personal_column_is_planted(connection: Connection) -> None:
    """The tests below prove no more than what is planted."""
    plant(connection, ADA)
    missing = [
        f"{table.name}.{column}"
        for table in PERSONAL
        for column in set(table.personal) - {"payload_hash"}
        if not connection.execute(
            f"select from {table.name} as kept where to_jsonb(kept) ->> '{column}' ~* %s limit 1",
            (ADA.pattern,),
        ).rowcount
    ]
    # A call's id is no contact's; it goes with the call.
    assert set(missing) == {f"raw.hubspot_{name}.id" for name in SHARED}


def test_nothing_is_left_and_others_stay_byte_for_byte(connection: Connection) -> None:
    plant(connection, ADA)
    plant(connection, BEN)
    before = dump(connection, BEN.pattern)
    assert set(dump(connection, ADA.pattern)) >= {table.name for table in PERSONAL}
    report = forget(connection)
    assert dump(connection, ADA.pattern) == {}
    assert dump(connection, BEN.pattern) == before
    assert report.withdrawn == 1
    assert set(report.counts) == {table.name for table in PERSONAL}
    assert report.erased_before is None


@pytest.mark.parametrize("who", [ADA.email, ADA.email.upper(), ADA.second, *ADA.ids])
def test_by_whatever_they_are_named(connection: Connection, who: str) -> None:
    plant(connection, ADA)
    forget(connection, who)
    assert dump(connection, ADA.pattern) == {}


def test_what_the_figures_need_stays(connection: Connection) -> None:
    given = plant(connection, ADA)
    stamps = "select routed_at, score, tier_id, definition_id, cycle, trigger_kind from handoff.handoffs"
    clocks = "select assignment_id, rep_id, assigned_at, due_at from handoff.assignments"
    drift = """select dedupe_key, array(select jsonb_object_keys(result -> 'drift')) as properties
        from handoff.outbox where result -> 'drift' <> '{}' order by dedupe_key"""
    kept = [connection.execute(query).fetchall() for query in (stamps, clocks, drift)]
    clauses = "select context #> '{score,total}' as total, context #>> '{clauses,0,clause_id}' as clause from {}"
    told = connection.execute(clauses.replace("{}", "handoff.handoffs")).fetchall()
    forget(connection)
    assert [connection.execute(query).fetchall() for query in (stamps, clocks, drift)] == kept
    assert [row["properties"] for row in kept[2]] == [["name"], ["name"]]
    assert connection.execute(clauses.replace("{}", "handoff.handoffs")).fetchall() == told
    read = history.read(connection, given.handoff_id, NOW)
    assert read.context.lead.name is None
    assert [each.kind for each in read.answers] == ["accepted", "withdrawn", "erased"]


def test_twice_is_once(connection: Connection) -> None:
    plant(connection, ADA)
    forget(connection)
    before = dump(connection, ".", *LEDGER)
    again = forget(connection)
    assert again.counts == {}
    assert again.withdrawn == 0
    assert again.erased_before == NOW
    after = dump(connection, ".", *LEDGER)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {
        "handoff.erasures"
    }


def test_a_late_copy_is_refused_and_counted(connection: Connection) -> None:
    plant(connection, ADA)
    forget(connection)
    later = NOW - timedelta(hours=1)
    landed = {record[0]: land(connection, *record, later) for record in planted.records(ADA)}
    assert set(landed.values()) == {0}
    assert planted.quarantine(connection, ADA) == 0
    assert planted.about_lead(connection, ADA) == 0
    assert planted.hints(connection, ADA) == 0
    handed.write(connection, ADA.ids[0], NOW)
    run_of_the_line(connection)
    assert dump(connection, ADA.pattern) == {}
    row = connection.execute("select sum(refused) as refused from handoff.erased").fetchone()
    assert row is not None
    assert row["refused"] >= len(landed) + 3


def test_a_copy_under_another_id_is_refused(connection: Connection) -> None:
    plant(connection, ADA)
    forget(connection)
    merged = contact(ADA, "900003")
    merged["properties"] = {"hs_merged_object_ids": "900002;5"}
    assert land(connection, "hubspot_contacts", "900003", merged) == 0
    assert land(connection, "hubspot_contacts", "900004", contact(ADA, "900004")) == 0


def test_who_comes_back_is_somebody_new(connection: Connection) -> None:
    plant(connection, ADA)
    forget(connection)
    after = NOW + timedelta(days=1)
    back = contact(ADA, "900005", createdAt=after.isoformat())
    assert land(connection, "apollo_people", ADA.email, {"person": {}}, after) == 0
    assert land(connection, "hubspot_contacts", "900005", back, after) == 1
    values = [{"name": "email", "value": ADA.email}]
    assert land(connection, "hubspot_form_submissions", "new", {"values": values}, after) == 1
    assert land(connection, "hubspot_form_submissions", "old", {"values": values}, NOW - timedelta(days=1)) == 0
    assert land(connection, "apollo_people", ADA.email, {"person": {}}, after) == 1


def test_a_call_that_others_share_stays_theirs(connection: Connection) -> None:
    plant(connection, ADA)
    plant(connection, BEN)
    for number, ids in enumerate(((ADA.ids[0], BEN.ids[0]), (BEN.ids[0],))):
        payload = engagement("5", ADA.mark, *ids)
        land(connection, "hubspot_calls", "5", payload, NOW + timedelta(minutes=number))
    # The same moment twice, different only in who was there.
    land(connection, "hubspot_calls", "5", engagement("5", ADA.mark, *ADA.ids, BEN.ids[0]), NOW)
    forget(connection)
    rows = connection.execute(
        "select contact_ids, payload -> 'properties' as said from raw.hubspot_calls where id = '5' order by updated_at"
    ).fetchall()
    assert [row["contact_ids"] for row in rows] == [[BEN.ids[0]]] * 2
    assert {row["said"]["hs_call_title"] for row in rows} == {"[erased]"}
    assert {row["said"]["hs_call_status"] for row in rows} == {"COMPLETED"}
    assert dump(connection, ADA.pattern) == {}
    land(connection, "hubspot_calls", "6", engagement("6", ADA.mark, ADA.ids[0], BEN.ids[0]))
    assert dump(connection, ADA.pattern) == {}


def test_a_call_stays_away_although_the_crm_has_let_go_of_the_contact(connection: Connection) -> None:
    plant(connection, ADA)
    plant(connection, BEN)
    land(connection, "hubspot_calls", "5", engagement("5", ADA.mark, ADA.ids[0], BEN.ids[0]))
    forget(connection)
    alone = f"70{ADA.ids[0]}"
    assert land(connection, "hubspot_calls", alone, engagement(alone, ADA.mark), NOW) == 0
    assert land(connection, "hubspot_calls", "5", engagement("5", ADA.mark, BEN.ids[0]), NOW) == 1
    assert land(connection, "hubspot_calls", "6", engagement("6", "nobody"), NOW) == 1
    # A task that we made, by what the outbox knows of it.
    assert land(connection, "hubspot_tasks", "55", engagement("55", ADA.mark), NOW) == 0
    assert dump(connection, ADA.pattern) == {}


def test_an_address_that_another_live_contact_has_stays_theirs(connection: Connection) -> None:
    plant(connection, ADA)
    land(connection, "hubspot_contacts", "41", {"id": "41", "properties": {"email": ADA.email}})
    with pytest.raises(person.Ambiguous, match=r"41, 900001"):
        person.find(connection, ADA.email)
    assert person.of_contact(connection, ADA.ids[0]).emails == (ADA.second,)


def test_an_export_is_everything_of_one_person_and_nothing_of_others(connection: Connection) -> None:
    plant(connection, ADA)
    plant(connection, BEN)
    given = export(connection, person.find(connection, ADA.email))
    assert set(given) == {table.name for table in PERSONAL}
    assert BEN.mark not in str(given)
    found = {name: len(rows) for name, rows in dump(connection, ADA.pattern, *LEDGER).items()}
    # Some effects are about a person without a word that names them.
    assert {name: len(rows) for name, rows in given.items()} | {"handoff.outbox": 0} == found | {"handoff.outbox": 0}
    assert len(given["handoff.outbox"]) >= found["handoff.outbox"]


def test_who_is_not_known_is_kept_away_all_the_same(connection: Connection) -> None:
    assert forget(connection, "77").counts == {}
    connection.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (NOW,))
    assert land(connection, "hubspot_contacts", "77", {"id": "77"}) == 0


def test_the_application_cannot_read_digests_key_nor_delete(connection: Connection) -> None:
    plant(connection, ADA)
    for statement in (
        "select * from handoff.privacy_key",
        "select handoff.digest_of('contact', '1')",
        "select handoff.is_erased('contact', '1')",
        "delete from raw.hubspot_contacts",
        "update handoff.handoffs set lead_id = '1'",
        "delete from handoff.erased",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
