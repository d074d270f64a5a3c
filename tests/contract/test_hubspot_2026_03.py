"""HubSpot's 2026-03 paths, driven by its second generated client."""

from collections.abc import Callable

import pytest
from hubspot_sdk import BadRequestError, ConflictError, NotFoundError
from hubspot_sdk import HubSpot as DatedHubSpot

NewEmail = Callable[[], str]


def test_a_contact_s_life(hubspot_dated: DatedHubSpot, new_email: NewEmail) -> None:
    api, email = hubspot_dated.crm.objects.contacts, new_email()
    made = api.create(associations=[], properties={"email": email, "hubspot_owner_id": "1002"})
    read = api.get(made.id, properties=["hubspot_owner_id", "hubspot_owner_assigneddate"])
    assert read.properties["hubspot_owner_id"] == "1002"
    assert read.properties["hubspot_owner_assigneddate"]
    with pytest.raises(ConflictError):
        api.create(associations=[], properties={"email": email})
    assert api.update(made.id, properties={"firstname": "Bo"}).properties["firstname"] == "Bo"
    api.delete(made.id)
    with pytest.raises(NotFoundError):
        api.get(made.id)


def test_an_unknown_owner_is_refused(hubspot_dated: DatedHubSpot, new_email: NewEmail) -> None:
    api = hubspot_dated.crm.objects.contacts
    for owner in ("1007", "4711"):
        with pytest.raises(BadRequestError):
            api.create(associations=[], properties={"email": new_email(), "hubspot_owner_id": owner})


def test_list_search_and_batch_agree(hubspot_dated: DatedHubSpot) -> None:
    api = hubspot_dated.crm.objects.contacts
    listed = {contact.id for contact in api.list(limit=100)}
    found = api.search(after="", filter_groups=[], limit=200, properties=["email"], sorts=["hs_object_id"])
    assert {contact.id for contact in found.results} == listed
    assert found.total == len(listed)
    some = sorted(listed)[:100]
    batch = api.batch.get(inputs=[{"id": i} for i in some], properties=["email"], properties_with_history=[])
    assert {contact.id for contact in batch.results} == set(some)
    by_id = {contact.id: contact for contact in found.results}
    assert all(contact.properties["email"] == by_id[contact.id].properties["email"] for contact in batch.results)


def test_upsert_by_email(hubspot_dated: DatedHubSpot, new_email: NewEmail) -> None:
    email = new_email()
    inputs = [{"id": email, "id_property": "email", "properties": {"city": "Turin"}}]
    first = hubspot_dated.crm.objects.contacts.batch.upsert(inputs=inputs)
    again = hubspot_dated.crm.objects.contacts.batch.upsert(inputs=inputs)
    assert (first.results[0].new, again.results[0].new) == (True, False)
    assert first.results[0].id == again.results[0].id


def test_associations_and_what_a_call_changes(hubspot_dated: DatedHubSpot, new_email: NewEmail) -> None:
    contacts, calls = hubspot_dated.crm.objects.contacts, hubspot_dated.crm.objects.calls
    contact = contacts.create(associations=[], properties={"email": new_email(), "hubspot_owner_id": "1001"})
    call = calls.create(
        properties={
            "hs_timestamp": contact.created_at.isoformat(),
            "hs_call_direction": "OUTBOUND",
            "hs_call_status": "NO_ANSWER",
            "hubspot_owner_id": "1001",
        },
        associations=[
            {
                "to": {"id": contact.id},
                "types": [{"association_category": "HUBSPOT_DEFINED", "association_type_id": 194}],
            }
        ],
    )
    answer = hubspot_dated.crm.associations.batch.get("contacts", from_object_type="calls", inputs=[{"id": call.id}])
    assert [str(to.to_object_id) for to in answer.results[0].to] == [contact.id]
    listed = hubspot_dated.crm.associations.list("calls", object_type="contacts", object_id=contact.id)
    assert [str(to.to_object_id) for to in listed.results] == [call.id]
    read = contacts.get(contact.id, properties=["hs_sa_first_engagement_object_type", "num_notes"])
    assert read.properties["hs_sa_first_engagement_object_type"] == "CALL"
    assert read.properties["num_notes"] == "1"
    contacts.update(contact.id, properties={"hubspot_owner_id": "1002"})
    read = contacts.get(contact.id, properties=["hs_sa_first_engagement_date"])
    assert read.properties["hs_sa_first_engagement_date"] is None


def test_account_owners_properties_pipelines(hubspot_dated: DatedHubSpot) -> None:
    account = hubspot_dated.account.get()
    assert (account.portal_id, account.time_zone) == (4242424, "America/New_York")
    assert len(hubspot_dated.crm.owners.list(limit=2).results) == 2
    assert len(list(hubspot_dated.crm.owners.list(limit=2))) == 6
    properties = {p.name: p for p in hubspot_dated.crm.properties.list("contacts").results}
    meta = properties["createdate"].modification_metadata
    assert meta is not None
    assert meta.read_only_value
    assert {o.value for o in properties["lifecyclestage"].options} >= {"lead", "marketingqualifiedlead"}
    pipelines = hubspot_dated.crm.pipelines.list("deals").results
    assert {stage.metadata["isClosed"] for stage in pipelines[0].stages} == {"true", "false"}


def test_events_page_through_in_order(hubspot_dated: DatedHubSpot) -> None:
    page = hubspot_dated.events.occurrences.list(event_type="e_opened_email_v2", sort=["occurredAt"], limit=7)
    moments = [event.occurred_at for event in page]
    assert len(moments) > 7
    assert moments == sorted(moments)
    later = hubspot_dated.events.occurrences.list(
        event_type="e_opened_email_v2", sort=["occurredAt"], occurred_after=moments[6], limit=1000
    )
    assert [event.occurred_at for event in later.results] == [at for at in moments if at > moments[6]]
