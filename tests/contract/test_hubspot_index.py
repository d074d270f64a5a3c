"""Search's own index: it learns of each write later than the records themselves, and ties by the thousands."""

from collections.abc import Iterator
from random import Random

import pytest
from hubspot.crm.contacts import PublicObjectSearchRequest

from sandbox import clock
from sandbox.hubspot.index import Index
from sandbox.store import Record, Store
from sandbox.testing import running_sandbox
from tests.contract.hubspot_portal import OBJECTS, Portal, open_portal

LATE = {"delay_seconds": [3600, 3600]}
TIES = 10_300


@pytest.fixture(scope="module")
def shared() -> Iterator[Portal]:
    with open_portal() as made:
        yield made


@pytest.fixture
def portal(shared: Portal) -> Iterator[Portal]:
    yield shared
    shared.calm()


def test_a_new_record_is_read_before_it_is_found(portal: Portal) -> None:
    portal.sandbox.control("POST", "index", LATE)
    made = portal.create(email="late@index.example", city="Lagos")
    assert portal.found("city", "Lagos") == []
    assert portal.read(made, "city")["city"] == "Lagos"
    listed = portal.http.get(f"{OBJECTS}/contacts?limit=100").json()["results"]
    assert made in [record["id"] for record in listed]
    assert portal.http.get(f"{OBJECTS}/contacts/{made}").status_code == 200
    assert portal.sandbox.control("GET", "index") == {"delay_seconds": [3600.0, 3600.0], "lagging": 1}


def test_a_changed_record_is_found_as_it_was_and_under_its_old_stamp(portal: Portal) -> None:
    made = portal.create(email="stale@index.example", city="Oldtown")
    old = portal.read(made, "lastmodifieddate")["lastmodifieddate"]
    portal.sandbox.control("POST", "index", LATE)
    assert portal.patch(made, city="Newtown").status_code == 200
    new = portal.read(made, "lastmodifieddate")["lastmodifieddate"]
    assert new > old
    assert portal.found("city", "Newtown") == []
    window = {"propertyName": "lastmodifieddate", "operator": "BETWEEN", "value": old, "highValue": old}
    hits = {r["id"]: r for r in portal.search(window, properties=["city"])}
    assert hits[made]["properties"]["city"] == "Oldtown"
    assert (hits[made]["properties"]["lastmodifieddate"], hits[made]["updatedAt"]) == (old, old)
    assert made not in [r["id"] for r in portal.search({**window, "value": new, "highValue": new})]


def test_the_index_catches_up(portal: Portal) -> None:
    made = portal.create(email="soon@index.example", city="Before")
    portal.sandbox.control("POST", "index", {"delay_seconds": [0.2, 0.4]})
    for city in ("Between", "After"):
        portal.patch(made, city=city)
    deadline = clock.ticks() + 30
    while portal.found("city", "After") != [made] and clock.ticks() < deadline:
        clock.pause(0.05)
    assert portal.found("city", "After") == [made]
    assert portal.found("city", "Before") == []
    assert portal.sandbox.control("GET", "index")["lagging"] == 0


def test_the_index_can_be_told_to_catch_up(portal: Portal) -> None:
    portal.sandbox.control("POST", "index", LATE)
    made = portal.create(email="told@index.example", city="Toldville")
    assert portal.found("city", "Toldville") == []
    state = portal.sandbox.control("POST", "index", {"catch_up": True})
    assert state == {"delay_seconds": [3600.0, 3600.0], "lagging": 0}
    assert portal.found("city", "Toldville") == [made]


def test_what_is_gone_is_still_found(portal: Portal) -> None:
    archived, erased, kept, merged = (portal.create(email=f"{n}@gone.example", city="Goneville") for n in "abcd")
    portal.sandbox.control("POST", "index", LATE)
    portal.http.delete(f"{OBJECTS}/contacts/{archived}")
    portal.http.post(f"{OBJECTS}/contacts/gdpr-delete", json={"objectId": erased})
    body = {"primaryObjectId": kept, "objectIdToMerge": merged}
    new = portal.http.post(f"{OBJECTS}/contacts/merge", json=body).json()["id"]
    assert portal.found("city", "Goneville") == [archived, erased, kept, merged]
    read = portal.http.post(f"{OBJECTS}/contacts/batch/read", json={"inputs": [{"id": i} for i in (archived, erased)]})
    assert (read.status_code, read.json()["results"]) == (207, [])
    assert portal.read(new, "city")["city"] == "Goneville"


def test_a_fault_delays_only_the_writes_it_strikes(portal: Portal) -> None:
    portal.fault("index_lag", seconds=3600, method="POST", path="/contacts$", at=[2])
    on_time, late = (portal.create(email=f"{n}@lag.example", city="Lagville") for n in ("one", "two"))
    assert portal.found("city", "Lagville") == [on_time]
    state = portal.sandbox.control("GET", "faults")["faults"][0]
    assert (state["calls"], state["hits"]) == (2, 1)
    portal.sandbox.control("POST", "faults", {"kind": "index_lag", "seconds": 3600, "path": "act/contact"})
    portal.sandbox.act("contact", email="three@lag.example", properties={"city": "Lagville"})
    assert portal.found("city", "Lagville") == [on_time]
    assert portal.read(late, "city")["city"] == "Lagville"


