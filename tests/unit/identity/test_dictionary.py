"""The dictionaries: filled with what is landed, once, and never changed after."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff import identity
from handoff.ledger import db, streams
from handoff.ledger.db import Connection

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
# No index can hold a text like this, which does not get smaller when it is compressed.
OVERLONG = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(6_000))
CONTACT = {"email": " Jane.Doe+x@GMail.com ", "website": "https://www.Acme.example/about", "company": "ACME, Inc."}
COMPANY = {"domain": "acme.example", "name": "Acme GmbH"}


@pytest.fixture
def connection(database: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def put(connection: Connection, stream: str, key: str, properties: Any) -> None:
    connection.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (AT,))
    connection.execute(
        f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, 1, %s)",
        (key, AT, AT, Jsonb({"properties": properties})),
    )


def content(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table: connection.execute(f"select * from raw.{table} order by 1").fetchall()
        for table in ("email_addresses", "hosts", "company_names")
    }


def test_what_is_landed_is_learned(connection: Connection) -> None:
    assert identity.learn(connection, streams.CONTACTS, [{"properties": CONTACT}]) == 3
    assert identity.learn(connection, streams.COMPANIES, [{"properties": COMPANY}]) == 2
    learned = content(connection)
    address = learned["email_addresses"][0]
    assert (address["address"], address["folded"], address["domain"]) == (
        *("jane.doe+x@gmail.com", "janedoe@gmail.com", "gmail.com"),
    )
    assert (address["is_valid"], address["is_free"], address["is_disposable"]) == (True, True, False)
    assert "email-validator" in address["library"]
    assert "email_folding.csv" in address["library"]
    assert [(row["host"], row["hostname"], row["registrable_domain"]) for row in learned["hosts"]] == [
        ("acme.example", "acme.example", "acme.example"),
        ("https://www.acme.example/about", "www.acme.example", "acme.example"),
    ]
    assert {row["name"]: row["key"] for row in learned["company_names"]} == {"acme, inc.": "acme", "acme gmbh": "acme"}


def test_what_is_known_is_not_answered_again(connection: Connection) -> None:
    identity.learn(connection, streams.CONTACTS, [{"properties": CONTACT}])
    before = content(connection)
    again = {"properties": CONTACT | {"email": "JANE.DOE+X@gmail.com"}}
    assert identity.learn(connection, streams.CONTACTS, [again]) == 0
    assert identity.complete(connection) == {"email_addresses": 0, "hosts": 0, "company_names": 0}
    assert content(connection) == before


def test_the_first_answer_stays_whatever_a_newer_library_says(
    connection: Connection, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(connection, "hubspot_contacts", "1", CONTACT)
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(
            "insert into raw.company_names (name, key, computed_at, library) values ('acme, inc.', 'older', now(), 'x')"
        )
    identity.learn(connection, streams.CONTACTS, [{"properties": CONTACT}])
    identity.complete(connection)
    assert [row["key"] for row in content(connection)["company_names"]] == ["older"]
    for statement in ("update raw.hosts set is_free = true", "delete from raw.email_addresses"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_records_that_landed_before_are_completed(connection: Connection) -> None:
    put(connection, "hubspot_contacts", "1", CONTACT)
    put(connection, "hubspot_companies", "7", COMPANY)
    put(connection, "hubspot_companies", "8", COMPANY | {"name": "Beta"})
    assert identity.complete(connection) == {"email_addresses": 1, "hosts": 2, "company_names": 3}
    assert identity.complete(connection) == {"email_addresses": 0, "hosts": 0, "company_names": 0}
    completed = content(connection)
    with connection.transaction(force_rollback=True):
        assert identity.learn(connection, streams.CONTACTS, [{"properties": CONTACT}]) == 0
    assert content(connection) == completed


def test_learning_is_undone_with_the_landing(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        identity.learn(connection, streams.CONTACTS, [{"properties": CONTACT}])
    assert content(connection) == {"email_addresses": [], "hosts": [], "company_names": []}


@pytest.mark.parametrize(
    "properties",
    [
        *(None, [], "text", {}, {"email": None}, {"email": ""}, {"email": "  "}, {"email": 5}, {"email": ["a"]}),
        *({"email": "a\x00b@acme.example"}, {"company": "\ud800"}, {"company": "x" * 70_000}, {"name": OVERLONG}),
        *({"website": "https://acme.example/" + OVERLONG}, {"domain": "{{ x }}'); --"}, {"email": OVERLONG}),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_no_value_of_a_crm_stops_a_landing(connection: Connection, properties: Any) -> None:
    for stream in (streams.CONTACTS, streams.COMPANIES):
        identity.learn(connection, stream, [{"properties": properties}, {"properties": CONTACT}, {}])
    learned = content(connection)
    assert "janedoe@gmail.com" in {row["folded"] for row in learned["email_addresses"]}
    assert "acme" in {row["key"] for row in learned["company_names"]}


def test_the_host_of_an_overlong_web_address_is_known(connection: Connection) -> None:
    identity.learn(connection, streams.CONTACTS, [{"properties": {"website": "https://acme.example/?" + "x" * 3_000}}])
    assert [row["registrable_domain"] for row in content(connection)["hosts"]] == ["acme.example"]


def test_other_streams_teach_nothing(connection: Connection) -> None:
    assert identity.learn(connection, streams.CALLS, [{"properties": CONTACT}]) == 0
    assert identity.learn(connection, streams.CONTACTS, []) == 0


def test_a_company_concerns_contacts_that_the_crm_has_not_linked_to_it(connection: Connection) -> None:
    for key, contact in {
        "mail": {"email": "A@sales.acme.example"},
        "website": {"website": "https://acme.example/x", "email": "a@gmail.com"},
        "name": {"company": "ACME Incorporated"},
        "linked": {"email": "b@acme.example", "associatedcompanyid": "9"},
        "free": {"email": "c@gmail.com"},
        "other": {"email": "d@other.example", "company": "Other"},
    }.items():
        put(connection, "hubspot_contacts", key, contact)
    put(connection, "hubspot_companies", "7", COMPANY)
    put(connection, "hubspot_companies", "8", {"domain": "gmail.com", "name": "LLC"})
    identity.complete(connection)
    assert identity.leads_near(connection, ["7"]) == {"mail", "website", "name"}
    assert identity.leads_near(connection, ["8"]) == set()
