"""Tasks as the write-back needs them, with HubSpot's own client: made, read, changed, found and removed."""

from collections.abc import Iterator

import pytest
from hubspot.crm.objects.tasks import (
    ApiException,
    AssociationSpec,
    BatchReadInputSimplePublicObjectId,
    PublicAssociationsForObject,
    PublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)

from tests.contract.hubspot_portal import Portal, open_portal

WANTED = {
    "hs_timestamp": "2026-11-25T17:00:00.000Z",
    "hs_task_subject": "Call Jo",
    "hs_task_body": "<p>Visited /pricing</p><p>[reference]</p>",
    "hs_task_status": "NOT_STARTED",
    "hs_task_priority": "HIGH",
    "hs_task_type": "CALL",
    "hubspot_owner_id": "1001",
}


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with open_portal() as made:
        yield made


def make(portal: Portal, contact: str, **changed: str) -> str:
    types = [AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=204)]
    to = [PublicAssociationsForObject(to=PublicObjectId(id=contact), types=types)]
    body = SimplePublicObjectInputForCreate(properties=WANTED | changed, associations=to)
    return str(portal.v3.crm.objects.tasks.basic_api.create(body).id)


def test_a_task_is_made_with_its_contact_and_read_in_every_way(portal: Portal) -> None:
    contact = portal.create(email="jo@tasks.example")
    task = make(portal, contact)
    api, names = portal.v3.crm.objects.tasks, list(WANTED)
    assert api.basic_api.get_by_id(task, properties=names).properties.items() >= WANTED.items()
    inputs = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=task)], properties=names, properties_with_history=[]
    )
    assert [each.properties["hs_task_body"] for each in api.batch_api.read(inputs).results] == [WANTED["hs_task_body"]]
    links = portal.v3.crm.associations.v4.basic_api.get_page("contacts", contact, "tasks").results
    assert [(str(each.to_object_id), each.association_types[0].type_id) for each in links] == [(task, 203)]
    filters = [{"propertyName": "hs_task_subject", "operator": "EQ", "value": "Call Jo"}]
    found = api.search_api.do_search(PublicObjectSearchRequest(filter_groups=[{"filters": filters}])).results
    assert [each.id for each in found] == [task]


def test_a_task_is_completed_moved_and_removed(portal: Portal) -> None:
    task = make(portal, portal.create(email="al@tasks.example"))
    api = portal.v3.crm.objects.tasks.basic_api
    for change in ({"hs_timestamp": "2026-11-26T17:00:00.000Z"}, {"hs_task_status": "COMPLETED"}):
        api.update(task, SimplePublicObjectInput(properties=change))
        assert api.get_by_id(task, properties=list(change)).properties.items() >= change.items()
    history = api.get_by_id(task, properties_with_history=["hs_task_status"]).properties_with_history
    assert [each.value for each in history["hs_task_status"]] == ["COMPLETED", "NOT_STARTED"]
    api.archive(task)
    with pytest.raises(ApiException) as gone:
        api.get_by_id(task)
    assert gone.value.status == 404
    assert api.get_by_id(task, archived=True).archived


@pytest.mark.parametrize(
    "bad", [{"hs_timestamp": ""}, {"hs_task_status": "DONE"}, {"hubspot_owner_id": "1"}, {"hs_task_type": "VISIT"}]
)
def test_a_task_without_a_deadline_or_with_values_that_hubspot_lacks_is_refused(
    portal: Portal, bad: dict[str, str]
) -> None:
    contact = portal.create(email=f"{next(iter(bad))}@tasks.example")
    with pytest.raises(ApiException) as refused:
        make(portal, contact, **bad)
    assert refused.value.status == 400
    assert portal.v3.crm.associations.v4.basic_api.get_page("contacts", contact, "tasks").results == []


def test_a_task_is_no_contact_with_the_lead(portal: Portal) -> None:
    contact = portal.create(email="kim@tasks.example", hubspot_owner_id="1001")
    task = make(portal, contact)
    portal.patch(task, "tasks", hs_task_status="COMPLETED")
    names = ("notes_last_contacted", "hs_sa_first_engagement_date", "hs_first_outreach_date")
    assert not any(portal.read(contact, *names).get(name) for name in names)
