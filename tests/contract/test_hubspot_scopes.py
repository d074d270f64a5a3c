"""Scopes that the app was not granted: HubSpot's 403, for every generation of paths."""

from collections.abc import Iterator

import httpx
import pytest
from hubspot.crm.deals import ApiException

from sandbox.hubspot.scopes import required
from tests.contract.hubspot_portal import OBJECTS, Portal, open_portal


@pytest.fixture(scope="module")
def shared() -> Iterator[Portal]:
    with open_portal(contacts=3) as made:
        yield made


@pytest.fixture
def portal(shared: Portal) -> Iterator[Portal]:
    yield shared
    shared.calm()


def scopes_of(response: httpx.Response) -> list[str]:
    body = response.json()
    assert (response.status_code, body["status"], body["category"]) == (403, "error", "MISSING_SCOPES")
    assert body["message"].startswith("This app hasn't been granted all required scopes to make this call.")
    assert body["correlationId"]
    scopes: list[str] = body["errors"][0]["context"]["requiredGranularScopes"]
    return scopes


def test_what_was_not_granted(portal: Portal) -> None:
    portal.sandbox.control("POST", "scopes", {"missing": ["crm.objects.deals.read"]})
    with pytest.raises(ApiException) as error:
        portal.v3.crm.deals.basic_api.get_page()
    assert error.value.status == 403
    for base in ("/crm/objects/2026-09", "/crm/objects/2026-03", "/crm/v3/objects"):
        assert scopes_of(portal.http.post(f"{base}/0-3/search", json={})) == ["crm.objects.deals.read"]
    pairs = portal.http.post("/crm/associations/2026-09/contacts/deals/batch/read", json={"inputs": []})
    assert scopes_of(pairs) == ["crm.objects.contacts.read", "crm.objects.deals.read"]
    assert portal.http.get(f"{OBJECTS}/contacts").status_code == 200
    assert portal.http.post(f"{OBJECTS}/deals", json={"properties": {"dealname": "Written"}}).status_code == 201
    assert portal.sandbox.control("GET", "scopes") == {"missing": ["crm.objects.deals.read"]}
    portal.sandbox.control("POST", "scopes", {"missing": []})
    assert portal.http.get(f"{OBJECTS}/deals").status_code == 200


def test_a_fault_takes_a_scope_away_for_some_calls(portal: Portal) -> None:
    portal.fault("scope", path="/calls", at=[2])
    answers = [portal.http.get(f"{OBJECTS}/calls") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 403, 200]
    assert scopes_of(answers[1]) == ["crm.objects.contacts.read"]
    portal.fault("scope", path="/calls", scopes=["made.up"])
    assert scopes_of(portal.http.get(f"{OBJECTS}/calls")) == ["made.up"]


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "/crm/objects/2026-09/companies/1", ["crm.objects.companies.read"]),
        ("PATCH", "/crm/v3/objects/contacts/1", ["crm.objects.contacts.write"]),
        ("POST", "/crm/objects/2026-03/contacts/batch/read", ["crm.objects.contacts.read"]),
        ("POST", "/crm/objects/2026-03/contacts/batch/update", ["crm.objects.contacts.write"]),
        ("GET", "/crm/objects/2026-09/users", ["crm.objects.users.read"]),
        ("POST", "/crm/objects/2026-09/emails/search", ["sales-email-read"]),
        ("GET", "/crm/v4/objects/contacts/1/associations/companies", ["crm.objects.contacts.read"]),
        ("GET", "/crm/v3/owners", ["crm.objects.owners.read"]),
        ("GET", "/crm/owners/2026-09", ["crm.objects.owners.read"]),
        ("GET", "/crm/v3/properties/contacts", ["crm.schemas.contacts.read"]),
        ("POST", "/crm/properties/2026-09/companies", ["crm.schemas.companies.write"]),
        ("GET", "/crm/pipelines/2026-09/deals", ["crm.schemas.deals.read"]),
        ("GET", "/marketing/campaigns/2026-09/x", ["marketing.campaigns.read"]),
        ("GET", "/form-integrations/v1/submissions/forms/x", ["forms"]),
        ("GET", "/events/event-occurrences/2026-09", ["business-intelligence"]),
        ("GET", "/account-info/2026-09/details", []),
    ],
)
def test_which_scope_a_path_needs(method: str, path: str, scopes: list[str]) -> None:
    assert list(required(method, path)) == scopes
