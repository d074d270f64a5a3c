"""The bad-input list, F: hostile data through landing and the dbt line, as one batch of leads among which one is sound.

Each case carries its number on the list. Nothing is run, nothing is lost, and what cannot be read is unknown.
"""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from itertools import count
from typing import Any

import pytest

from handoff import clock
from handoff.extract import records
from handoff.ledger import db, landing, streams
from handoff.ledger.db import Connection
from handoff.qualify import dbt
from handoff.settings import REPOSITORY
from tests.conftest import Database

SOUND = {
    "email": "jordan@acme.example",
    "firstname": "Jordan",
    "numberofemployees": "250",
    "industry": "COMPUTER_SOFTWARE",
    "country": "United Kingdom",
    "hs_email_optout": "false",
}
TEXTS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "jobtitle": "title",
    "company": "company_name",
    "city": "city",
    "state": "state",
    "phone": "phone",
    "hs_lead_status": "lead_status",
    "hs_analytics_source_data_1": "first_source_detail",
    "hs_latest_source_data_1": "latest_source_detail",
    "hs_analytics_first_touch_converting_campaign": "first_campaign",
    "recent_conversion_event_name": "latest_conversion_name",
    "handoff_rejection_reason": "rejection_reason_id",
}
"""Property → column of the staging view."""

INJECTIONS = [
    *(
        (61, text)
        for text in ("Robert'); DROP TABLE leads;--", "' OR 1=1", "$$", "%s", "%(id)s", "{}", "{0}", "\\", '"')
    ),
    *((61, text) for text in ("\\'; --", "E'\\x27'", "a''b", "\\.", "\\N", "a\tb")),
    *((62, text) for text in ("{{ var('x') }}", "{% do run_query('drop') %}", "{{ conn.hubspot.password }}")),
    *((62, text) for text in ("${jndi:ldap://x}", "$(id)", "`id`", "{# x #}", "{{ 7 * 7 }}", "<%= 7 %>")),
    (69, "\n[CRITICAL] paid"),
    (69, "a\r\n2026-11-20 ERROR root: paid"),
]
NAMES = ['a"; drop--', "select", "x" * 80, "UPPER", "\U0001f600", "1st", "a b", "id", "properties", "", "$", "a.b"]
ADDRESSES = [
    ("Jordan@ACME.Example", "jordan@acme.example", "acme.example"),
    ("jordan+tag@acme.example", "jordan+tag@acme.example", "acme.example"),
    ("jordan", "jordan", None),
    ("a@@acme.example", "a@@acme.example", None),
    ("a@b", "a@b", None),
    ("jordan@acme.example, bo@acme.example", "jordan@acme.example, bo@acme.example", None),
    ("x" * 320 + "@acme.example", "x" * 320 + "@acme.example", None),
]
PHONES = ["+1 (555) 010-0000", "٠١٢", "=1+1", "5" * 60, "tel:+1", "-"]
EMPLOYEES = {
    "250": 250,
    "250.0": 250,
    "-0": None,
    "1e309": None,
    "1,000": None,
    "١٢": None,
    "NaN": None,
    "Infinity": None,
    "": None,
    "9007199254740993": None,
    "9" * 40: None,
}
OPT_OUTS = {"true": True, "TRUE": True, "false": False, "yes": None, "0": None, "": None}
INDUSTRIES = ["NOT_AN_INDUSTRY", "a;;b;", ";", "COMPUTER_SOFTWARE;"]
COUNTRIES = {
    "UK": ("United Kingdom", "EMEA"),
    "GB": ("United Kingdom", "EMEA"),
    "united kingdom": ("United Kingdom", "EMEA"),
    "Deutschland": ("Germany", "EMEA"),
    "Côte d’Ivoire": ("Côte d’Ivoire", "EMEA"),
    "": (None, None),
    "Atlantis": (None, None),
    "'; drop table x": (None, None),
}
INSTANTS = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "99999999999999", "-99999999999999", "soon", ""]

