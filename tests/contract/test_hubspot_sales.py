"""Deals and what they do to a contact's stage, notes and tasks, pipelines and marketing campaigns."""

from collections.abc import Iterator

import pytest
from hubspot.crm.deals import PublicObjectSearchRequest, SimplePublicObjectInput, SimplePublicObjectInputForCreate

from tests.contract.hubspot_portal import OBJECTS, Portal, open_portal

GENERATIONS = ["/crm/objects/2026-09", "/crm/objects/2026-03", "/crm/v3/objects"]
CAMPAIGNS = ["/marketing/campaigns/2026-09", "/marketing/campaigns/2026-03", "/marketing/v3/campaigns"]


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with open_portal(contacts=300) as made:
        yield made


def deal_for(portal: Portal, contact: str, **properties: str) -> str:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    made = portal.v3.crm.deals.basic_api.create(
        SimplePublicObjectInputForCreate(
            properties={"dealname": "Ten seats", "pipeline": "default", **properties},
            associations=[{"to": {"id": contact}, "types": types}],
        )
    )
    return str(made.id)


@pytest.mark.parametrize("base", GENERATIONS)
@pytest.mark.parametrize("kind", ["deals", "notes", "tasks"])
def test_history_has_them_and_every_way_to_read_agrees(portal: Portal, base: str, kind: str) -> None:
    listed = portal.http.get(f"{base}/{kind}", params={"limit": 100, "associations": "contacts"}).json()["results"]
    assert listed
    assert all(record["associations"]["contacts"]["results"] for record in listed)
    found = portal.http.post(f"{base}/{kind}/search", json={"limit": 200, "sorts": ["hs_object_id"]}).json()
    assert [r["id"] for r in found["results"]][: len(listed)] == [r["id"] for r in listed]
    read = portal.http.post(f"{base}/{kind}/batch/read", json={"inputs": [{"id": r["id"]} for r in listed]}).json()
    assert [r["id"] for r in read["results"]] == [r["id"] for r in listed]
    assert "results" in portal.http.get(f"{base}/{kind}", params={"archived": "true"}).json()


def test_a_past_customer_and_its_company_have_a_won_deal(portal: Portal) -> None:
    request = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}]}],
        properties=["dealstage", "amount", "closedate"],
    )
    won = portal.v3.crm.deals.search_api.do_search(request).results[0]
    assert won.properties["dealstage"] == "closedwon"
    assert float(won.properties["amount"]) > 0
    assert won.properties["closedate"]
    api = portal.dated.crm.associations.batch
    for kind in ("contacts", "companies"):
        links = api.get(kind, from_object_type="deals", inputs=[{"id": won.id}]).results[0].to
        assert portal.read(str(links[0].to_object_id), "lifecyclestage", kind=kind)["lifecyclestage"] == "customer"


def test_a_deal_makes_an_opportunity_and_then_a_customer(portal: Portal) -> None:
    contact = portal.create(email="buyer@sales.example", lifecyclestage="lead")
    deal = deal_for(portal, contact, dealstage="qualifiedtobuy")
    assert portal.read(contact, "lifecyclestage")["lifecyclestage"] == "opportunity"
    change = SimplePublicObjectInput(properties={"dealstage": "closedwon"})
    portal.v3.crm.deals.basic_api.update(deal, change)
    names = ("lifecyclestage", "hs_v2_date_entered_customer")
    read = portal.read(contact, *names)
    assert read["lifecyclestage"] == "customer"
    assert read["hs_v2_date_entered_customer"]
    names = (
        "hs_is_closed",
        "hs_is_closed_won",
        "hs_deal_stage_probability",
        "closedate",
        "hs_v2_date_entered_closedwon",
    )
    outcome = portal.read(deal, *names, kind="deals")
    assert [outcome[name] for name in names[:3]] == ["true", "true", "1.0"]
    assert outcome["closedate"] == outcome["hs_v2_date_entered_closedwon"]
    body = {"inputs": [{"id": contact}], "properties": [], "propertiesWithHistory": ["lifecyclestage"]}
    read = portal.http.post(f"{OBJECTS}/contacts/batch/read", json=body).json()["results"][0]
    versions = read["propertiesWithHistory"]["lifecyclestage"]
    assert [(v["value"], v["sourceType"]) for v in versions[:2]] == [("customer", "DEALS"), ("opportunity", "DEALS")]


def test_a_deal_moves_nobody_back(portal: Portal) -> None:
    contact = portal.create(email="loyal@sales.example", lifecyclestage="evangelist")
    before = portal.read(contact, "lastmodifieddate")["lastmodifieddate"]
    deal = deal_for(portal, contact, dealstage="qualifiedtobuy")
    portal.patch(deal, "deals", dealstage="closedwon")
    read = portal.read(contact, "lifecyclestage", "lastmodifieddate")
    assert (read["lifecyclestage"], read["lastmodifieddate"]) == ("evangelist", before)


