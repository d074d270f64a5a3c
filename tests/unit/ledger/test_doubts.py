"""What cannot be read of a landed record is shown to somebody, exactly where the staging models take it for unknown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from handoff.ledger import db, doubts, landing, streams
from handoff.ledger.db import Connection
from handoff.ledger.landing import Landed, Record
from handoff.ledger.storable import storable
from handoff.ledger.streams import Stream

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COLUMNS = {
    streams.CONTACTS: {
        "numberofemployees": "employees",
        "hs_analytics_num_page_views": "page_views",
        "hs_analytics_num_visits": "visits",
        "hs_email_bounce": "bounces",
        "hs_email_optout": "is_opted_out",
        "hs_analytics_last_visit_timestamp": "last_visit_at",
        "hs_email_last_open_date": "last_email_open_at",
        "hs_email_last_click_date": "last_email_click_at",
        "recent_conversion_date": "latest_conversion_at",
        "createdate": "created_at",
    },
    streams.COMPANIES: {"numberofemployees": "employees", "annualrevenue": "annual_revenue"},
    streams.CALLS: {"hs_call_duration": "duration_ms", "hs_createdate": "logged_at"},
    streams.EMAILS: {"hs_createdate": "logged_at"},
    streams.MEETINGS: {"hs_meeting_start_time": "starts_at", "hs_createdate": "logged_at"},
    streams.COMMUNICATIONS: {"hs_createdate": "logged_at"},
}
"""Property → column of the staging view."""
DIGITS = st.text("0123456789", min_size=1, max_size=16)
VALUES = st.one_of(
    st.sampled_from(
        ["1e309", "-0", "1,000", "NaN", "Infinity", "", "  ", "true", "TRUE ", "no", "12.0", "-3.25", "+7"]
    ),
    st.sampled_from(["2026-02-30", "2026-02-28", "2026-11-22T10:00:00", "2026-11-22 10:00:00.123Z", "0001-01-01"]),
    st.sampled_from(["2026-11-22T10:00:00+02:00", "2026-11-22T25:00:00Z", "1763800000000", "99999999999999", "soon"]),
    st.from_regex(doubts.ISO, fullmatch=True),
    DIGITS,
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.datetimes().map(datetime.isoformat),
    st.integers(0, 5 * 10**9).map(lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"),
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.text(max_size=12),
)
NUMBERS = count(1)


@pytest.fixture
def connection(agreement_database: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def record(key: str, *, minutes: int = 0, **properties: Any) -> Record:
    payload = {"id": key, "properties": {"hs_timestamp": NOW.isoformat(), **properties}, "associations": {}}
    return Record(key, NOW + timedelta(minutes=minutes), payload)


def land(connection: Connection, stream: Stream, *rows: Record) -> Landed:
    batch_id = landing.open_batch(connection, "poll", NOW)
    return landing.land(connection, batch_id, stream, rows, loaded_at=NOW)


def held(connection: Connection, stream: Stream) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        "select kind, id, field from raw.quarantine where stream = %s and released_at is null", (stream.name,)
    )
    return {(row["kind"], row["id"], row["field"]) for row in rows}


def test_a_value_that_cannot_be_read_is_held_until_it_is_mended_and_the_record_counts(connection: Connection) -> None:
    bad = {"numberofemployees": "1e309", "createdate": "soon", "hs_email_optout": "  ", "hs_email_bounce": None}
    assert land(connection, streams.CONTACTS, record("1", **bad), record("2")).quarantined == 2
    assert held(connection, streams.CONTACTS) == {("value", "1", "numberofemployees"), ("value", "1", "createdate")}
    still = {"numberofemployees": "1e309", "createdate": NOW.isoformat()}
    assert land(connection, streams.CONTACTS, record("1", minutes=1, **still)).quarantined == 0
    assert held(connection, streams.CONTACTS) == {("value", "1", "numberofemployees")}
    rows = connection.execute("select contact_id from staging.stg_hubspot__contacts order by 1").fetchall()
    assert [row["contact_id"] for row in rows] == ["1", "2"]
    land(connection, streams.CONTACTS, record("1", minutes=2, numberofemployees="40"))
    assert held(connection, streams.CONTACTS) == set()


def test_a_record_without_what_it_needs_is_held_whole(connection: Connection) -> None:
    land(connection, streams.CALLS, record("1", hs_timestamp="soon"), record("2"))
    land(connection, streams.CONTACTS, Record("3", NOW, {"id": "3", "properties": None}))
    event = {"id": "e1", "objectId": "1", "eventType": "e_visited_page", "occurredAt": NOW.isoformat()}
    land(
        connection,
        streams.EVENTS,
        Record("e1", NOW, event),
        Record("e2", NOW, event | {"id": "e2", "objectId": "?"}),
        Record("e3", NOW, {**event, "id": "e3", "eventType": None}),
    )
    rows = connection.execute("select stream, id, field from staging.stg_hubspot__quarantined").fetchall()
    by_model = {(row["stream"], "record", row["id"], row["field"]) for row in rows}
    by_landing = {
        (stream.name, *each)
        for stream in (streams.CALLS, streams.CONTACTS, streams.EVENTS)
        for each in held(connection, stream)
    }
    assert by_landing == by_model
    assert len(by_model) == 4


@pytest.mark.parametrize("stream", COLUMNS, ids=lambda stream: stream.name)
@settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(VALUES, min_size=100, max_size=200))
def test_it_is_held_exactly_where_the_models_read_nothing(
    connection: Connection, stream: Stream, values: list[Any]
) -> None:
    columns = COLUMNS[stream]
    assert columns.keys() == doubts.TYPED[stream].keys()
    given_values = {str(next(NUMBERS)): value for value in values}
    land(connection, stream, *(record(key, **dict.fromkeys(columns, value)) for key, value in given_values.items()))
    view = f"staging.stg_hubspot__{stream.name.removeprefix('hubspot_')}"
    key_column = {"companies": "company_id"}.get(stream.name.removeprefix("hubspot_"), f"{stream.name[8:-1]}_id")
    rows = connection.execute(
        f"select * from {view} where {key_column} = any(%s)",
        (list(given_values),),
    ).fetchall()
    unread = {
        (row[key_column], field)
        for row in rows
        for field, column in columns.items()
        if row[column] is None and str(storable(given_values[row[key_column]])).strip(" ")
    }
    assert {(key, field) for _, key, field in held(connection, stream) if key in given_values} == unread