NUMBERS = count(1000)
LEADS: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
"""(what is odd, its value) → contact id and properties."""


def lead(kind: str, value: str, **properties: str) -> None:
    LEADS[kind, value] = (str(next(NUMBERS)), {**SOUND, **properties})


lead("nothing", "")
for _, text in INJECTIONS:
    lead("text", text, **dict.fromkeys(TEXTS, text), website=text, associatedcompanyid=text, hubspot_owner_id=text)
for name in NAMES:
    lead("property", name, **{name: "x"})
for address, _, _ in ADDRESSES:
    lead("email", address, email=address)
for phone in PHONES:
    lead("phone", phone, phone=phone)
for number in EMPLOYEES:
    lead("employees", number, numberofemployees=number, hs_analytics_num_page_views=number, hs_email_bounce=number)
for flag in OPT_OUTS:
    lead("opt-out", flag, hs_email_optout=flag)
for industry in INDUSTRIES:
    lead("industry", industry, industry=industry, lifecyclestage=industry)
for country in COUNTRIES:
    lead("country", country, country=country, state="Ontario", zip="SW1A 1AA")
for instant in INSTANTS:
    visited = dict.fromkeys(
        ("hs_analytics_last_visit_timestamp", "hs_email_last_open_date", "recent_conversion_date", "createdate"),
        instant,
    )
    lead("instant", instant, **visited)


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """What the package said meanwhile."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Keep()
    logging.getLogger("handoff").addHandler(handler)
    yield messages
    logging.getLogger("handoff").removeHandler(handler)


@pytest.fixture(scope="module")
def connection(module_agreement_database: Database, logged: list[str]) -> Iterator[Connection]:
    """A ledger in which all of them have landed and been decided, in one batch."""
    now = clock.now()
    moment = (now - timedelta(seconds=1)).astimezone(UTC)
    with db.connect() as connection:
        batch_id = landing.open_batch(connection, "webhook", now)
        rows = [
            records.crm_object(
                {"id": contact_id, "properties": properties, "updatedAt": moment.isoformat(), "archived": False},
                "companies",
            )
            for contact_id, properties in LEADS.values()
        ]
        assert landing.land(connection, batch_id, streams.CONTACTS, rows, loaded_at=now).landed == len(LEADS)
        dbt.invoke(connection, ["run"], selector="line", as_of=clock.now(), as_loaded=True)
        yield connection


def one(connection: Connection, relation: str, kind: str, value: str, key: str = "lead_id") -> dict[str, Any]:
    """The one row about a lead."""
    query = f"select * from {relation} where {key} = %s"
    (row,) = connection.execute(query, (LEADS[kind, value][0],)).fetchall()  # type: ignore[arg-type]
    return row


def clauses(connection: Connection, kind: str, value: str) -> dict[str, str]:
    rows = connection.execute(
        "select clause_id, state from line.int_clauses where lead_id = %s", (LEADS[kind, value][0],)
    )
    return {row["clause_id"]: row["state"] for row in rows}


def quarantined(connection: Connection, kind: str, value: str) -> list[str]:
    """Fields of one lead that lie in quarantine."""
    rows = connection.execute(
        "select field from raw.quarantine where id = %s and kind = 'value' and released_at is null order by field",
        (LEADS[kind, value][0],),
    )
    return [row["field"] for row in rows]


def numbered(number: int, values: Any) -> list[Any]:
    return [pytest.param(value, id=f"{number} {value[:24].encode('unicode_escape').decode()!r}") for value in values]


def test_every_lead_is_decided_and_no_score_is_less_than_a_number(connection: Connection) -> None:
    rows = connection.execute("select lead_id, score::text as score from line.int_qualifications").fetchall()
    assert {row["lead_id"] for row in rows} == {contact_id for contact_id, _ in LEADS.values()}
    assert [row for row in rows if not re.fullmatch(r"-?\d+(\.\d+)?", row["score"])] == []
    assert connection.execute("select * from staging.stg_hubspot__quarantined").fetchall() == []


@pytest.mark.parametrize(("number", "text"), INJECTIONS, ids=[f"{n} {t!a}" for n, t in INJECTIONS])
def test_text_stays_text(connection: Connection, number: int, text: str) -> None:
    raw = one(connection, "raw.hubspot_contacts", "text", text, "id")["payload"]["properties"]
    staged = one(connection, "staging.stg_hubspot__contacts", "text", text, "contact_id")
    assert {raw[name] for name in TEXTS} == {text}
    assert {staged[column] for column in TEXTS.values()} == {text.strip(" ")}
    decided = one(connection, "line.int_leads", "text", text)
    assert (decided["first_name"], decided["company_name"]) == (text, text)
    assert decided["owner_id"] == text


@pytest.mark.parametrize("name", numbered(63, NAMES))
def test_a_property_s_name_is_data_and_never_a_column(connection: Connection, name: str) -> None:
    assert one(connection, "raw.hubspot_contacts", "property", name, "id")["payload"]["properties"][name] == "x"
    assert one(connection, "line.int_leads", "property", name)["first_name"] == "Jordan"
    columns = connection.execute(
        """select column_name from information_schema.columns
        where table_schema in ('raw', 'staging', 'line') and column_name !~ '^[a-z][a-z0-9_]{0,62}$'"""
    ).fetchall()
    assert columns == []


def test_63_the_names_that_models_read_are_plain(connection: Connection) -> None:
    models = (REPOSITORY / "dbt_project" / "models").rglob("*.sql")
    names = {name for path in models for name in re.findall(r"property\('([^']*)'\)", path.read_text())}
    assert len(names) > 40
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name)] == []


def test_62_no_dag_renders_what_somebody_sent(connection: Connection) -> None:
    dags = {path.name: path.read_text() for path in (REPOSITORY / "dags").glob("*.py")}
    assert "handoff_line.py" in dags
    # The breaker's question is a text of ours about counts and ids; what it renders is not rendered again.
    ours = re.compile(r"\{\{ ti\.xcom_pull\(task_ids='look'\)\['(subject|body)'\] \}\}")
    dags = {name: ours.sub("", text) for name, text in dags.items()}
    assert [name for name, text in dags.items() if "{{" in text or "{%" in text or "dag_run.conf" in text] == []


@pytest.mark.parametrize(
    ("address", "folded", "domain"), ADDRESSES, ids=[f"64 {address[:24]}" for address, _, _ in ADDRESSES]
)
def test_an_address_is_one_key_and_one_domain_or_none(
    connection: Connection, address: str, folded: str, domain: str | None
) -> None:
    found = one(connection, "line.int_leads", "email", address)
    assert (found["email"], found["email_domain"]) == (folded, domain)


@pytest.mark.parametrize("phone", numbered(65, PHONES))
def test_a_phone_number_is_text(connection: Connection, phone: str) -> None:
    assert one(connection, "line.int_leads", "phone", phone)["phone"] == phone


@pytest.mark.parametrize("number", numbered(66, EMPLOYEES))
def test_a_number_that_is_none_is_unknown_and_not_false(connection: Connection, number: str) -> None:
    found = one(connection, "line.int_leads", "employees", number)
    assert found["employees"] == EMPLOYEES[number]
    state = "unknown" if EMPLOYEES[number] is None else "held"
    assert clauses(connection, "employees", number)["req-company-size"] == state
    assert found["is_bounced"] is (EMPLOYEES[number] is not None)
    unread = [] if EMPLOYEES[number] is not None or not number else ["hs_analytics_num_page_views", "hs_email_bounce"]
    assert quarantined(connection, "employees", number) == [*unread, *(["numberofemployees"] if unread else [])]


@pytest.mark.parametrize("flag", numbered(67, OPT_OUTS))
def test_a_flag_is_true_false_or_unknown(connection: Connection, flag: str) -> None:
    staged = one(connection, "staging.stg_hubspot__contacts", "opt-out", flag, "contact_id")
    assert staged["is_opted_out"] is OPT_OUTS[flag]
    assert quarantined(connection, "opt-out", flag) == (["hs_email_optout"] if flag in ("yes", "0") else [])


@pytest.mark.parametrize("industry", numbered(67, INDUSTRIES))
def test_a_value_that_no_list_knows_is_unknown_and_not_false(connection: Connection, industry: str) -> None:
    found = one(connection, "line.int_leads", "industry", industry)
    assert found["lifecycle_stage"] == industry
    state = clauses(connection, "industry", industry)["req-industry"]
    assert state == ("unknown" if found["industry"] is None else "held")
    assert found["industry"] in (None, "Software")


def test_an_unknown_value_is_told_apart_from_one_that_fails(connection: Connection) -> None:
    assert clauses(connection, "industry", "NOT_AN_INDUSTRY")["req-industry"] == "unknown"
    assert clauses(connection, "nothing", "")["req-industry"] == "held"


@pytest.mark.parametrize("country", numbered(68, COUNTRIES))
def test_a_country_is_one_that_we_know_or_unknown(connection: Connection, country: str) -> None:
    found = one(connection, "line.int_leads", "country", country)
    _, region = COUNTRIES[country]
    assert (found["region"], found["country"] is None) == (region, region is None)
    assert clauses(connection, "country", country)["req-region"] == ("unknown" if region is None else "held")


def test_68_names_of_one_country_are_one_country(connection: Connection) -> None:
    british = {one(connection, "line.int_leads", "country", name)["country"] for name in ("UK", "GB", "united kingdom")}
    assert len(british) == 1


@pytest.mark.parametrize("instant", numbered(66, INSTANTS))
def test_a_moment_outside_our_time_is_no_act(connection: Connection, instant: str) -> None:
    staged = one(connection, "staging.stg_hubspot__contacts", "instant", instant, "contact_id")
    assert (staged["last_visit_at"], staged["last_email_open_at"], staged["created_at"]) == (None, None, None)
    assert ("createdate" in quarantined(connection, "instant", instant)) is bool(instant)
    acts = connection.execute(
        "select * from line.int_activities where lead_id = %s", (LEADS["instant", instant][0],)
    ).fetchall()
    assert acts == []


def test_66_an_act_at_no_moment_is_quarantined_by_field(connection: Connection) -> None:
    now = clock.now()
    batch_id = landing.open_batch(connection, "webhook", now)
    calls = [
        records.crm_object(
            {"id": str(number), "properties": {"hs_timestamp": instant}, "updatedAt": now.isoformat()}, "contacts", []
        )
        for number, instant in enumerate([*INSTANTS, now.isoformat()], start=1)
    ]
    landing.land(connection, batch_id, streams.CALLS, calls, loaded_at=now)
    for relation in ("staging.stg_hubspot__quarantined", "raw.quarantine"):
        rows = connection.execute(f"select id, field from {relation} where stream = 'hubspot_calls'").fetchall()
        assert {(row["id"], row["field"]) for row in rows} == {
            (str(number), "hs_timestamp") for number in range(1, len(INSTANTS) + 1)
        }
    assert len(connection.execute("select * from staging.stg_hubspot__calls").fetchall()) == 1


def test_69_what_is_logged_about_them_stays_on_its_line(connection: Connection, logged: list[str]) -> None:
    refused = [
        records.crm_object({"id": text, "updatedAt": clock.now().isoformat(), "properties": {}})
        for _, text in INJECTIONS
    ]
    now = clock.now()
    batch_id = landing.open_batch(connection, "webhook", now)
    landed = landing.land(connection, batch_id, streams.CONTACTS, refused, loaded_at=now)
    rows = connection.execute(
        "select field, reason, remedy from raw.quarantine where batch_id = %s", (batch_id,)
    ).fetchall()
    assert landed.quarantined == len(rows) == len(INJECTIONS)
    assert {row["field"] for row in rows} == {"id"}
    assert [row for row in rows if "\n" in row["reason"] or not row["remedy"]] == []
    assert [message for message in logged if "\n" in message] == []
