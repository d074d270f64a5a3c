"""The clients against vendors that enforce their limits: all of it comes, once, and no limit is run into."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from handoff import clock
from handoff.clients.apollo import ApolloHook
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import PlanLacks
from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import Refused
from handoff.clients.stores import LocalStore
from sandbox.testing import RunningSandbox, running_sandbox

CONTACTS = 450


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(contacts=CONTACTS) as running, pytest.MonkeyPatch.context() as patch:
        values = {
            "HUBSPOT": {"conn_type": "http", "host": running.url, "password": "pat-na1-sandbox"},
            "APOLLO": {"conn_type": "http", "host": running.url, "password": "apollo-sandbox"},
            "SLACK": {"conn_type": "slack", "password": "xoxb-sandbox", "extra": {"base_url": f"{running.url}/api/"}},
        }
        for name, value in values.items():
            patch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
        yield running


@pytest.fixture(scope="module")
def hubspot(sandbox: RunningSandbox) -> HubSpotHook:
    return HubSpotHook(store=LocalStore())


@pytest.fixture(scope="module")
def ids(hubspot: HubSpotHook) -> list[str]:
    found = hubspot.search("contacts", datetime(2006, 1, 1, tzinfo=UTC), clock.now(), "lastmodifieddate")
    return [record_id for record_id, _ in found]


def test_a_search_finds_every_contact_once(ids: list[str], sandbox: RunningSandbox) -> None:
    assert len(ids) == len(set(ids)) == sandbox.control("GET", "health")["contacts"] >= CONTACTS
    assert ids == sorted(ids, key=int)
    assert sandbox.control("GET", "limits")["refused"]["SECONDLY"] == 0


def test_a_batch_is_read_with_history_and_companies(hubspot: HubSpotHook, ids: list[str]) -> None:
    objects, missing = hubspot.batch_read("contacts", [*ids, "999"], ["email", "city"], with_history=["lifecyclestage"])
    assert (len(objects), missing) == (len(ids), ["999"])
    assert {"email", "city"} <= objects[0]["properties"].keys()
    assert objects[0]["propertiesWithHistory"]["lifecyclestage"]
    companies = hubspot.associations("contacts", "companies", ids)
    assert companies.keys() == set(ids)
    assert any(companies.values())


def test_owners_forms_and_submissions(hubspot: HubSpotHook) -> None:
    assert "1007" in {each["id"] for each in hubspot.owners(archived=True)} - {each["id"] for each in hubspot.owners()}
    forms = list(hubspot.forms())
    assert "Request a demo" in {each["name"] for each in forms}
    since = clock.now() - timedelta(days=30)
    submitted = [each["submittedAt"] for form in forms for each in hubspot.form_submissions(form["id"], since)]
    assert submitted
    assert min(submitted) >= since.timestamp() * 1000 - 1


def test_events_of_everybody_and_of_one(hubspot: HubSpotHook) -> None:
    since, until = clock.now() - timedelta(days=20), clock.now()
    visits = list(hubspot.events("e_visited_page", since, until))
    assert len(visits) > 100
    assert len({each["id"] for each in visits}) == len(visits)
    one = visits[0]["objectId"]
    alone = list(hubspot.events("e_visited_page", since, until, object_id=one))
    assert {each["objectId"] for each in alone} == {one}
    assert len(alone) == sum(each["objectId"] == one for each in visits)


def test_the_account_says_where_midnight_is(hubspot: HubSpotHook) -> None:
    assert hubspot.account()["timeZone"] == "America/New_York"


def test_a_plan_without_events_is_told_apart() -> None:
    with running_sandbox(SANDBOX_ENTERPRISE="off") as small, pytest.MonkeyPatch.context() as patch:
        value = {"conn_type": "http", "host": small.url, "password": "pat-na1-sandbox"}
        patch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))
        with pytest.raises(PlanLacks):
            list(HubSpotHook(store=LocalStore()).events("e_visited_page", clock.now(), clock.now()))


def test_apollo_knows_some_and_says_so_of_each(sandbox: RunningSandbox, hubspot: HubSpotHook, ids: list[str]) -> None:
    contacts, _ = hubspot.batch_read("contacts", ids[:40], ["email"])
    emails = [each["properties"]["email"] for each in contacts if each["properties"]["email"]]
    people = ApolloHook(store=LocalStore()).people(emails, deadline_s=20)
    assert people.keys() == set(emails)
    assert {answer is None for answer in people.values()} == {True, False}
    domains = sorted({each.partition("@")[2] for each in emails})
    assert ApolloHook(store=LocalStore()).organizations(domains, deadline_s=20).keys() == set(domains)


def test_slack_knows_members_and_channels(sandbox: RunningSandbox) -> None:
    slack = SlackHook(store=LocalStore())
    assert slack.user_by_email("ana.costa@brightwell.example")["id"] == "U0ANACOSTA"
    with pytest.raises(Refused, match="users_not_found"):
        slack.user_by_email("nobody@brightwell.example")
    assert slack.channel_id("#mql-handoffs") == "C0HANDOFFS"
    assert slack.open_dm("U0ANACOSTA") == "D0ANACOSTA"
