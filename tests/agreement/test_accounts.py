"""Leads and companies as a CRM has them, landed, learned and matched by the line's own models and rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff import identity
from handoff.ledger import db
from handoff.qualify import dbt

from .conftest import PROJECT, read

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
COMPANIES = {
    "1": {"name": "Acme, Inc.", "domain": "www.acme.co.uk", "hubspot_owner_id": "1001", "country": "United Kingdom"},
    "2": {"name": "Twin Ltd", "domain": "us.twin.com"},
    "3": {"name": "Twin GmbH", "domain": "twin.com"},
    "4": {"name": "Gone AG", "domain": "gone.com", "archived": True},
    "5": {"name": "Müller & Söhne GmbH", "domain": "xn--mller-kva.de", "country": "Germany"},
    "6": {"name": "Webmail Users", "domain": "gmail.com"},
    "7": {"name": "Pages", "domain": "one.github.io"},
    "8": {"name": "ABB", "domain": "abb.com"},
}
LEADS: dict[str, tuple[dict[str, Any], tuple[str | None, str, str]]] = {
    "primary": ({"email": "a@twin.com", "associatedcompanyid": "1"}, ("1", "association", "associated in the CRM")),
    "gone": ({"email": "a@gone.com", "associatedcompanyid": "4"}, (None, "none", "none has the domain gone.com")),
    "domain": ({"email": "A@Sales.ACME.co.uk"}, ("1", "domain", "the only company at acme.co.uk")),
    "idn": ({"email": "a@müller.de"}, ("5", "domain", "the only company at müller.de")),
    "twin": ({"email": "a@twin.com", "company": "Twin"}, (None, "none", "2 companies share twin.com: ambiguous")),
    "free": ({"email": "a.b@gmail.com"}, (None, "none", "gmail.com is free mail")),
    "name": ({"email": "a@gmail.com", "company": "ACME Limited"}, ("1", "name", "the only company named “acme”")),
    "folded": ({"company": "Muller & Sohne", "country": "DE"}, ("5", "name", "named “muller and sohne”")),
    "abroad": ({"company": "Muller & Sohne", "country": "France"}, (None, "none", "no name alone")),
    "short": ({"company": "ABB Ltd"}, (None, "none", "no name alone means “abb”")),
    "website": ({"email": "a@gmail.com", "website": "https://acme.co.uk/x"}, ("1", "domain", "acme.co.uk")),
    "page": ({"website": "https://www.linkedin.com/in/a"}, (None, "none", "no business e-mail address")),
    "neighbour": ({"email": "a@two.github.io"}, (None, "none", "none has the domain two.github.io")),
    "suffix": ({"email": "a@co.uk"}, (None, "none", "none has the domain co.uk")),
}
Admin = psycopg.Connection[dict[str, Any]]


def put(admin: Admin, stream: str, key: str, payload: dict[str, Any]) -> None:
    admin.execute(
        f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, 1, %s)",
        (key, AT, AT, Jsonb({"id": key} | payload)),
    )


@pytest.fixture(scope="module")
def titles() -> dict[str, dict[str, str]]:
    """A hundred and more job titles with the seniority that each must have, by contact id."""
    path = PROJECT.parent / "tests" / "agreement" / "titles.csv"
    return {str(number): row for number, row in enumerate(read(path), 1000)}


@pytest.fixture(scope="module")
def landed(admin: Admin, titles: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """The leads as the line sees them, by contact id; those of `LEADS` are numbered from 1."""
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (AT,))
    for key, company in COMPANIES.items():
        put(admin, "hubspot_companies", key, {"properties": company, "archived": company.get("archived", False)})
    for number, (properties, _) in enumerate(LEADS.values(), 1):
        put(admin, "hubspot_contacts", str(number), {"properties": properties})
    for key, row in titles.items():
        put(admin, "hubspot_contacts", key, {"properties": {"jobtitle": row["title"]}})
    with db.connect() as connection:
        identity.complete(connection)
        later = AT + timedelta(minutes=1)
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=later, as_loaded=True)
    return {row["lead_id"]: row for row in admin.execute("select * from line.int_leads")}


@pytest.mark.parametrize("name", LEADS)
def test_a_lead_belongs_to_one_company_or_to_none(name: str, landed: dict[str, dict[str, Any]]) -> None:
    lead = landed[str(list(LEADS).index(name) + 1)]
    company_id, method, reason = LEADS[name][1]
    assert (lead["company_id"], lead["account_match_method"]) == (company_id, method)
    assert reason in lead["account_match_reason"]
    assert (lead["account_match_confidence"] > 0) == (company_id is not None)


def test_the_owner_of_a_matched_account_is_known(landed: dict[str, dict[str, Any]]) -> None:
    lead = landed[str(list(LEADS).index("domain") + 1)]
    assert (lead["company_owner_id"], lead["company_name"], lead["company_domain"]) == (
        "1001",
        "Acme, Inc.",
        "acme.co.uk",
    )


def test_the_address_stays_and_its_key_is_folded(landed: dict[str, dict[str, Any]]) -> None:
    lead = landed[str(list(LEADS).index("free") + 1)]
    assert (lead["email"], lead["email_key"], lead["is_freemail"]) == ("a.b@gmail.com", "ab@gmail.com", True)


def test_every_title_has_the_seniority_that_a_reader_gives_it(
    landed: dict[str, dict[str, Any]], titles: dict[str, dict[str, str]]
) -> None:
    wrong = {
        row["title"]: landed[key]["seniority"]
        for key, row in titles.items()
        if (landed[key]["seniority"] or "unknown") != row["seniority"]
    }
    assert wrong == {}
