"""Records that go, come back, become one, or are erased, by act and by API, with the webhooks that tell of it."""

from collections.abc import Iterator

import pytest
from hubspot.crm.contacts import ApiException, PublicGdprDeleteInput, SimplePublicObjectInputForCreate

from sandbox.testing import running_sandbox
from tests.contract.hubspot_portal import OBJECTS, Portal, open_portal


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    # The port of nobody: what waits to be sent is counted.
    with open_portal(webhook_url="http://127.0.0.1:9/nobody") as made:
        yield made


def status(portal: Portal, record: str, kind: str = "contacts", archived: bool = False) -> int:
    path = f"{OBJECTS}/{kind}/{record}"
    return portal.http.get(path, params={"archived": str(archived).lower()}).status_code


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals"])
def test_into_the_recycle_bin_and_out_again(portal: Portal, kind: str) -> None:
    made = portal.create(kind)
    act = portal.sandbox.act("archive", object=kind, id=made)
    assert act["objectId"] == made
    assert (status(portal, made, kind), status(portal, made, kind, archived=True)) == (404, 200)
    assert portal.found("hs_object_id", made, kind) == []
    archived = portal.http.get(f"{OBJECTS}/{kind}", params={"archived": "true", "limit": 100}).json()["results"]
    gone = next(r for r in archived if r["id"] == made)
    assert gone["archivedAt"]
    assert portal.sandbox.act("restore", object=kind, id=made)["objectId"] == made
    back = portal.http.get(f"{OBJECTS}/{kind}/{made}").json()
    assert back["updatedAt"] > gone["updatedAt"]
    assert portal.found("hs_object_id", made, kind) == [made]


def test_a_restored_contact_is_known_by_its_email_again(portal: Portal) -> None:
    made = portal.create(email="back@removal.example")
    portal.sandbox.act("archive", email="back@removal.example")
    portal.sandbox.act("restore", contact_id=made)
    body = SimplePublicObjectInputForCreate(properties={"email": "back@removal.example"})
    with pytest.raises(ApiException) as error:
        portal.v3.crm.contacts.basic_api.create(body)
    assert error.value.status == 409


def test_a_contact_whose_email_has_gone_to_another_stays_in_the_bin(portal: Portal) -> None:
    made = portal.create(email="taken@removal.example")
    portal.sandbox.act("archive", contact_id=made)
    portal.create(email="taken@removal.example")
    with pytest.raises(RuntimeError, match="409"):
        portal.sandbox.act("restore", contact_id=made)
    assert status(portal, made, archived=True) == 200


def test_a_merge_makes_a_third(portal: Portal) -> None:
    first, second = (portal.create(email=f"{n}@merged.example", city=n) for n in ("one", "two"))
    new = portal.sandbox.act("merge", contact_id=first, other_id=second)["contactId"]
    assert new not in (first, second)
    assert [portal.http.get(f"{OBJECTS}/contacts/{i}").json()["id"] for i in (first, second)] == [new, new]
    read = portal.read(new, "city", "hs_additional_emails", "hs_merged_object_ids")
    assert (read["city"], read["hs_additional_emails"]) == ("one", "two@merged.example")
    assert read["hs_merged_object_ids"] == f"{first};{second}"
    taken = portal.http.post(f"{OBJECTS}/contacts", json={"properties": {"email": "two@merged.example"}})
    assert (taken.status_code, taken.json()["message"]) == (409, f"Contact already exists. Existing ID: {new}")
    inputs = [{"id": second, "properties": {"city": "lost"}}]
    answer = portal.http.post(f"{OBJECTS}/contacts/batch/update", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert portal.read(new, "city")["city"] == "one"
    assert portal.patch(second, city="kept").json()["id"] == new


def test_an_erased_contact_is_gone_and_its_address_blocked(portal: Portal) -> None:
    by_act, by_api = (portal.create(email=f"{n}@erased.example") for n in ("act", "api"))
    portal.sandbox.act("erase", contact_id=by_act)
    portal.v3.crm.contacts.basic_api.purge(PublicGdprDeleteInput(object_id="api@erased.example", id_property="email"))
    for record, name in ((by_act, "act"), (by_api, "api")):
        assert (status(portal, record), status(portal, record, archived=True)) == (404, 404)
        again = portal.http.post(f"{OBJECTS}/contacts", json={"properties": {"email": f"{name}@Erased.example"}})
        assert again.status_code == 400
        assert "privacy" in again.json()["message"]


@pytest.mark.parametrize(
    ("act", "given"),
    [
        ("archive", {"contact_id": "1"}),
        ("restore", {"contact_id": "1"}),
        ("merge", {"object": "companies", "id": "1", "other_id": "2"}),
        ("erase", {"email": "nobody@removal.example"}),
    ],
)
def test_what_is_not_there(portal: Portal, act: str, given: dict[str, str]) -> None:
    with pytest.raises(RuntimeError, match="404"):
        portal.sandbox.act(act, **given)


def test_only_people_have_privacy(portal: Portal) -> None:
    with pytest.raises(RuntimeError, match="only contacts"):
        portal.sandbox.act("erase", object="companies", id=portal.create("companies", name="Firm"))


def test_a_live_record_is_not_restored() -> None:
    with running_sandbox() as sandbox:
        made = sandbox.act("contact", email="live@removal.example")["contactId"]
        with pytest.raises(RuntimeError, match="recycle bin"):
            sandbox.act("restore", contact_id=made)
