"""The gate on landed contacts: every expectation has been seen to fail, and a good batch to pass."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from handoff.extract.gate import evaluate
from handoff.gates import state as gate_state
from handoff.gates.judge import Verdict
from handoff.gates.state import open_by_hand
from handoff.ledger.db import Connection, connect

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUITE = json.loads((Path(__file__).parents[2] / "expectations" / "hubspot_contacts.json").read_text())


@pytest.fixture
def connection(database: Any) -> Iterator[Connection]:
    with connect() as opened:
        yield opened


class Landed:
    """Batches of contacts, landed as the extractor lands them."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.last_id = 100

    def batch(self, good: int = 0, bad: int = 0, **fault: Any) -> int:
        row = self.connection.execute(
            "insert into raw.batches (source, started_at) values ('poll', %s) returning batch_id", (NOW,)
        ).fetchone()
        assert row is not None
        for number in range(good + bad):
            self.last_id += 1
            self.land(row["batch_id"], self.last_id, **(fault if number >= good else {}))
        return int(row["batch_id"])

    def land(
        self, batch_id: int, number: int, *, prefix: str = "", at: datetime = NOW, **properties: str | None
    ) -> None:
        values = {
            "email": f"person{number}@acme.example",
            "firstname": "Jo",
            "country": "US",
            "lifecyclestage": "lead",
            "phone": None,
            **properties,
        }
        payload = {"id": f"{prefix}{number}", "properties": {k: v for k, v in values.items() if v != "(left out)"}}
        self.connection.execute(
            "insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload) "
            "values (%s, %s, %s, %s, %s)",
            (payload["id"], at, NOW, batch_id, Jsonb(payload)),
        )


@pytest.fixture
def landed(connection: Connection) -> Landed:
    return Landed(connection)


def state(connection: Connection) -> Verdict:
    return gate_state.state(connection, "hubspot_contacts")


def failures(verdict: Verdict) -> list[tuple[str, str]]:
    return [(each["column"], each["expectation"]) for each in verdict.results if not each["success"]]


def test_a_good_batch_passes_every_expectation(connection: Connection, landed: Landed) -> None:
    verdict = evaluate(connection, landed.batch(good=60), NOW)
    assert (verdict.is_open, failures(verdict)) == (True, [])
    assert len(verdict.results) == len(SUITE["expectations"])
    assert verdict.reason == "60 contacts meet every expectation"


def test_deleted_contacts_do_not_close_the_gate(connection: Connection, landed: Landed) -> None:
    swept = landed.batch()
    for number in range(80):
        connection.execute(
            "insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload) "
            "values (%s, %s, %s, %s, %s)",
            (str(number), NOW, NOW, swept, Jsonb({"id": str(number), "archived": True, "properties": {}})),
        )
    assert evaluate(connection, swept, NOW).reason == "not judged yet"
    assert evaluate(connection, landed.batch(good=25), NOW).is_open


EMPTY = {"email": None, "firstname": None, "country": None}
PLANTED = {
    "id": [("expect_column_values_to_match_regex", {"prefix": "deal-"}, 4)],
    "email": [
        ("expect_column_values_to_not_be_null", {"email": None}, 31),
        ("expect_column_values_to_match_regex", {"email": "call me"}, 4),
    ],
    "has_lifecycle_stage": [("expect_column_values_to_be_in_set", {"lifecyclestage": "(left out)"}, 4)],
    "updated_at": [
        ("expect_column_values_to_be_between", {"at": NOW + timedelta(days=1)}, 4),
        ("expect_column_values_to_be_between", {"at": datetime(1970, 1, 1, tzinfo=UTC)}, 4),
    ],
    "filled": [("expect_column_values_to_be_between", {**EMPTY, "lifecyclestage": ""}, 13)],
}


@pytest.mark.parametrize(
    ("column", "expectation", "fault", "bad"),
    [(column, *planted) for column, each in PLANTED.items() for planted in each],
)
def test_a_planted_batch_closes_the_gate(
    connection: Connection, landed: Landed, column: str, expectation: str, fault: dict[str, Any], bad: int
) -> None:
    verdict = evaluate(connection, landed.batch(good=60 - bad, bad=bad, **fault), NOW)
    assert not verdict.is_open
    assert failures(verdict) == [(column, expectation)]
    (said,) = [
        each["meta"]["failed"]
        for each in SUITE["expectations"]
        if (each["kwargs"]["column"], each["type"]) == (column, expectation)
    ]
    assert verdict.reason.startswith(said)
    assert state(connection) == verdict


