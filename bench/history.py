"""A long history in `raw`, as if a grown portal had been connected long ago: copied in, concerning nobody now.

The records are those of the sandbox's generators with ids and addresses of their own, so that none of them is one of
the sandbox's contacts.
"""

import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql

from bench.own_line import Say
from handoff import clock, connections, identity
from handoff.ledger import db, landing
from handoff.qualify import dbt
from sandbox.company import history
from sandbox.hubspot.events import KINDS, SUBMITTED, event_id
from sandbox.hubspot.forms import conversion_id

SEED = 11
RECORDS_APART = 500_000_000
"""Added to record ids: beyond what a sandbox reaches, and still of the same object type."""
NUMBERS_APART = 10**12
"""Added to the numbers of events and submissions."""
SPARE = 1.03
"""Some events of the generators are form submissions, which are not read as events."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Json = dict[str, Any]
Version = tuple[str, datetime, Json]


def load(contacts: int, events: int, say: Say) -> dict[str, Any]:
    """Copy the history into `raw` in one backfill batch, and score it; nobody is pending.

    Returns: how many contacts, companies and engagement events, and the seconds that copying and scoring took.
    """
    now, began = clock.now(), time.monotonic()
    counts: dict[str, int] = {}
    with db.connect() as connection:
        batch_id = landing.open_batch(connection, "backfill", now)
        for stream, versions in _streams(contacts, events / contacts * SPARE, int(now.timestamp() * 1000)):
            counts[stream] = counts.get(stream, 0) + _copy(connection, stream, batch_id, now, versions)
            say(f"{counts[stream]} {stream}")
        landing.close_batch(connection, batch_id, clock.now(), {"landed": sum(counts.values())})
        identity.complete(connection)
        _tidy("raw")
        copied = time.monotonic()
        say("scoring all of it")
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=clock.now(), as_loaded=True)
        _tidy("line")
    found = {"contacts": counts.pop("hubspot_contacts"), "companies": counts.pop("hubspot_companies")}
    seconds = {"copied_s": copied - began, "scored_s": time.monotonic() - copied}
    return {**found, "events": sum(counts.values()), **{name: round(value) for name, value in seconds.items()}}


def _copy(
    connection: db.Connection, stream: str, batch_id: int, loaded_at: datetime, versions: Iterable[Version]
) -> int:
    into = sql.SQL("copy raw.{} (id, updated_at, loaded_at, batch_id, payload) from stdin")
    rows = 0
    with connection.cursor() as cursor, cursor.copy(into.format(sql.Identifier(stream))) as copy:
        for record_id, updated_at, payload in versions:
            copy.write_row((record_id, updated_at, loaded_at, batch_id, json.dumps(payload, ensure_ascii=False)))
            rows += 1
    return rows


def _tidy(schema: str) -> None:
    """What autovacuum has long done on a grown portal."""
    with db.connect(connections.ADMIN) as admin:
        for row in admin.execute("select tablename from pg_tables where schemaname = %s", (schema,)).fetchall():
            admin.execute(sql.SQL("vacuum (analyze) {}.{}").format(*map(sql.Identifier, (schema, row["tablename"]))))


def _streams(n: int, per_contact: float, until: int) -> Iterator[tuple[str, Iterable[Version]]]:
    given = (n, SEED, until)
    yield "hubspot_companies", map(_company, history.generate_companies(*given))
    yield "hubspot_contacts", map(_contact, history.generate_contacts(*given, per_contact))
    yield "hubspot_form_submissions", map(_submission, history.generate_submissions(*given, per_contact))
    for kind in history.ENGAGEMENT_TYPES:
        found = history.generate_engagements(*given, per_contact)
        yield f"hubspot_{kind}", (_engagement(payload) for each, payload in found if each == kind)
    found_events = history.generate_events(*given, per_contact)
    yield "hubspot_events", (_event(each) for each in found_events if each["eventType"] != KINDS[SUBMITTED])


def _company(payload: Json) -> Version:
    return _moved(payload)


def _contact(payload: Json) -> Version:
    properties = payload["properties"]
    properties["email"] = _address(properties["email"])
    if "associatedcompanyid" in properties:
        properties["associatedcompanyid"] = _apart(properties["associatedcompanyid"])
        _move_associated(payload, "companies")
    entered = {"value": properties["lifecyclestage"], "timestamp": properties["createdate"]}
    return _moved(payload | {"propertiesWithHistory": {"lifecyclestage": [entered]}})


def _engagement(payload: Json) -> Version:
    _move_associated(payload, "contacts")
    return _moved(payload)


def _submission(payload: Json) -> Version:
    for field in payload["values"]:
        if field["name"] == "email":
            field["value"] = _address(field["value"])
    key = conversion_id(_number(payload["conversionId"]) + NUMBERS_APART)
    return key, EPOCH + timedelta(milliseconds=payload["submittedAt"]), payload | {"conversionId": key}


def _event(payload: Json) -> Version:
    key = event_id(_number(payload["id"]) + NUMBERS_APART)
    moved = payload | {"id": key, "objectId": _apart(payload["objectId"])}
    return key, datetime.fromisoformat(payload["occurredAt"]), moved


def _moved(payload: Json) -> Version:
    key = _apart(payload["id"])
    payload["properties"]["hs_object_id"] = key
    return key, datetime.fromisoformat(payload["updatedAt"]), payload | {"id": key}


def _move_associated(payload: Json, kind: str) -> None:
    for other in payload["associations"][kind]["results"]:
        other["id"] = _apart(other["id"])


def _apart(record_id: str) -> str:
    return str(int(record_id) + RECORDS_APART)


def _number(text: str) -> int:
    """An event's or a submission's number is the last part of its id."""
    return int(text.rpartition("-")[2], 16)


def _address(email: str) -> str:
    return f"past.{email}"