def test_a_change_that_is_no_stage_leaves_the_contact_alone(portal: Portal) -> None:
    contact = portal.create(email="cleared@sales.example")
    deal = deal_for(portal, contact, dealstage="qualifiedtobuy")
    portal.patch(contact, lifecyclestage="")
    portal.patch(deal, "deals", amount="12000")
    assert portal.read(contact, "lifecyclestage")["lifecyclestage"] is None


def test_a_stage_of_no_pipeline_is_refused(portal: Portal) -> None:
    assert portal.patch(portal.create("deals", dealname="x"), "deals", dealstage="dreaming").status_code == 400


def test_association_ids_are_numbers_and_come_once_per_label_embedded(portal: Portal) -> None:
    company = portal.create("companies", name="Label & Co")
    contact = portal.create(email="labelled@sales.example")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    portal.http.put(f"{OBJECTS}/contacts/{contact}/associations/companies/{company}", json=types)
    embedded = portal.http.get(f"{OBJECTS}/contacts/{contact}", params={"associations": "companies"}).json()
    assert [entry["id"] for entry in embedded["associations"]["companies"]["results"]] == [company, company]
    body = {"inputs": [{"id": contact}]}
    answer = portal.http.post("/crm/associations/2026-09/contacts/companies/batch/read", json=body).json()
    entry = answer["results"][0]["to"][0]
    assert entry["toObjectId"] == int(company)
    assert {(t["typeId"], t["label"]) for t in entry["associationTypes"]} == {(279, None), (1, "Primary")}


def test_embedded_associations_say_that_there_are_more(portal: Portal) -> None:
    company = portal.create("companies", name="Crowd")
    made: list[str] = []
    for hundred in range(6):
        inputs = [{"properties": {"email": f"n{hundred}.{n}@crowd.example"}} for n in range(100)]
        answer = portal.http.post(f"{OBJECTS}/contacts/batch/create", json={"inputs": inputs}).json()
        made += [record["id"] for record in answer["results"]]
    pairs = [{"from": {"id": company}, "to": {"id": i}} for i in made]
    path = "/crm/associations/2026-09/companies/contacts/batch/associate/default"
    portal.http.post(path, json={"inputs": pairs})
    read = portal.http.get(f"{OBJECTS}/companies/{company}", params={"associations": "contacts"}).json()
    embedded = read["associations"]["contacts"]
    assert len(embedded["results"]) == 500
    assert embedded["paging"]["next"]["after"] == embedded["results"][-1]["id"]
    assert "/associations/contacts" in embedded["paging"]["next"]["link"]


def test_history_is_capped_and_says_who(portal: Portal) -> None:
    contact = portal.create(email="history@sales.example", hubspot_owner_id="1001")
    for turn in range(25):
        portal.patch(contact, hubspot_owner_id=("1002", "1003")[turn % 2])
    portal.sandbox.act("reject", contact_id=contact, owner_id="1004")
    names = ["hubspot_owner_id", "lifecyclestage", "hs_lead_status"]
    body = {"inputs": [{"id": contact}], "properties": [], "propertiesWithHistory": names}
    read = portal.http.post(f"{OBJECTS}/contacts/batch/read", json=body).json()["results"][0]["propertiesWithHistory"]
    owners = read["hubspot_owner_id"]
    assert len(owners) == 20
    assert (owners[0]["value"], owners[0]["sourceType"], owners[0]["sourceId"]) == ("1002", "INTEGRATION", "900100")
    moments = [version["timestamp"] for version in owners]
    assert moments == sorted(moments, reverse=True)
    assert (read["hs_lead_status"][0]["sourceType"], read["hs_lead_status"][0]["sourceId"]) == (
        "CRM_UI",
        "userId:2001004",
    )
    assert read["lifecyclestage"][0]["value"] == "lead"


@pytest.mark.parametrize("base", CAMPAIGNS)
def test_campaigns_by_every_path(portal: Portal, base: str) -> None:
    page = portal.http.get(base, params={"limit": 2, "properties": "hs_name,hs_utm"}).json()
    assert page["total"] == 3
    assert [c["properties"]["hs_name"] for c in page["results"]] == ["Q4 Pipeline Gap", "Brand search US"]
    rest = portal.http.get(base, params={"after": page["paging"]["next"]["after"]}).json()
    assert ([c["properties"] for c in rest["results"]], "paging" in rest) == ([{}], False)
    named = portal.http.get(base, params={"name": "webinar"}).json()
    assert [c["id"] for c in named["results"]] == [rest["results"][0]["id"]]
    assert portal.http.get(f"{base}/nothing").status_code == 404


def test_campaigns_with_hubspot_s_client(portal: Portal) -> None:
    api = portal.dated.marketing.campaigns
    every = list(api.list(limit=1, properties=["hs_name"]))
    assert [c.properties["hs_name"] for c in every] == ["Q4 Pipeline Gap", "Brand search US", "RevOps webinar series"]
    one = api.get(every[0].id, properties=["hs_name", "hs_campaign_status"])
    assert one.properties == {"hs_name": "Q4 Pipeline Gap", "hs_campaign_status": "in_progress"}