def test_a_stale_search_is_answered_from_the_past(portal: Portal) -> None:
    portal.create(email="past@index.example", city="Pastville")
    portal.fault("stale", seconds=300, at=[1])
    api = portal.v3.crm.contacts.search_api
    request = PublicObjectSearchRequest(
        filter_groups=[{"filters": [{"propertyName": "city", "operator": "EQ", "value": "Pastville"}]}]
    )
    assert [api.do_search(request).total for _ in range(2)] == [0, 1]


def test_a_start_can_be_late_already() -> None:
    with running_sandbox(SANDBOX_INDEX_DELAY="5,90") as sandbox:
        assert sandbox.control("GET", "index")["delay_seconds"] == [5.0, 90.0]


@pytest.mark.parametrize("given", [None, [1], [5, 2], [-1, 2], ["x", 2]])
def test_a_delay_that_makes_no_sense(portal: Portal, given: object) -> None:
    response = portal.http.post("/_sandbox/index", json={"delay_seconds": given})
    assert response.status_code == 400
    assert "delay_seconds" in response.json()["message"]


def test_every_version_is_found_in_its_turn() -> None:
    store = Store(":memory:")
    index = Index(store, Random(1))
    record = Record("0-1", 1, 10, 10)

    def write(city: str, delay: float) -> None:
        index.delay = (delay, delay)
        index.superseded("0-1", 1)
        record.properties["city"] = city
        store.put(record)

    def seen(at: int) -> list[str]:
        ids = index.find("0-1", "1", [], ("id", "ASC"), "", at)
        return [r.properties["city"] for r in index.read("0-1", ids, at)]

    write("a", 100)
    write("b", 200)
    write("c", 50)
    now = clock.now()
    assert [seen(now + ms) for ms in (0, 150_000, 250_000)] == [[], ["a"], ["c"]], "c came in with b, not before it"


def test_thousands_of_records_with_one_and_the_same_stamp() -> None:
    with open_portal(contacts=TIES) as portal:
        value = {"object": "contacts", "property": "hs_lead_status", "value": "NEW", "count": TIES}
        done = portal.sandbox.control("POST", "bulk", value)
        assert (done["stamped"], done["at"]) == (TIES, clock.iso(done["atMs"]))
        window = [
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(done["atMs"])},
            {"propertyName": "lastmodifieddate", "operator": "LT", "value": str(done["atMs"] + 1)},
        ]
        body = {"filterGroups": [{"filters": window}], "limit": 200, "after": "9800"}
        last = portal.http.post(f"{OBJECTS}/contacts/search", json=body).json()
        assert (last["total"], last["paging"]["next"]["after"]) == (TIES, "10000")
        beyond = portal.http.post(f"{OBJECTS}/contacts/search", json=body | {"after": "10000"})
        assert beyond.status_code == 400
        seen, reached = 0, 0
        sort = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        while True:
            by_id = {"propertyName": "hs_object_id", "operator": "GT", "value": str(reached)}
            page = portal.search(*window, by_id, sorts=sort)
            if not page:
                break
            seen, reached = seen + len(page), max(int(r["id"]) for r in page)
        assert seen == TIES


def test_a_bulk_change_derives_remembers_and_is_silent(portal: Portal) -> None:
    ids = [
        portal.create(email=f"bulk{n}@index.example", lifecyclestage=stage)
        for n, stage in ((1, "lead"), (2, "customer"))
    ]
    at = "2026-03-31T23:59:59.999Z"
    given = {"property": "lifecyclestage", "value": "marketingqualifiedlead", "ids": ids, "at": at}
    assert portal.sandbox.control("POST", "bulk", given) == {
        "stamped": 2,
        "changed": 1,
        "at": at,
        "atMs": clock.parse(at),
    }
    names = ("lifecyclestage", "lastmodifieddate", "hs_v2_date_entered_marketingqualifiedlead")
    moved, stayed = (portal.read(i, *names) for i in ids)
    assert (moved["lifecyclestage"], stayed["lifecyclestage"]) == ("marketingqualifiedlead", "customer")
    assert moved["lastmodifieddate"] == stayed["lastmodifieddate"] == at
    assert moved["hs_v2_date_entered_marketingqualifiedlead"] == at
    body = {"inputs": [{"id": ids[0]}], "propertiesWithHistory": ["lifecyclestage"], "properties": []}
    read = portal.http.post(f"{OBJECTS}/contacts/batch/read", json=body).json()["results"][0]
    versions = read["propertiesWithHistory"]["lifecyclestage"]
    assert {(v["value"], v["sourceType"]) for v in versions} == {
        ("marketingqualifiedlead", "BATCH_UPDATE"),
        ("lead", "INTEGRATION"),
    }


@pytest.mark.parametrize(
    "given",
    [
        {"property": "email", "value": "a@b.example"},
        {"property": "nothing", "value": "1"},
        {"property": "lastmodifieddate", "value": "2026-01-01T00:00:00Z"},
        {"property": "city", "value": "Graz", "at": "soon"},
        {"property": "hs_lead_status", "value": "WRONG"},
    ],
)
def test_a_bulk_change_that_cannot_be(portal: Portal, given: dict[str, str]) -> None:
    response = portal.http.post("/_sandbox/bulk", json=given | {"count": 1})
    assert response.status_code == 400
