"""Pages, batches and bodies that are wrong in a way that no status code tells, seen through HubSpot's own clients."""

from collections.abc import Iterator

import httpx
import pytest
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
)

from tests.contract.hubspot_portal import OBJECTS, Portal, open_portal

CONTACTS = f"{OBJECTS}/contacts"


@pytest.fixture(scope="module")
def shared() -> Iterator[Portal]:
    with open_portal(contacts=12) as made:
        yield made


@pytest.fixture
def portal(shared: Portal) -> Iterator[Portal]:
    yield shared
    shared.calm()


@pytest.fixture(scope="module")
def ids(shared: Portal) -> list[str]:
    return [r["id"] for r in shared.http.get(CONTACTS, params={"limit": 10}).json()["results"]]


def read(ids: list[str]) -> BatchReadInputSimplePublicObjectId:
    return BatchReadInputSimplePublicObjectId(
        properties=["email"], properties_with_history=[], inputs=[{"id": i} for i in ids]
    )


def test_a_partial_batch_that_says_so(portal: Portal, ids: list[str]) -> None:
    portal.fault("partial", path="batch/read$", count=3, at=[1])
    answer = portal.v3.crm.contacts.batch_api.read(read(ids))
    assert [r.id for r in answer.results] == ids[:7]
    assert (answer.num_errors, answer.errors[0].context) == (1, {"ids": ids[7:]})
    assert answer.errors[0].message.startswith("Could not get some CONTACT objects, ")
    assert len(portal.v3.crm.contacts.batch_api.read(read(ids)).results) == 10


def test_a_partial_batch_that_says_nothing(portal: Portal, ids: list[str]) -> None:
    portal.fault("partial", path="batch/read$", count=3, named=False)
    response = portal.http.post(f"{CONTACTS}/batch/read", json={"inputs": [{"id": i} for i in ids]})
    assert (response.status_code, len(response.json()["results"])) == (200, 7)
    assert not response.json().get("numErrors")


@pytest.mark.parametrize("named", [True, False])
def test_what_an_update_leaves_out_is_not_written(portal: Portal, ids: list[str], named: bool) -> None:
    city = f"Left out {named}"
    portal.fault("partial", path="batch/update$", named=named)
    inputs = [{"id": i, "properties": {"city": city}} for i in ids]
    answer = portal.v3.crm.contacts.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [r.id for r in answer.results] == ids[:-1]
    assert (getattr(answer, "num_errors", None) == 1) is named
    assert [portal.read(i, "city")["city"] == city for i in ids] == [True] * 9 + [False]


def test_associations_that_are_left_out(portal: Portal) -> None:
    page = portal.http.get(CONTACTS, params={"associations": "companies", "limit": 100}).json()["results"]
    linked = [r["id"] for r in page if "associations" in r]
    portal.fault("partial", path="associations/.*/batch/read$", named=False, at=[1])
    api = portal.dated.crm.associations.batch
    inputs = [{"id": i} for i in linked]
    short, whole = (api.get("companies", from_object_type="contacts", inputs=inputs) for _ in range(2))
    assert (len(short.results), len(whole.results)) == (len(linked) - 1, len(linked))


def test_another_order(portal: Portal, ids: list[str]) -> None:
    portal.fault("shuffle", path="batch/read$")
    orders = [[r.id for r in portal.v3.crm.contacts.batch_api.read(read(ids)).results] for _ in range(5)]
    assert any(order != ids for order in orders)
    assert all(sorted(order) == ids for order in orders)


def test_a_cursor_that_repeats(portal: Portal, ids: list[str]) -> None:
    portal.fault("repeat_cursor", path="/contacts$", method="GET")
    api = portal.v3.crm.contacts.basic_api
    first = api.get_page(limit=4)
    again = [api.get_page(limit=4, after=first.paging.next.after) for _ in range(3)]
    assert {page.paging.next.after for page in again} == {first.paging.next.after}
    assert [r.id for r in again[0].results] == ids[4:8]
    portal.fault("repeat_cursor", path="/search$")
    search = portal.v3.crm.contacts.search_api
    stuck = search.do_search(PublicObjectSearchRequest(limit=4, after="4"))
    assert stuck.paging.next.after == "4"


def test_a_record_twice_on_a_page(portal: Portal, ids: list[str]) -> None:
    portal.fault("duplicate", every=2)
    pages = [portal.dated.crm.objects.contacts.list(limit=3) for _ in range(2)]
    assert [[r.id for r in page.results] for page in pages] == [ids[:3], [ids[0], *ids[:3]]]


def test_a_short_page_is_not_the_last(portal: Portal, ids: list[str]) -> None:
    portal.fault("short_page", count=2, at=[1])
    page = portal.dated.crm.objects.contacts.list(limit=5)
    assert [r.id for r in page.results] == ids[:3]
    assert [r.id for r in page][:10] == ids, "the pages after it lose nothing"
    portal.fault("short_page", count=9, path="/search$")
    found = portal.http.post(f"{CONTACTS}/search", json={"limit": 12}).json()
    assert (len(found["results"]), found["paging"]["next"]["after"]) == (3, "3")


def test_a_total_that_is_never_reached(portal: Portal) -> None:
    portal.fault("short_total", path="/search$", at=[1])
    totals = [portal.v3.crm.contacts.search_api.do_search(PublicObjectSearchRequest(limit=100)) for _ in range(2)]
    assert [(answer.total, len(answer.results)) for answer in totals] == [(13, 12), (12, 12)]


def test_owners_submissions_and_events_have_bad_pages_too(portal: Portal) -> None:
    paths = (
        "/crm/owners/2026-09",
        "/events/event-occurrences/2026-09",
        "/marketing/campaigns/2026-09",
        "/form-integrations/v1/submissions/forms/f0000000-0000-4000-8000-000000000005",
    )
    before = [len(portal.http.get(path, params={"limit": 3}).json()["results"]) for path in paths]
    portal.fault("short_page")
    after = [len(portal.http.get(path, params={"limit": 3}).json()["results"]) for path in paths]
    assert after == [count - 1 for count in before]


def test_bodies_that_cannot_be_read(portal: Portal) -> None:
    portal.fault("empty", at=[1])
    empty = portal.http.get(CONTACTS)
    assert (empty.status_code, empty.content) == (200, b"")
    portal.fault("bom", at=[1])
    marked = portal.http.get(CONTACTS)
    assert marked.content.startswith(b"\xef\xbb\xbf{")
    portal.fault("gzip_broken", at=[1])
    with pytest.raises(httpx.DecodingError):
        portal.http.get(CONTACTS)
    assert portal.http.get(CONTACTS).json()["results"]


def test_a_write_whose_answer_was_garbled_has_been_done(portal: Portal) -> None:
    portal.fault("empty", method="POST")
    made = portal.http.post(CONTACTS, json={"properties": {"email": "done@mischief.example"}})
    assert (made.status_code, made.content) == (201, b"")
    portal.calm()
    assert portal.http.get(f"{CONTACTS}/done@mischief.example?idProperty=email").status_code == 200
