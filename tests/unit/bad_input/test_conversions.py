"""The bad-input list, F 64 and 66 to 68: what the dbt macros make of values, asked of a real Postgres.

What a macro cannot read is null: unknown, which is never false, zero or not-a-number. Each case carries its number on
the list.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jinja2
import psycopg
import pytest

from handoff.settings import REPOSITORY
from tests.conftest import Database

MACROS = jinja2.Environment(autoescape=False).from_string(
    (REPOSITORY / "dbt_project" / "macros" / "casts.sql").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def connection(module_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_database.dsn, autocommit=True, options="-c timezone=UTC") as connection:
        yield connection


def read(connection: psycopg.Connection[Any], macro: str, value: str | None) -> Any:
    """What a macro of `casts.sql` makes of a value."""
    expression = getattr(MACROS.module, macro)("given.value")
    row = connection.execute(f"select {expression} from (values (%s::text)) as given (value)", (value,)).fetchone()
    assert row is not None
    return row[0]


def numbered(number: int, cases: dict[str | None, Any]) -> list[Any]:
    return [pytest.param(value, expected, id=f"{number} {str(value)[:24]!r}") for value, expected in cases.items()]


NUMBERS = {
    "0": 0,
    "-0": 0,
    "42": 42,
    "-1.5": Decimal("-1.5"),
    "+3": 3,
    " 7 ": 7,
    "007": 7,
    "999999999999999": 999999999999999,
    "1e309": None,
    "1e3": None,
    "1,000": None,
    "1.000,5": None,
    "١٢": None,
    "１２": None,
    "NaN": None,
    "Infinity": None,
    "-Infinity": None,
    "inf": None,
    "": None,
    "   ": None,
    None: None,
    "9007199254740993": None,
    "9" * 40: None,
    "1.": None,
    ".5": None,
    "0x10": None,
    "1_000": None,
    "12\n": None,
    "--1": None,
    "1 000": None,
    "1'; drop table x": None,
}


@pytest.mark.parametrize(("value", "expected"), numbered(66, NUMBERS))
def test_a_number_is_one_or_unknown(connection: psycopg.Connection[Any], value: str | None, expected: Any) -> None:
    found = read(connection, "as_number", value)
    assert (found, found is None) == (expected, expected is None)


COUNTS = {
    "0": 0,
    "250": 250,
    "250.0": 250,
    "250.00": 250,
    " 12 ": 12,
    "999999999": 999999999,
    "1000000000": None,
    "250.5": None,
    "-1": None,
    "-0": None,
    "1e3": None,
    "1,000": None,
    "١٢": None,
    "NaN": None,
    "Infinity": None,
    "": None,
    None: None,
    "9" * 40: None,
    "51-200": None,
}


@pytest.mark.parametrize(("value", "expected"), numbered(66, COUNTS))
def test_a_count_is_one_or_unknown(connection: psycopg.Connection[Any], value: str | None, expected: Any) -> None:
    found = read(connection, "as_count", value)
    assert (found, found is None) == (expected, expected is None)


FLAGS = {
    "true": True,
    "TRUE": True,
    " True ": True,
    "false": False,
    "False": False,
    "yes": None,
    "no": None,
    "0": None,
    "1": None,
    "": None,
    None: None,
    "a;;b;": None,
    "truе": None,
}


@pytest.mark.parametrize(("value", "expected"), numbered(67, FLAGS))
def test_a_flag_is_true_false_or_unknown(
    connection: psycopg.Connection[Any], value: str | None, expected: bool | None
) -> None:
    assert read(connection, "as_flag", value) is expected


MOMENT = datetime(2026, 11, 20, 19, tzinfo=UTC)
INSTANTS = {
    "2026-11-20T19:00:00Z": MOMENT,
    "2026-11-20T19:00:00.000Z": MOMENT,
    "2026-11-20T20:00:00+01:00": MOMENT,
    "2026-11-20 20:00:00+0100": MOMENT,
    "2026-11-20T19:00:00": MOMENT,
    "2026-11-20": datetime(2026, 11, 20, tzinfo=UTC),
    "1795201200000": MOMENT,
    " 1795201200000 ": MOMENT,
    "2028-02-29": datetime(2028, 2, 29, tzinfo=UTC),
    "1995-01-01T00:00:00Z": datetime(1995, 1, 1, tzinfo=UTC),
    "2099-12-31T23:59:59Z": datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
    "2026-02-29": None,
    "2026-13-01T00:00:00Z": None,
    "2026-11-20T25:00:00Z": None,
    "2026-11-20T19:00:00+99:00": None,
    "20.11.2026": None,
    "11/20/2026": None,
    "soon": None,
    "now": None,
    "infinity": None,
    "": None,
    None: None,
    "0": None,
    "-1": None,
    "1795201200": None,
    "-99999999999999": None,
    "99999999999999": None,
    "1" * 40: None,
    "١٧٩٥٢٠١٢٠٠٠٠٠": None,
    "0001-01-01T00:00:00Z": None,
    "1970-01-01T00:00:00Z": None,
    "9999-12-31": None,
    "9999-12-31T23:59:59-10:00": None,
}


@pytest.mark.parametrize(("value", "expected"), numbered(66, INSTANTS))
def test_an_instant_lies_in_our_time_or_is_unknown(
    connection: psycopg.Connection[Any], value: str | None, expected: datetime | None
) -> None:
    assert read(connection, "as_instant", value) == expected


DOMAINS = {
    "ana@acme.example": "acme.example",
    "Ana@ACME.Example": "acme.example",
    "ana+tag@acme.example": "acme.example",
    "ana@xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
    "ana@münchen.example": "münchen.example",
    "ana": None,
    "": None,
    None: None,
    "ana@": None,
    "@acme.example": None,
    "ana@@acme.example": None,
    "ana@b@acme.example": None,
    "ana@b": None,
    "ana@acme.example.": None,
    "ana@.acme.example": None,
    "ana@acme..example": None,
    "ana b@acme.example": None,
    "ana@acme.example, bo@acme.example": None,
    "ana@acme.example;bo@acme.example": None,
    "ana@acme.example\n": None,
}


@pytest.mark.parametrize(("value", "expected"), numbered(64, DOMAINS))
def test_an_address_has_one_domain_or_none(
    connection: psycopg.Connection[Any], value: str | None, expected: str | None
) -> None:
    assert read(connection, "email_domain", value) == expected


LINES = {
    "one": "one",
    " a  b ": "a b",
    "a\n[CRITICAL] paid": "a [CRITICAL] paid",
    "a\r\n\tb\x0bc": "a b c",
    "x" * 300: "x" * 200,
    "\x1b[31mred": "[31mred",
}


@pytest.mark.parametrize(("value", "expected"), numbered(57, LINES))
def test_a_line_is_one_line(connection: psycopg.Connection[Any], value: str, expected: str) -> None:
    assert read(connection, "one_line", value) == expected