@pytest.mark.parametrize(
    ("fault", "bad"),
    [(fault, bad - 1) for each in PLANTED.values() for _, fault, bad in each if bad > 1],
)
def test_a_little_less_passes(connection: Connection, landed: Landed, fault: dict[str, Any], bad: int) -> None:
    assert evaluate(connection, landed.batch(good=60 - bad, bad=bad, **fault), NOW).is_open


def test_every_expectation_has_a_planted_case() -> None:
    planted = {(column, expectation) for column, each in PLANTED.items() for expectation, _, _ in each}
    stated = {(each["kwargs"]["column"], each["type"]) for each in SUITE["expectations"]}
    assert stated == planted


def test_one_odd_record_closes_nothing(connection: Connection, landed: Landed) -> None:
    landed.batch(good=60)
    assert evaluate(connection, landed.batch(bad=1, email=None), NOW).is_open


def test_many_small_bad_batches_do(connection: Connection, landed: Landed) -> None:
    landed.batch(good=60)
    verdicts = [evaluate(connection, landed.batch(bad=1, email="call me"), NOW).is_open for _ in range(5)]
    assert verdicts == [True, True, False, False, False]


def test_too_few_are_not_judged(connection: Connection, landed: Landed) -> None:
    verdict = evaluate(connection, landed.batch(bad=49, email=None), NOW)
    assert verdict == Verdict(True, "too few contacts to judge: 49 of 50")


def test_a_batch_without_contacts_leaves_the_gate_as_it_was(connection: Connection, landed: Landed) -> None:
    assert evaluate(connection, landed.batch(), NOW).is_open
    closed = evaluate(connection, landed.batch(bad=60, email=None), NOW)
    assert evaluate(connection, landed.batch(), NOW) == closed
    rows = connection.execute("select count(*) as n from handoff.gates").fetchone()
    assert rows is not None
    assert rows["n"] == 1


def test_the_gate_opens_when_the_records_are_corrected(connection: Connection, landed: Landed) -> None:
    assert not evaluate(connection, landed.batch(bad=60, email=None), NOW).is_open
    again = landed.batch()
    for number in range(101, 161):
        landed.land(again, number, at=NOW + timedelta(minutes=1))
    assert evaluate(connection, again, NOW).is_open


def test_opened_by_hand_it_stays_open_until_a_batch_is_good(connection: Connection, landed: Landed) -> None:
    assert not evaluate(connection, landed.batch(bad=60, email=None), NOW).is_open
    open_by_hand(connection, "hubspot_contacts", "Maya", "an import without addresses, agreed", NOW)
    said = "opened by hand by Maya: an import without addresses, agreed"
    assert state(connection) == Verdict(True, said)
    assert evaluate(connection, landed.batch(bad=1, email=None), NOW) == Verdict(True, said)
    assert evaluate(connection, landed.batch(bad=60, email=None), NOW) == Verdict(True, said)
    assert evaluate(connection, landed.batch(good=60), NOW).reason == "60 contacts meet every expectation"
    assert not evaluate(connection, landed.batch(bad=60, email=None), NOW).is_open


def test_a_gate_holds_no_value_of_a_contact(connection: Connection, landed: Landed) -> None:
    assert not evaluate(connection, landed.batch(good=56, bad=4, email="call me, Ana Lopez"), NOW).is_open
    kept = connection.execute(
        "select results::text || (select validation::text from handoff.gate_documents) as kept from handoff.gates"
    ).fetchone()
    assert kept is not None
    assert "call me" not in kept["kept"]
    assert "acme.example" not in kept["kept"]


def test_no_property_is_more_than_null(connection: Connection, landed: Landed) -> None:
    batch = landed.batch(good=60)
    connection.execute(
        "insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload) "
        "values ('7', %s, %s, %s, '{}')",
        (NOW, NOW, batch),
    )
    assert evaluate(connection, batch, NOW).is_open
