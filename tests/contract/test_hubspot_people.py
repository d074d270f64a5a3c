"""Owners who leave, come back and join, the `users` object in step with them, and properties that change."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hubspot_sdk import BadRequestError

from tests.contract.hubspot_portal import OBJECTS, Portal, open_portal


@pytest.fixture(scope="module")
def shared() -> Iterator[Portal]:
    with open_portal() as made:
        yield made


@pytest.fixture
def portal(shared: Portal) -> Portal:
    shared.sandbox.control("POST", "reset", {"contacts": 5})
    return shared


def owners(portal: Portal, archived: bool = False) -> dict[str, Any]:
    return {owner.id: owner for owner in portal.v3.crm.owners.owners_api.get_page(archived=archived).results}


def users(portal: Portal) -> dict[str, dict[str, str]]:
    names = ["hs_internal_user_id", "hs_email", "hs_standard_time_zone", "hs_working_hours", "hs_availability_status"]
    page = portal.dated.crm.objects.users.list(properties=names, limit=100)
    return {user.properties["hs_internal_user_id"]: dict(user.properties) for user in page}


def test_an_owner_who_leaves_and_comes_back(portal: Portal) -> None:
    contact = portal.create(email="owned@people.example", hubspot_owner_id="1003")
    user_id = str(owners(portal)["1003"].user_id)
    portal.sandbox.control("POST", "owners", {"id": "1003", "archived": True})
    assert "1003" not in owners(portal)
    gone = owners(portal, archived=True)["1003"]
    assert (gone.archived, gone.user_id) == (True, None)
    assert gone.updated_at > gone.created_at
    assert portal.read(contact, "hubspot_owner_id")["hubspot_owner_id"] == "1003"
    assert user_id not in users(portal)
    other = portal.create(email="new@people.example")
    with pytest.raises(BadRequestError, match="Owner 1003"):
        portal.dated.crm.objects.contacts.update(other, properties={"hubspot_owner_id": "1003"})
    portal.sandbox.control("POST", "owners", {"id": "1003", "archived": False})
    assert str(owners(portal)["1003"].user_id) == user_id
    assert user_id in users(portal)
    assert portal.patch(other, hubspot_owner_id="1003").status_code == 200


def test_an_owner_who_joins(portal: Portal) -> None:
    given = {"id": "1010", "first_name": "Hana", "last_name": "Ito", "email": "hana.ito@brightwell.example"}
    portal.sandbox.control("POST", "owners", given | {"time_zone": "Asia/Tokyo"})
    joined = owners(portal)["1010"]
    assert (joined.first_name, joined.last_name, joined.archived) == ("Hana", "Ito", False)
    assert users(portal)[str(joined.user_id)]["hs_standard_time_zone"] == "Asia/Tokyo"
    assert portal.create(email="theirs@people.example", hubspot_owner_id="1010")
    portal.sandbox.control("POST", "reset", {"contacts": 0})
    assert "1010" not in owners(portal)


@pytest.mark.parametrize("given", [{"id": "x"}, {}, {"id": "1011", "first_name": "No"}])
def test_an_owner_who_cannot_be(portal: Portal, given: dict[str, str]) -> None:
    assert httpx.post(f"{portal.sandbox.url}/_sandbox/owners", json=given).status_code == 400


@pytest.mark.parametrize("base", ["/crm/objects/2026-09", "/crm/objects/2026-03", "/crm/v3/objects"])
def test_users_by_every_path(portal: Portal, base: str) -> None:
    listed = portal.http.get(f"{base}/users", params={"properties": "hs_email"}).json()["results"]
    assert len(listed) == 6
    for name in ("users", "user", "0-115"):
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": "hs_internal_user_id", "operator": "EQ", "value": "2001005"}]}
            ],
            "properties": ["hs_email"],
        }
        found = portal.http.post(f"{base}/{name}/search", json=body).json()
        assert [r["properties"]["hs_email"] for r in found["results"]] == ["emi.tanaka@brightwell.example"]
    read = portal.http.post(f"{base}/users/batch/read", json={"inputs": [{"id": r["id"]} for r in listed]}).json()
    assert len(read["results"]) == 6
    archived = portal.http.get(f"{base}/users", params={"archived": "true", "properties": "hs_email"}).json()["results"]
    assert [r["properties"]["hs_email"] for r in archived] == ["gil.retired@brightwell.example"]


def test_when_a_user_works(portal: Portal) -> None:
    user = users(portal)["2001004"]
    assert user["hs_standard_time_zone"] == "Europe/Berlin"
    assert json.loads(user["hs_working_hours"]) == [{"days": "MONDAY_TO_FRIDAY", "startMinute": 540, "endMinute": 1020}]
    assert user["hs_availability_status"] == "available"
    record = user["hs_object_id"]
    away = json.dumps([{"startTimestamp": 1_795_000_000_000, "endTimestamp": 1_795_100_000_000}])
    changed = {"hs_out_of_office_hours": away, "hs_availability_status": "away"}
    portal.dated.crm.objects.users.update(record, properties=changed)
    portal.sandbox.control("POST", "owners", {"id": "1004", "time_zone": "Europe/Zurich"})
    read = portal.read(record, *changed, "hs_standard_time_zone", kind="users")
    assert (read["hs_out_of_office_hours"], read["hs_availability_status"]) == (away, "away")
    assert read["hs_standard_time_zone"] == "Europe/Zurich"


def test_a_property_that_is_removed(portal: Portal) -> None:
    contact = portal.create(email="removed@people.example", city="Ghent")
    portal.sandbox.control("POST", "property", {"object": "contacts", "name": "city", "remove": True})
    assert "city" not in portal.read(contact, "city", "email")
    where = {"propertyName": "city", "operator": "EQ", "value": "Ghent"}
    body = {"filterGroups": [{"filters": [where]}]}
    assert portal.http.post(f"{OBJECTS}/contacts/search", json=body).status_code == 400
    refused = portal.patch(contact, city="Bruges", firstname="Never")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert portal.read(contact, "firstname")["firstname"] is None
    api = portal.dated.crm.properties
    assert "city" not in {p.name for p in api.list("contacts").results}
    assert "city" in {p.name for p in api.list("contacts", archived=True).results}


def test_a_property_of_another_type(portal: Portal) -> None:
    contact = portal.create(email="retyped@people.example", city="Ghent")
    portal.sandbox.control("POST", "property", {"object": "contacts", "name": "city", "type": "number"})
    assert portal.patch(contact, city="Bruges").json()["errors"][0]["code"] == "INVALID_INTEGER"
    assert portal.patch(contact, city="9000").status_code == 200
    assert portal.dated.crm.properties.get("city", object_type="contacts").type == "number"


def test_a_new_option(portal: Portal) -> None:
    contact = portal.create(email="option@people.example")
    assert portal.patch(contact, hs_lead_status="NURTURE").status_code == 400
    portal.sandbox.control("POST", "property", {"name": "hs_lead_status", "add_option": "NURTURE"})
    assert portal.patch(contact, hs_lead_status="NURTURE").status_code == 200
    values = [o.value for o in portal.dated.crm.properties.get("hs_lead_status", object_type="contacts").options]
    assert values[-1] == "NURTURE"
    assert "NEW" in values
    portal.sandbox.control("POST", "reset", {"contacts": 0})
    values = [o.value for o in portal.dated.crm.properties.get("hs_lead_status", object_type="contacts").options]
    assert "NURTURE" not in values


@pytest.mark.parametrize(
    ("given", "status"), [({"name": "nothing", "remove": True}, 404), ({"name": "city", "type": "poem"}, 400)]
)
def test_a_property_that_cannot_change_so(portal: Portal, given: dict[str, Any], status: int) -> None:
    assert httpx.post(f"{portal.sandbox.url}/_sandbox/property", json=given).status_code == status
