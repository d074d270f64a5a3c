"""HubSpot's v3 and v4 paths, driven by its own generated client."""

import json
from collections.abc import Callable

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest as FetchAssociations
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicGdprDeleteInput,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.properties import PropertyCreate, PropertyGroupCreate

NewEmail = Callable[[], str]


def create(client: HubSpot, **properties: str) -> str:
    made = client.crm.contacts.basic_api.create(SimplePublicObjectInputForCreate(properties=properties))
    return str(made.id)


def refusal(error: pytest.ExceptionInfo[ApiException]) -> dict[str, object]:
    body: dict[str, object] = json.loads(error.value.body)
    return body


def test_create_read_patch_archive(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    api, email = hubspot_v3.crm.contacts.basic_api, new_email()
    contact = create(hubspot_v3, email=email.upper(), firstname="Ada")
    read = api.get_by_id(contact, properties=["email", "phone", "no_such_property"])
    assert read.properties["email"] == email
    assert read.properties["phone"] is None
    assert "no_such_property" not in read.properties
    assert read.properties["hs_object_id"] == contact
    assert read.updated_at.microsecond % 1000 == 0

    changed = api.update(contact, SimplePublicObjectInput(properties={"phone": "+1 555"}))
    assert changed.properties["phone"] == "+1 555"
    assert changed.updated_at > read.updated_at
    by_email = api.get_by_id(email, id_property="email")
    assert by_email.id == contact

    api.archive(contact)
    with pytest.raises(ApiException) as error:
        api.get_by_id(contact)
    assert error.value.status == 404
    assert refusal(error)["category"] == "OBJECT_NOT_FOUND"
    assert api.get_by_id(contact, archived=True).archived


def test_clearing_with_an_empty_string(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    contact = create(hubspot_v3, email=new_email(), jobtitle="CEO")
    api = hubspot_v3.crm.contacts.basic_api
    api.update(contact, SimplePublicObjectInput(properties={"jobtitle": ""}))
    assert api.get_by_id(contact, properties=["jobtitle"]).properties["jobtitle"] is None


def test_list_pages_in_order_of_ids(hubspot_v3: HubSpot) -> None:
    api, after, ids = hubspot_v3.crm.contacts.basic_api, None, []
    while True:
        page = api.get_page(limit=60, after=after)
        ids += [int(record.id) for record in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert len(ids) >= 150
    assert ids == sorted(set(ids))


def test_list_embeds_associations_once_per_label(hubspot_v3: HubSpot) -> None:
    page = hubspot_v3.crm.contacts.basic_api.get_page(limit=100, associations=["companies"])
    embedded = [r.associations["companies"].results for r in page.results if r.associations]
    assert embedded
    assert {len({entry.id for entry in entries}) for entries in embedded} == {1}
    assert {entry.type for entry in embedded[0]} == {"contact_to_company", "contact_to_company_primary"}


def test_a_contact_created_with_a_primary_company_names_it(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    api = hubspot_v3.crm.contacts.basic_api
    company = hubspot_v3.crm.companies.basic_api.get_page(limit=1).results[0].id
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    made = api.create(
        {"properties": {"email": new_email()}, "associations": [{"to": {"id": company}, "types": primary}]}
    )
    assert api.get_by_id(made.id, properties=["associatedcompanyid"]).properties["associatedcompanyid"] == company


def test_duplicate_email_is_a_conflict(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    email = new_email()
    first = create(hubspot_v3, email=email)
    with pytest.raises(ApiException) as error:
        create(hubspot_v3, email=email)
    assert error.value.status == 409
    assert refusal(error)["message"] == f"Contact already exists. Existing ID: {first}"


def test_batch_read_names_what_is_missing(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    contact = create(hubspot_v3, email=new_email())
    answer = hubspot_v3.crm.contacts.batch_api.read(
        BatchReadInputSimplePublicObjectId(
            properties=["email"], properties_with_history=[], inputs=[{"id": "999"}, {"id": contact}]
        )
    )
    assert [record.id for record in answer.results] == [contact]
    assert answer.num_errors == 1
    assert answer.errors[0].category == "OBJECT_NOT_FOUND"
    assert answer.errors[0].context == {"ids": ["999"]}


def test_batch_create_update_upsert_archive(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    api = hubspot_v3.crm.contacts.batch_api
    emails = [new_email() for _ in range(3)]
    made = api.create(
        BatchInputSimplePublicObjectBatchInputForCreate(inputs=[{"properties": {"email": e}} for e in emails])
    )
    ids = [record.id for record in made.results]
    updated = api.update(
        BatchInputSimplePublicObjectBatchInput(inputs=[{"id": i, "properties": {"city": "Oslo"}} for i in ids])
    )
    assert {record.properties["city"] for record in updated.results} == {"Oslo"}
    other = new_email()
    upserted = api.upsert(
        BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[{"id": e, "idProperty": "email", "properties": {"city": "Bergen"}} for e in (emails[0], other)]
        )
    )
    assert [record.new for record in upserted.results] == [False, True]
    api.archive(BatchInputSimplePublicObjectId(inputs=[{"id": i} for i in ids]))
    archived = hubspot_v3.crm.contacts.basic_api.get_page(archived=True, limit=100)
    assert set(ids) <= {record.id for record in archived.results}


def test_one_duplicate_fails_a_whole_batch(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    taken, fresh = new_email(), new_email()
    create(hubspot_v3, email=taken)
    inputs = [{"properties": {"email": e}} for e in (fresh, taken)]
    with pytest.raises(ApiException) as error:
        hubspot_v3.crm.contacts.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert error.value.status == 409
    with pytest.raises(ApiException) as missing:
        hubspot_v3.crm.contacts.basic_api.get_by_id(fresh, id_property="email")
    assert missing.value.status == 404


def test_traced_inputs_stand_for_themselves(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    inputs = [
        {"properties": {"email": new_email()}, "objectWriteTraceId": "good"},
        {"properties": {"email": new_email(), "missing": "x"}, "objectWriteTraceId": "bad"},
    ]
    answer = hubspot_v3.crm.contacts.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert len(answer.results) == 1
    assert answer.errors[0].context == {"objectWriteTraceId": ["bad"]}
    assert "PROPERTY_DOESNT_EXIST" in answer.errors[0].message


def test_history_is_newest_first(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    contact = create(hubspot_v3, email=new_email(), lifecyclestage="lead")
    api = hubspot_v3.crm.contacts.basic_api
    api.update(contact, SimplePublicObjectInput(properties={"lifecyclestage": "marketingqualifiedlead"}))
    read = api.get_by_id(contact, properties_with_history=["lifecyclestage"])
    versions = read.properties_with_history["lifecyclestage"]
    assert [version.value for version in versions] == ["marketingqualifiedlead", "lead"]
    assert {version.source_type for version in versions} == {"INTEGRATION"}


def test_search_by_keyset(hubspot_v3: HubSpot) -> None:
    ids: list[int] = []
    while True:
        filters = [
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "0"},
            {"propertyName": "lastmodifieddate", "operator": "LT", "value": "9999999999999"},
            {"propertyName": "hs_object_id", "operator": "GT", "value": str(ids[-1] if ids else 0)},
        ]
        page = hubspot_v3.crm.contacts.search_api.do_search(
            PublicObjectSearchRequest(
                filter_groups=[{"filters": filters}],
                sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                limit=70,
            )
        )
        if not page.results:
            break
        ids += [int(record.id) for record in page.results]
    assert len(ids) >= 150
    assert ids == sorted(set(ids))


def test_a_merge_makes_a_new_id(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    api = hubspot_v3.crm.contacts.basic_api
    emails = [new_email(), new_email()]
    primary, other = create(hubspot_v3, email=emails[0], city="Lima"), create(hubspot_v3, email=emails[1], city="Rome")
    merged = api.merge(PublicMergeInput(primary_object_id=primary, object_id_to_merge=other))
    assert merged.id not in (primary, other)
    assert merged.properties["city"] == "Lima"
    assert merged.properties["hs_additional_emails"] == emails[1]
    assert merged.properties["hs_merged_object_ids"] == f"{primary};{other}"
    assert api.get_by_id(other).id == merged.id
    assert api.get_by_id(emails[1], id_property="email").id == merged.id
    batch = hubspot_v3.crm.contacts.batch_api.update(
        BatchInputSimplePublicObjectBatchInput(inputs=[{"id": primary, "properties": {"city": "Nice"}}])
    )
    assert batch.results == []
    assert not getattr(batch, "errors", None)


def test_erased_for_good(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    contact, api = create(hubspot_v3, email=new_email()), hubspot_v3.crm.contacts.basic_api
    api.purge(PublicGdprDeleteInput(object_id=contact))
    for archived in (False, True):
        with pytest.raises(ApiException) as error:
            api.get_by_id(contact, archived=archived)
        assert error.value.status == 404


def test_properties_and_groups(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    api = hubspot_v3.crm.properties
    api.groups_api.create("contacts", PropertyGroupCreate(name="contract", label="Contract", display_order=-1))
    made = api.core_api.create(
        "contacts",
        PropertyCreate(
            name="contract_reason",
            label="Reason",
            type="enumeration",
            field_type="select",
            group_name="contract",
            options=[{"label": "Too small", "value": "too_small", "displayOrder": 0, "hidden": False}],
        ),
    )
    assert not made.hubspot_defined
    with pytest.raises(ApiException) as error:
        create(hubspot_v3, email=new_email(), contract_reason="too_big")
    assert "INVALID_OPTION" in str(refusal(error)["message"])
    contact = create(hubspot_v3, email=new_email(), contract_reason="too_small")
    read = hubspot_v3.crm.contacts.basic_api.get_by_id(contact, properties=["contract_reason"])
    assert read.properties["contract_reason"] == "too_small"
    assert "contract_reason" in {p.name for p in api.core_api.get_all("contacts").results}
    assert api.groups_api.get_by_name("contacts", "contract").label == "Contract"


def test_owners_and_the_archived_one(hubspot_v3: HubSpot) -> None:
    api = hubspot_v3.crm.owners.owners_api
    assert {owner.id for owner in api.get_page().results} == {"1001", "1002", "1003", "1004", "1005", "1006"}
    archived = api.get_page(archived=True).results
    assert [(owner.id, owner.user_id) for owner in archived] == [("1007", None)]
    assert api.get_by_id("1003").first_name == "Chloé"


def test_associations_v4(hubspot_v3: HubSpot, new_email: NewEmail) -> None:
    contact = create(hubspot_v3, email=new_email())
    company = hubspot_v3.crm.companies.basic_api.create(
        SimplePublicObjectInputForCreate(properties={"name": "Associated", "industry": "COMPUTER_SOFTWARE"})
    )
    api = hubspot_v3.crm.associations.v4
    before = hubspot_v3.crm.contacts.basic_api.get_by_id(contact).updated_at
    api.basic_api.create_default("contacts", contact, "companies", company.id)
    answer = api.batch_api.get_page("contacts", "companies", FetchAssociations(inputs=[{"id": contact}, {"id": "999"}]))
    assert [(r._from.id, [int(to.to_object_id) for to in r.to]) for r in answer.results] == [
        (contact, [int(company.id)])
    ]
    assert answer.results[0].to[0].association_types[0].type_id == 279
    assert answer.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert hubspot_v3.crm.contacts.basic_api.get_by_id(contact).updated_at == before


def test_events_and_forms(hubspot_v3: HubSpot) -> None:
    page = hubspot_v3.events.events_api.get_page(event_type="e_visited_page", limit=5)
    assert len(page.results) == 5
    assert {event.event_type for event in page.results} == {"e_visited_page"}
    assert page.paging.next.after
    one = hubspot_v3.events.events_api.get_page(object_type="contact", object_id=int(page.results[0].object_id))
    assert {event.object_id for event in one.results} == {page.results[0].object_id}
    forms = hubspot_v3.marketing.forms.forms_api.get_page(form_types=["all"]).results
    assert "Request a demo" in {form.name for form in forms}
