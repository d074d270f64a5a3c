"""What a CRM may hold must never fail a run: it is read as unknown, or quarantined with the field named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.qualify import dbt

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBERS = ["1e309", "1,000", "٣", "NaN", "", "9" * 40, "-5", "Infinity", "0x1F", "12.5", "1_000", "\u00a0", "'; --"]
INSTANTS = ["", "0000-01-01T00:00:00Z", "2026-02-30T10:00:00Z", "now", "infinity", "9" * 40, "2026-13-01", "12:00"]
EMAILS = ["", "@", "a@", "a@b", "a b@c.example", "a@@b.example", "a@b..example", "a@.example", "x" * 300]

Admin = psycopg.Connection[dict[str, Any]]


@pytest.fixture(scope="module")
def landed(admin: Admin) -> Admin:
    """Contacts with one bad value each, good and bad events, and the line run over all of it."""
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (AT,))
    bad = (
        [{"numberofemployees": value, "hs_email_bounce": value} for value in NUMBERS]
        + [{"createdate": value, "hs_analytics_last_visit_timestamp": value} for value in INSTANTS]
        + [{"email": value, "hs_email_optout": value} for value in EMAILS]
    )
    for number, properties in enumerate(bad, 1):
        put(admin, "hubspot_contacts", str(number), {"properties": properties})
        put(admin, "hubspot_companies", str(number), {"properties": properties})
    put(admin, "hubspot_contacts", "900", {"properties": {"createdate": "0001-01-01T00:00:00Z"}})
    put(admin, "hubspot_contacts", "901", {"properties": {"createdate": "9999-12-31T23:59:59.999Z"}})
    put(admin, "hubspot_contacts", "902", {"properties": {"numberofemployees": "250.0", "createdate": "1767225600000"}})
    put(admin, "hubspot_contacts", "903", {"properties": None})
    put(admin, "hubspot_contacts", "nine", {"properties": {}})
    put(admin, "hubspot_contacts", "904", {"properties": {"email": "gone@acme.example"}, "archived": True})
    event = {"objectId": "900", "eventType": "e_visited_page", "properties": {"hs_url": "not a url"}}
    for place, value in enumerate([*INSTANTS, "2026-03-02T11:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"]):
        put(admin, "hubspot_events", f"e{place}", event | {"occurredAt": value})
    for stream in ("calls", "emails", "meetings", "communications"):
        put(admin, f"hubspot_{stream}", "1", {"properties": {"hs_timestamp": "soon"}})
        put(admin, f"hubspot_{stream}", "2", {"properties": {"hs_timestamp": "2026-03-02T11:00:00Z"}})
        put(admin, f"hubspot_{stream}", "3", {"properties": {}})
    put(admin, "hubspot_form_submissions", "f1", {"formId": "f", "submittedAt": "never", "values": []})
    put(admin, "hubspot_form_submissions", "f2", {"formId": "f", "submittedAt": 1772449200000, "values": []})
    put(admin, "hubspot_companies", "none", {"properties": {}})
    put(admin, "apollo_people", "a@b.example", {"person": None})
    put(admin, "apollo_organizations", "b.example", {"organization": {"estimated_num_employees": "many"}})
    with db.connect() as connection:
        later = AT + timedelta(minutes=1)
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=later, as_loaded=True)
    return admin


def put(admin: Admin, stream: str, key: str, payload: dict[str, Any]) -> None:
    admin.execute(
        f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, 1, %s)",
        (key, AT, AT, Jsonb({"id": key} | payload)),
    )


def test_what_is_no_count_is_unknown(landed: Admin) -> None:
    rows = landed.execute(
        "select distinct employees from line.int_leads where lead_id::int between 1 and %s", (len(NUMBERS),)
    ).fetchall()
    assert [row["employees"] for row in rows] == [None]


def test_what_is_no_instant_is_unknown(landed: Admin) -> None:
    first, last = len(NUMBERS) + 1, len(NUMBERS) + len(INSTANTS)
    rows = landed.execute(
        "select distinct created_at from line.int_leads where lead_id::int between %s and %s", (first, last)
    ).fetchall()
    assert [row["created_at"] for row in rows] == [None]


def test_what_is_no_address_has_no_domain(landed: Admin) -> None:
    rows = landed.execute("select distinct email_domain from line.int_leads").fetchall()
    assert [row["email_domain"] for row in rows] == [None]


def test_placeholders_are_no_instants(landed: Admin) -> None:
    rows = landed.execute(
        """select extract(year from created_at)::int as year, employees from line.int_leads
        where lead_id::int >= 900 order by lead_id"""
    ).fetchall()
    assert [(row["year"], row["employees"]) for row in rows] == [(None, None), (None, None), (2026, 250)]


@pytest.mark.parametrize(
    ("stream", "key"),
    [
        *(("contacts", "contact_id"), ("companies", "company_id"), ("form_submissions", "submission_id")),
        *(("calls", "call_id"), ("emails", "email_id"), ("meetings", "meeting_id"), ("events", "event_id")),
        ("communications", "communication_id"),
    ],
)
def test_valid_and_quarantined_are_complements_in_each_stream(landed: Admin, stream: str, key: str) -> None:
    rows = landed.execute(
        f"""select
            array(select distinct id from raw.hubspot_{stream}) as landed,
            array(select {key} from staging.stg_hubspot__{stream}) as valid,
            array(select id from staging.stg_hubspot__quarantined where stream = 'hubspot_{stream}')
                as quarantined"""
    ).fetchone()
    assert rows is not None
    assert rows["quarantined"]
    assert sorted(rows["valid"] + rows["quarantined"]) == sorted(rows["landed"])


def test_each_record_is_either_valid_or_quarantined(landed: Admin) -> None:
    valid = {row["contact_id"] for row in landed.execute("select contact_id from staging.stg_hubspot__contacts")}
    rows = landed.execute("select stream, id, field from staging.stg_hubspot__quarantined").fetchall()
    quarantined = {row["id"]: row["field"] for row in rows if row["stream"] == "hubspot_contacts"}
    everything = {row["id"] for row in landed.execute("select distinct id from raw.hubspot_contacts")}
    assert valid | set(quarantined) == everything
    assert valid & set(quarantined) == set()
    assert quarantined == {"903": "properties", "nine": "id"}
    # The year 1 and the year 9999 besides.
    assert sum(row["stream"] == "hubspot_events" for row in rows) == len(INSTANTS) + 2
    fields = {row["stream"]: row["field"] for row in rows}
    assert fields["hubspot_meetings"] == "hs_timestamp"
    assert fields["hubspot_form_submissions"] == "submittedAt"


def test_a_deleted_contact_is_no_lead(landed: Admin) -> None:
    assert landed.execute("select from line.int_leads where lead_id = '904'").rowcount == 0


def test_acts_of_the_far_past_and_of_the_future_earn_nothing(landed: Admin) -> None:
    rows = landed.execute("select activity_id from line.int_score_parts where activity_id like 'event:%'").fetchall()
    assert [row["activity_id"] for row in rows] == [f"event:e{len(INSTANTS)}"]
