"""The rules of HubSpot's 2026-09 paths that catch unwary clients out."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

NewEmail = Callable[[], str]
OBJECTS = "/crm/objects/2026-09"


def create(http: httpx.Client, kind: str = "contacts", **properties: str) -> dict[str, Any]:
    response = http.post(f"{OBJECTS}/{kind}", json={"properties": properties})
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def patch(http: httpx.Client, record: str, **properties: str) -> httpx.Response:
    return http.patch(f"{OBJECTS}/contacts/{record}", json={"properties": properties})


def search(http: httpx.Client, body: dict[str, Any], kind: str = "contacts") -> httpx.Response:
    return http.post(f"{OBJECTS}/{kind}/search", json=body)


@pytest.mark.parametrize("token", [None, "Bearer wrong", "pat-na1-sandbox"])
def test_a_wrong_token(hubspot_http: httpx.Client, token: str | None) -> None:
    headers = {"Authorization": token} if token else {}
    response = httpx.get(f"{hubspot_http.base_url}/crm/objects/2026-09/contacts", headers=headers)
    assert response.status_code == 401
    body = response.json()
    assert body["category"] == "INVALID_AUTHENTICATION"
    assert uuid.UUID(body["correlationId"])


@pytest.mark.parametrize("name", ["contacts", "contact", "0-1", "calls", "call", "0-48", "communications", "0-18"])
@pytest.mark.parametrize("base", ["/crm/objects/2026-09", "/crm/objects/2026-03", "/crm/v3/objects"])
def test_names_and_generations(hubspot_http: httpx.Client, base: str, name: str) -> None:
    assert hubspot_http.get(f"{base}/{name}").status_code == 200


def test_an_unknown_type(hubspot_http: httpx.Client) -> None:
    response = hubspot_http.get(f"{OBJECTS}/unicorns")
    assert response.status_code == 400
    assert response.json()["message"] == "Unable to infer object type from: unicorns"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=100", 200),
        ("limit=101", 400),
        ("limit=0", 400),
        ("limit=50&propertiesWithHistory=email", 200),
        ("limit=51&propertiesWithHistory=email", 400),
        ("after=x", 400),
    ],
)
def test_page_sizes(hubspot_http: httpx.Client, query: str, status: int) -> None:
    assert hubspot_http.get(f"{OBJECTS}/contacts?{query}").status_code == status


@pytest.mark.parametrize(("count", "history", "status"), [(100, 0, 207), (101, 0, 400), (50, 1, 207), (51, 1, 400)])
def test_batch_sizes(hubspot_http: httpx.Client, count: int, history: int, status: int) -> None:
    body = {
        "properties": ["email"],
        "propertiesWithHistory": ["email"] * history,
        "inputs": [{"id": str(i)} for i in range(count)],
    }
    assert hubspot_http.post(f"{OBJECTS}/contacts/batch/read", json=body).status_code == status


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("no_such_property", "x", "PROPERTY_DOESNT_EXIST"),
        ("createdate", "2026-01-01", "READ_ONLY_VALUE"),
        ("num_conversion_events", "3", "READ_ONLY_VALUE"),
        ("lifecyclestage", "MQL", "INVALID_OPTION"),
        ("hs_lead_status", "open", "INVALID_OPTION"),
        ("hs_email_optout", "yes", "INVALID_OPTION"),
        ("hubspot_owner_id", "1", "INVALID_OWNER_ID"),
        ("email", "not an address", "INVALID_EMAIL"),
        ("email", "a@b@c.example", "INVALID_EMAIL"),
        ("associatedcompanyid", "many", "INVALID_INTEGER"),
        ("associatedcompanyid", "nan", "INVALID_INTEGER"),
        ("city", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_one_invalid_value_refuses_the_record(
    hubspot_http: httpx.Client, new_email: NewEmail, name: str, value: str, code: str
) -> None:
    record = create(hubspot_http, email=new_email(), firstname="Before")
    response = patch(hubspot_http, record["id"], firstname="After", **{name: value})
    assert response.status_code == 400
    body = response.json()
    assert body["category"] == "VALIDATION_ERROR"
    assert body["errors"][0]["code"] == code
    read = hubspot_http.get(f"{OBJECTS}/contacts/{record['id']}").json()
    assert read["properties"]["firstname"] == "Before"
    assert read["updatedAt"] == record["updatedAt"]


def test_the_lifecycle_only_moves_forward_and_says_nothing(hubspot_http: httpx.Client, new_email: NewEmail) -> None:
    record = create(hubspot_http, email=new_email(), lifecyclestage="opportunity")["id"]
    backward = patch(hubspot_http, record, lifecyclestage="lead", city="Porto")
    assert backward.status_code == 200
    assert backward.json()["properties"]["lifecyclestage"] == "opportunity"
    assert backward.json()["properties"]["city"] == "Porto"
    assert patch(hubspot_http, record, lifecyclestage="").status_code == 200
    assert patch(hubspot_http, record, lifecyclestage="lead").json()["properties"]["lifecyclestage"] == "lead"
    stamps = "hs_lifecyclestage_lead_date,hs_v2_date_exited_opportunity,hs_lifecyclestage_opportunity_date"
    read = hubspot_http.get(f"{OBJECTS}/contacts/{record}?properties={stamps}").json()["properties"]
    assert read["hs_lifecyclestage_lead_date"]
    assert read["hs_v2_date_exited_opportunity"]
    assert read["hs_lifecyclestage_opportunity_date"] is None


def test_an_activity_needs_its_time(hubspot_http: httpx.Client) -> None:
    response = hubspot_http.post(f"{OBJECTS}/calls", json={"properties": {"hs_call_title": "x"}})
    assert response.status_code == 400
    assert "hs_timestamp" in response.json()["message"]


def test_numbers_and_booleans_come_back_as_strings(hubspot_http: httpx.Client, new_email: NewEmail) -> None:
    body = {"properties": {"email": new_email(), "hs_email_optout": True, "associatedcompanyid": 42}}
    record = hubspot_http.post(f"{OBJECTS}/contacts", json=body).json()
    names = "hs_email_optout,associatedcompanyid"
    read = hubspot_http.get(f"{OBJECTS}/contacts/{record['id']}?properties={names}").json()["properties"]
    assert (read["hs_email_optout"], read["associatedcompanyid"]) == ("true", "42")


@pytest.mark.parametrize("given", ["1757599153000", "2025-09-11T13:59:13Z", "2025-09-11T15:59:13+02:00"])
def test_instants_are_normalised(hubspot_http: httpx.Client, given: str) -> None:
    call = create(hubspot_http, "calls", hs_timestamp=given)
    assert call["properties"]["hs_timestamp"] == "2025-09-11T13:59:13.000Z"


def test_ids_do_not_fit_32_bits(hubspot_http: httpx.Client) -> None:
    for kind in ("contacts", "companies"):
        page = hubspot_http.get(f"{OBJECTS}/{kind}?limit=1").json()
        assert int(page["results"][0]["id"]) > 2**31


FILTER = {"propertyName": "email", "operator": "HAS_PROPERTY"}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "abc"},
        {"after": "9900", "limit": 101},
        {"filterGroups": [{"filters": [FILTER]}] * 6},
        {"filterGroups": [{"filters": [FILTER] * 7}]},
        {"filterGroups": [{"filters": [FILTER] * 4}] * 5},
        {"sorts": ["email", "city"]},
        {"filterGroups": [{"filters": [{"propertyName": "nothing", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "createdate", "operator": "GT", "value": "soon"}]}]},
        {"properties": ["x" * 3000]},
    ],
)
def test_searches_that_are_refused(hubspot_http: httpx.Client, body: dict[str, Any]) -> None:
    assert search(hubspot_http, body).status_code == 400


def test_the_last_page_within_ten_thousand(hubspot_http: httpx.Client) -> None:
    assert search(hubspot_http, {"after": "9900", "limit": 100}).status_code == 200


def found(http: httpx.Client, *filters: dict[str, Any], kind: str = "contacts") -> set[str]:
    response = search(http, {"filterGroups": [{"filters": list(filters)}], "limit": 200}, kind)
    assert response.status_code == 200, response.text
    return {record["id"] for record in response.json()["results"]}


def test_operators(hubspot_http: httpx.Client, new_email: NewEmail) -> None:
    mails = [new_email() for _ in range(3)]
    a = create(hubspot_http, email=mails[0], city="Operatorville", hs_lead_status="NEW")["id"]
    b = create(hubspot_http, email=mails[1], city="Operatorville")["id"]
    c = create(hubspot_http, email=mails[2], city="Operator Hills", hs_lead_status="OPEN")["id"]

    def by(name: str, operator: str, **rest: Any) -> set[str]:
        return found(hubspot_http, {"propertyName": name, "operator": operator, **rest}) & {a, b, c}

    assert by("city", "EQ", value="OPERATORVILLE") == {a, b}
    assert by("city", "IN", values=["operatorville"]) == {a, b}
    assert by("city", "IN", values=["Operatorville"]) == set(), "IN compares with lower-case values"
    assert by("city", "CONTAINS_TOKEN", value="hills") == {c}
    assert by("hs_lead_status", "EQ", value="NEW") == {a}
    assert by("hs_lead_status", "EQ", value="new") == set(), "enumerations are case-sensitive"
    assert by("hs_lead_status", "HAS_PROPERTY") == {a, c}
    assert by("hs_lead_status", "NOT_HAS_PROPERTY") == {b}
    assert by("hs_object_id", "BETWEEN", value=a, highValue=b) == {a, b}
    assert by("hs_object_id", "GTE", value=b) == {b, c}
    assert by("email", "EQ", value=mails[2].upper()) == {c}


def test_the_wrong_cursor_finds_nothing(hubspot_http: httpx.Client) -> None:
    since = {"operator": "GTE", "value": "0"}
    assert found(hubspot_http, {"propertyName": "lastmodifieddate", **since})
    assert found(hubspot_http, {"propertyName": "hs_lastmodifieddate", **since}) == set()
    assert found(hubspot_http, {"propertyName": "hs_lastmodifieddate", **since}, kind="companies")


def test_search_by_association_and_what_search_leaves_out(hubspot_http: httpx.Client, new_email: NewEmail) -> None:
    contact = create(hubspot_http, email=new_email())["id"]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 182}]
    company = create(hubspot_http, "companies", name="Found by association")["id"]
    call = hubspot_http.post(
        f"{OBJECTS}/calls",
        json={
            "properties": {"hs_timestamp": "2026-01-01T00:00:00Z"},
            "associations": [{"to": {"id": company}, "types": types}],
        },
    ).json()["id"]
    by_company = {"propertyName": "associations.company", "operator": "EQ", "value": company}
    assert found(hubspot_http, by_company, kind="calls") == {call}
    result = search(hubspot_http, {"query": "contract.test", "limit": 1}).json()["results"][0]
    assert "associations" not in result
    assert "propertiesWithHistory" not in result
    hubspot_http.delete(f"{OBJECTS}/contacts/{contact}")
    assert contact not in found(hubspot_http, {"propertyName": "hs_object_id", "operator": "EQ", "value": contact})


def test_search_answers_carry_no_rate_headers(hubspot_http: httpx.Client) -> None:
    assert "x-hubspot-ratelimit-remaining" in hubspot_http.get(f"{OBJECTS}/contacts").headers
    assert not [name for name in search(hubspot_http, {}).headers if "ratelimit" in name]


@pytest.mark.parametrize(("base", "status"), [("2026-03", 200), ("2026-09", 404)])
def test_single_association_read_is_gone_in_the_newest_generation(
    hubspot_http: httpx.Client, base: str, status: int
) -> None:
    contact = hubspot_http.get(f"{OBJECTS}/contacts?limit=1").json()["results"][0]["id"]
    url = f"/crm/objects/{base}/contacts/{contact}/associations/companies"
    assert hubspot_http.get(url).status_code == status


def test_more_associations_than_a_page(hubspot_http: httpx.Client, new_email: NewEmail) -> None:
    company = create(hubspot_http, "companies", name="Crowded")["id"]
    made: list[str] = []
    for _ in range(6):
        batch = {"inputs": [{"properties": {"email": new_email()}} for _ in range(100)]}
        answer = hubspot_http.post(f"{OBJECTS}/contacts/batch/create", json=batch).json()
        made += [record["id"] for record in answer["results"]]
    inputs = [{"from": {"id": company}, "to": {"id": record}} for record in made]
    base = "/crm/associations/2026-09/companies/contacts/batch"
    assert hubspot_http.post(f"{base}/associate/default", json={"inputs": inputs}).status_code == 200
    seen, after = [], None
    while True:
        item = {"id": company} | ({"after": after} if after else {})
        result = hubspot_http.post(f"{base}/read", json={"inputs": [item]}).json()["results"][0]
        seen += [to["toObjectId"] for to in result["to"]]
        after = result.get("paging", {}).get("next", {}).get("after")
        if not after:
            break
    assert sorted(seen) == sorted(map(int, made))
    assert all(isinstance(i, int) for i in seen)
