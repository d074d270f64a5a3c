"""The demo company: its past, its life, and its sales reps."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from sandbox import clock
from sandbox.company import acts, life, reps, seed
from sandbox.company.history import (
    generate_companies,
    generate_contacts,
    generate_engagements,
    generate_events,
    generate_submissions,
)
from sandbox.company.lead import SPAN
from sandbox.hubspot import records
from sandbox.hubspot.types import CALL, COMPANY, CONTACT, EMAIL
from sandbox.settings import Settings
from sandbox.testing import running_sandbox
from sandbox.world import World, create

UNTIL = 1_795_000_000_000
N = 800


@pytest.fixture
def world() -> World:
    made = create(Settings(life=0, limits=False))
    seed.fill(made, 200, clock.now())
    return made


def test_history_is_a_function_of_its_arguments() -> None:
    for generate in (generate_contacts, generate_events, generate_submissions, generate_engagements):
        assert list(generate(60, 3, UNTIL)) == list(generate(60, 3, UNTIL))
    assert list(generate_contacts(60, 3, UNTIL)) != list(generate_contacts(60, 4, UNTIL))
    assert list(generate_companies(60, 3, UNTIL)) == list(generate_companies(60, 3, UNTIL))


def test_nobody_shares_an_address_or_an_id() -> None:
    contacts = list(generate_contacts(N, 7, UNTIL))
    assert len({c["properties"]["email"] for c in contacts}) == N
    assert len({c["id"] for c in contacts}) == N
    for generate in (generate_events, generate_submissions):
        ids = [record.get("id") or record["conversionId"] for record in generate(N, 7, UNTIL)]
        assert len(ids) == len(set(ids))
    domains = [c["properties"]["domain"] for c in generate_companies(N, 7, UNTIL)]
    assert len(domains) == len(set(domains))


def test_everything_is_over_before_the_end() -> None:
    end = clock.iso(UNTIL)
    for contact in generate_contacts(N, 7, UNTIL):
        assert contact["createdAt"] <= contact["updatedAt"] < end
    for event in generate_events(N, 7, UNTIL):
        assert clock.iso(UNTIL - SPAN) <= event["occurredAt"] < end
    for submission in generate_submissions(N, 7, UNTIL):
        assert submission["submittedAt"] < UNTIL
    for _, engagement in generate_engagements(N, 7, UNTIL):
        assert engagement["properties"]["hs_timestamp"] < end


def test_the_portal_is_as_mixed_as_a_real_one() -> None:
    contacts = list(generate_contacts(N, 7, UNTIL))
    stages = Counter(c["properties"]["lifecyclestage"] for c in contacts)
    assert stages["lead"] > N / 3
    assert stages["customer"] > N / 50
    domains = Counter(c["properties"]["email"].rpartition("@")[2] for c in contacts)
    assert domains["gmail.com"] > 0
    assert any(domain.endswith(".edu") for domain in domains)
    assert domains["rivalsoft.example"] + domains["copycatcrm.example"] > 0
    for name in ("jobtitle", "country", "company", "phone"):
        known = sum(name in c["properties"] for c in contacts)
        assert 0.2 < known / N < 0.95, name
    raised = {s["values"][0]["value"] for s in generate_submissions(N, 7, UNTIL) if s["formName"] == "Request a demo"}
    early = [c["properties"] for c in contacts if c["properties"]["lifecyclestage"] in ("lead", "subscriber")]
    assert len(raised & {properties["email"] for properties in early}) > N / 50


def test_counters_agree_with_events() -> None:
    views = Counter(e["objectId"] for e in generate_events(N, 7, UNTIL) if e["eventType"] == "e_visited_page")
    forms = Counter(s["values"][0]["value"] for s in generate_submissions(N, 7, UNTIL))
    for contact in generate_contacts(N, 7, UNTIL):
        properties = contact["properties"]
        assert int(properties.get("hs_analytics_num_page_views", 0)) == views[contact["id"]]
        assert int(properties.get("num_conversion_events", 0)) == forms[properties["email"]]


def test_the_server_holds_what_the_generator_says() -> None:
    with running_sandbox(contacts=40, limits=False) as sandbox:
        headers = {"Authorization": f"Bearer {Settings().hubspot_token}"}
        page = httpx.get(f"{sandbox.url}/crm/v3/objects/contacts?limit=100", headers=headers).json()["results"]
    expected = list(generate_contacts(40, 7, UNTIL))
    assert [(r["id"], r["properties"]["email"]) for r in page] == [
        (c["id"], c["properties"]["email"]) for c in expected
    ]


def test_nobody_at_a_customer_is_suitable(world: World) -> None:
    contact = acts.cast.suitable(world, None, None)
    bought = "UPDATE objects SET properties = json_set(properties, '$.lifecyclestage', 'customer')"
    own = int(contact.properties["associatedcompanyid"])
    world.store.run(f"{bought} WHERE type = ? AND id <> ?", COMPANY, own)
    world.pool = None
    found = acts.cast.suitable(world, None, None)
    assert found.properties["associatedcompanyid"] == contact.properties["associatedcompanyid"]
    assert "hubspot_owner_id" not in found.properties


def test_a_state_file_is_taken_up_again(tmp_path: Path) -> None:
    state = str(tmp_path / "sandbox.sqlite")
    with running_sandbox(contacts=30, SANDBOX_STATE=state) as sandbox:
        act = sandbox.act("contact", email="kept@state.example")
    with running_sandbox(contacts=30, SANDBOX_STATE=state) as sandbox:
        assert sandbox.control("GET", "health")["contacts"] == 31
        assert sandbox.act("page_view", email="kept@state.example")["contactId"] == act["contactId"]


def test_reset_starts_again() -> None:
    with running_sandbox(contacts=30) as sandbox:
        sandbox.act("contact", email="gone@reset.example")
        assert sandbox.control("POST", "reset", {"contacts": 20})["contacts"] == 20
        past = []
        for until in (1_790_000_000_000, 1_790_000_000_000, 1_790_000_060_000):
            sandbox.control("POST", "reset", {"contacts": 2, "until": until})
            answer = httpx.get(
                f"{sandbox.url}/crm/v3/objects/contacts",
                params={"properties": "createdate,email"},
                headers={"Authorization": "Bearer pat-na1-sandbox"},
            )
            past.append(answer.raise_for_status().json()["results"])
        assert len(past[0]) == 2
        assert past[0] == past[1]
        assert past[0] != past[2]


def test_life_goes_on_at_its_rate(world: World) -> None:
    before = world.store.one("SELECT count(*) FROM events")
    for _ in range(150):
        life.happen(world)
    after = world.store.one("SELECT count(*) FROM events")
    assert before is not None
    assert after is not None
    assert after[0] > before[0] + 100
    assert world.store.rows("SELECT 1 FROM submissions WHERE at > ?", clock.now() - clock.MINUTE)


def test_a_rate_set_while_it_runs_takes_effect() -> None:
    with running_sandbox(contacts=30) as sandbox:
        events = sandbox.control("GET", "health")["events"]
        assert sandbox.control("POST", "life", {"rate": 6000})["reps"] is True
        deadline = clock.ticks() + 30
        while sandbox.control("GET", "health")["events"] <= events and clock.ticks() < deadline:
            clock.pause(0.1)
        assert sandbox.control("GET", "health")["events"] > events
        assert sandbox.control("POST", "life", {"rate": 0})["reps"] is False


def _assign(world: World, contact: int, owner: str) -> None:
    record = world.store.read(CONTACT, [contact])[0]
    records.update(world, record, {"hubspot_owner_id": owner})


def _status(world: World, contact: int) -> str | None:
    return world.store.read(CONTACT, [contact])[0].properties.get("hs_lead_status")


def test_reps_notice_messages_and_new_owners_once(world: World) -> None:
    desk = reps.Desk("0", clock.now())
    first, second = acts.cast.suitable(world, None, None).id, acts.cast.suitable(world, None, None).id
    metadata = {"event_type": "handoff", "event_payload": {"contact_id": str(first)}}
    world.slack.post("D0ANACOSTA", "U0HANDOFFB", {"text": "new lead", "metadata": metadata})
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"<https://x/contacts/1/record/0-1/{second}|CRM>"}}
    ]
    world.slack.post("D0BENOKAFO", "U0HANDOFFB", {"text": "new lead", "blocks": blocks})
    _assign(world, first, "1001")
    for _ in range(3):
        reps.look(world, desk)
    assert {(contact, owner) for _, contact, owner in desk.due} == {(first, "1001"), (second, "1002")}
    assert len(desk.due) == 2


@pytest.mark.parametrize(("accept", "reject"), [(1.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
def test_reps_accept_reject_or_ignore(world: World, accept: float, reject: float) -> None:
    world.life.accept, world.life.reject = accept, reject
    contact = acts.cast.suitable(world, None, None).id
    _assign(world, contact, "1001")
    result = reps.decide(world, contact, "1001")
    touched = [*world.store.associated(CONTACT, contact, CALL), *world.store.associated(CONTACT, contact, EMAIL)]
    if accept:
        assert (result, _status(world, contact)) == ("accepted", "IN_PROGRESS")
        assert touched
    elif reject:
        assert (result, _status(world, contact)) == ("rejected", "UNQUALIFIED")
    else:
        assert (result, _status(world, contact)) == ("ignored", None)


def test_a_reassigned_lead_is_no_longer_theirs(world: World) -> None:
    contact = acts.cast.suitable(world, None, None).id
    _assign(world, contact, "1002")
    assert reps.decide(world, contact, "1001") == "gone"


def test_a_rejection_gives_one_of_the_portal_s_reasons(world: World) -> None:
    assert acts.reasons_of(world.catalogue) == []
    options = [{"label": value, "value": value} for value in ("too_small", "no_budget")]
    body = {"name": "handoff_rejection_reason", "type": "enumeration", "options": options, "hubspotDefined": False}
    world.catalogue.save(CONTACT, body | {"label": "Reason", "fieldType": "select", "groupName": "contactinformation"})
    world.life.accept, world.life.reject = 0.0, 1.0
    contact = acts.cast.suitable(world, None, None).id
    reps.decide(world, contact, "1001")
    reason = world.store.read(CONTACT, [contact])[0].properties["handoff_rejection_reason"]
    assert reason in ("too_small", "no_budget")


def test_reps_act_by_themselves_after_a_delay(world: World) -> None:
    async def watch() -> None:
        world.life.reps, world.life.accept, world.life.delay_seconds = True, 1.0, 0.1
        task = asyncio.create_task(reps.run(world))
        await asyncio.sleep(0)
        contact = acts.cast.suitable(world, None, None).id
        _assign(world, contact, "1003")
        deadline = clock.ticks() + 20
        while _status(world, contact) != "IN_PROGRESS" and clock.ticks() < deadline:
            await asyncio.sleep(0.05)
        task.cancel()
        assert _status(world, contact) == "IN_PROGRESS"

    asyncio.run(watch())


def test_a_start_that_was_cut_off_is_made_good(tmp_path: Path) -> None:
    state = str(tmp_path / "sandbox.sqlite")
    half = create(Settings(state=state))
    seed.fill(half, 10, clock.now())
    half.store.run("DELETE FROM meta")
    half.store.close()
    with running_sandbox(contacts=25, SANDBOX_STATE=state) as sandbox:
        assert sandbox.control("GET", "health")["contacts"] == 25
