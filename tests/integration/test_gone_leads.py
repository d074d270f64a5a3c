"""Leads that are merged, deleted, erased or restored while somebody has them."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from handoff import clock, explain, stations
from handoff.clients.hubspot import HubSpotHook
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import dbt
from handoff.qualify.requeue import requeue
from handoff.route.reassign import reassign
from handoff.sync.targets import instant
from handoff.watch import run as watch
from handoff.web.app import PREFIX
from sandbox.testing import RunningSandbox
from tests.integration.test_line import hint, line, messages, one
from tests.integration.test_routing import AUTH
from tests.unit.web.board_data import COOKIE, site


@pytest.fixture
def connection(landed_database: object, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def handed_over(connection: Connection, sandbox: RunningSandbox) -> dict[str, Any]:
    """A lead that asked for a demo and whose rep has been told."""
    act = sandbox.act("demo_request")
    hint(connection, act["contactId"])
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    return act


SHOWN = ("hubspot_owner_id", "handoff_sla_due_at", "handoff_sla_status", "handoff_score", "handoff_trigger")
SHOWN += ("handoff_mql_at",)


def contact(hubspot: httpx.Client, contact_id: str) -> dict[str, str]:
    """What the CRM says of a contact's handoff."""
    answer = hubspot.get(f"/{contact_id}", params={"properties": ",".join(SHOWN)}).raise_for_status().json()
    return {name: answer["properties"][name] for name in SHOWN}


def withdrawn(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(
        """select handoff.lead_id, answer.reason_id from handoff.dispositions as answer
        inner join handoff.handoffs as handoff using (handoff_id) where answer.kind = 'withdrawn'"""
    ).fetchall()


def test_a_form_counts_whichever_of_its_addresses_a_contact_sent_it_from(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    asks = sandbox.act("demo_request")
    kept = sandbox.act("contact", email="whose.address@stays.example")
    merged = sandbox.act("merge", contact_id=kept["contactId"], other_id=asks["contactId"])
    hint(connection, merged["contactId"])
    handed = [line()[1].get("route", {}).get("handed_off", 0) for _ in range(2)]
    assert sum(handed) == 1
    trigger = "select lead_id, trigger_kind from handoff.handoffs"
    assert connection.execute(trigger).fetchall() == [
        {"lead_id": merged["contactId"], "trigger_kind": "form_submitted"}
    ]

    # Once more, by somebody who has been one contact of two addresses for long: only the form is new.
    first, second = (sandbox.act("contact", email=f"{name}@addresses.example")["contactId"] for name in ("one", "two"))
    long_since = sandbox.act("merge", contact_id=first, other_id=second)["contactId"]
    hint(connection, long_since)
    line()
    assert sandbox.act("demo_request", email="two@addresses.example")["contactId"] == long_since
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    handed = [line()[1].get("route", {}).get("handed_off", 0) for _ in range(2)]
    assert sum(handed) == 1


def test_a_merged_lead_keeps_its_one_handoff(connection: Connection, sandbox: RunningSandbox) -> None:
    lead = handed_over(connection, sandbox)
    other = sandbox.act("contact", email="second.address@elsewhere.example")
    with httpx.Client(base_url=f"{sandbox.url}/crm/v3/objects/contacts", headers=AUTH) as hubspot:
        theirs = "1006" if contact(hubspot, lead["contactId"])["hubspot_owner_id"] == "1005" else "1005"
    sandbox.act("edit", contact_id=other["contactId"], properties={"hubspot_owner_id": theirs})
    hint(connection, other["contactId"])
    line()
    before = clock.now()
    # Whose values HubSpot keeps was never handed over, and is somebody else's.
    merged = sandbox.act("merge", contact_id=other["contactId"], other_id=lead["contactId"])
    assert merged["contactId"] not in (lead["contactId"], other["contactId"])
    hint(connection, lead["contactId"])
    # The run that notices the merge, and the one that decides about whom it made.
    for _ in range(2):
        _, counts = line()
        assert counts["route"]["mqls"] == 0
    assert withdrawn(connection) == []
    assert len(messages(sandbox)) == 1
    line()
    with httpx.Client(base_url=f"{sandbox.url}/crm/v3/objects/contacts", headers=AUTH) as hubspot:
        assert contact(hubspot, merged["contactId"])["hubspot_owner_id"] == theirs
    (conflict,) = [each["text"] for each in messages(sandbox, "C0REVIEW00")]
    assert conflict.endswith(f"but the contact it was merged with has owner {theirs}. That stays.")
    told = explain.explain(connection, merged["contactId"])
    assert [each.what for each in told.story.moments if each.by == "sales"] == []
    text = explain.as_text(told)
    (handoff,) = told.story.handoffs
    for former in (lead["contactId"], handoff):
        again = explain.explain(connection, former)
        assert (again.decisions, again.merged_from) == (told.decisions, lead["contactId"])
        assert f"Contact {lead['contactId']} was merged into {merged['contactId']}, which is told" in explain.as_text(
            again
        )
    then = explain.explain(connection, lead["contactId"], before)
    assert (then.lead["lead_id"], then.merged_from, then.then_known_as) == (lead["contactId"], None, [])
    # It was handed over, which the other one was not.
    both = [lead["contactId"], other["contactId"]]
    known = explain.explain(connection, merged["contactId"], before)
    assert (known.lead, known.decisions, known.then_known_as) == (then.lead, then.decisions, both)
    assert (
        f"Contact {merged['contactId']} was not there yet: then known as {' and '.join(both)}, of which {both[0]} is "
        "told here."
    ) in explain.as_text(known)
    assert (then.story.handoffs, explain.explain(connection, other["contactId"], before).story.handoffs) == (
        {handoff},
        frozenset(),
    )
    third = sandbox.act("contact", email="third.address@elsewhere.example")
    again = sandbox.act("merge", contact_id=third["contactId"], other_id=merged["contactId"])
    hint(connection, again["contactId"])
    for _ in range(2):
        line()
    assert explain.explain(connection, lead["contactId"]).lead["lead_id"] == again["contactId"]
    late = explain.explain(connection, lead["contactId"], told.at)
    assert (late.lead["lead_id"], late.merged_from, late.then_known_as) == (
        merged["contactId"],
        lead["contactId"],
        [],
    )
    assert text.index(f"HubSpot: Contact {lead['contactId']} was merged into {merged['contactId']}") < text.index(
        "Handoff: Given to"
    )


def test_of_two_leads_that_become_one_the_older_handoff_stays(connection: Connection, sandbox: RunningSandbox) -> None:
    first, second = handed_over(connection, sandbox), handed_over(connection, sandbox)
    # Reps never differ by luck: the one of the handoff that stays is set apart from what HubSpot will show.
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """update handoff.assignments as assignment set rep_id = 'farah-ali', due_at = due_at + interval '1 hour'
            from handoff.handoffs as handoff
            where handoff.handoff_id = assignment.handoff_id and handoff.lead_id = %s""",
            (first["contactId"],),
        )
    kept = connection.execute(
        """select rep.crm_owner_id, assignment.due_at, handoff.context, handoff.trigger_activity_id
        from handoff.handoffs as handoff
        inner join handoff.assignments as assignment using (handoff_id)
        inner join agreement.reps as rep using (rep_id) where handoff.lead_id = %s""",
        (first["contactId"],),
    ).fetchone()
    assert kept is not None
    with httpx.Client(base_url=f"{sandbox.url}/crm/v3/objects/contacts", headers=AUTH) as hubspot:
        present = contact(hubspot, second["contactId"])
    assert present["handoff_sla_due_at"] != instant(kept["due_at"])
    assert present["hubspot_owner_id"] != kept["crm_owner_id"]
    merging = sandbox.act("merge", contact_id=second["contactId"], other_id=first["contactId"])
    hint(connection, first["contactId"])
    _, counts = line()
    assert counts["route"]["withdrawn"] == 1
    assert withdrawn(connection) == [{"lead_id": second["contactId"], "reason_id": "merged"}]
    notes = [each["text"] for each in messages(sandbox) if "Nothing is due any more" in each["text"]]
    assert len(notes) == 1
    assert "was merged with a lead that is handed over already" in notes[0]
    gone_ones = [
        each
        for each in [*messages(sandbox), *messages(sandbox, "C0HANDOFFS")]
        if "Withdrawn: the lead was merged" in str(each["blocks"])
    ]
    assert len(gone_ones) == 2
    assert not [each for each in gone_ones if "'actions'" in str(each["blocks"])]
    line()
    with httpx.Client(base_url=f"{sandbox.url}/crm/v3/objects/contacts", headers=AUTH) as hubspot:
        said = contact(hubspot, merging["contactId"])
    assert said == present | {
        "hubspot_owner_id": kept["crm_owner_id"],
        "handoff_sla_due_at": instant(kept["due_at"]),
        "handoff_sla_status": "due",
        "handoff_score": f"{kept['context']['score']['total']:g}",
        "handoff_trigger": kept["context"]["trigger"]["summary"],
        "handoff_mql_at": said["handoff_mql_at"],
    }
    assert said["handoff_mql_at"] < present["handoff_mql_at"]
    # What the other contact asked for is news to the rep who keeps the lead.
    (asked,) = [each for each in messages(sandbox) if "raised a hand again" in each["text"]]
    assert len(messages(sandbox)) == 4
    assert asked["thread_ts"] not in {each["ts"] for each in gone_ones}
    # Whoever keeps it rejects it in HubSpot, which the one that was taken back is not told of.
    answered = {"hs_lead_status": "UNQUALIFIED", "handoff_rejection_reason": "no_interest"}
    sandbox.act("edit", contact_id=merging["contactId"], properties=answered)
    hint(connection, merging["contactId"])
    line()
    assert watch.run(connection, clock.now())["answered"] == 1
    assert one(
        connection,
        """select array_agg(handoff.lead_id) from handoff.dispositions as answer
        inner join handoff.handoffs as handoff using (handoff_id) where answer.kind = 'rejected'""",
    ) == [first["contactId"]]


def all_handed_over(connection: Connection, sandbox: RunningSandbox, count: int) -> list[str]:
    """Contact ids of leads that asked for a demo, the one who was handed over first in front."""
    for _ in range(count):
        hint(connection, sandbox.act("demo_request")["contactId"])
    _, counts = line()
    assert counts["route"]["handed_off"] == count
    rows = connection.execute(
        "select lead_id from handoff.handoffs order by routed_at desc, handoff_id desc limit %s", (count,)
    )
    return [row["lead_id"] for row in rows][::-1]


def say(connection: Connection, lead: str, kind: str, **said: Any) -> None:
    """What sales did with a lead."""
    connection.execute(
        """insert into handoff.dispositions (handoff_id, assignment_id, kind, reason_id, snoozed_until, occurred_at,
            recorded_at, evidence)
        select handoff_id, (select max(assignment_id) from handoff.assignments where handoff_id = handoff.handoff_id),
            %s, %s, %s, %s, %s, '{}'
        from handoff.handoffs as handoff where lead_id = %s""",
        (kind, said.get("reason_id"), said.get("until"), clock.now(), clock.now(), lead),
    )


def merge(connection: Connection, sandbox: RunningSandbox, lead: str, other: str | None = None) -> str:
    """Merge a lead with another, or with somebody who did nothing; returns the id of both from then on."""
    other = other or str(sandbox.act("contact", email=f"second.{lead}@elsewhere.example")["contactId"])
    merged = str(sandbox.act("merge", contact_id=lead, other_id=other)["contactId"])
    hint(connection, lead)
    return merged


HELD = {"mqls": 1, "stuck": 1, "withdrawn": 0}
EPISODES = """
select handoff.lead_id, handoff.handoff_id,
    (select array_agg(rep_id order by assignment_id) from handoff.assignments where handoff_id = handoff.handoff_id)
    as reps,
    (select array_agg(kind order by disposition_id) from handoff.dispositions where handoff_id = handoff.handoff_id)
    as answers
from handoff.handoffs as handoff order by handoff_id
"""


def test_a_merge_changes_nothing_of_an_episode_whatever_has_become_of_it(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    accepted, snoozed, reassigned, rejected = all_handed_over(connection, sandbox, 4)
    say(connection, accepted, "accepted")
    say(connection, snoozed, "snoozed", until=clock.now() + timedelta(hours=1))
    say(connection, rejected, "rejected", reason_id="no_interest")
    handoff_id = one(connection, "select handoff_id from handoff.handoffs where lead_id = %s", reassigned)
    with connection.transaction():
        reassign(connection, handoff_id, clock.now(), "declined")
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.reps set max_open = 0")
        held = sandbox.act("demo_request")["contactId"]
        hint(connection, held)
        _, counts = line()
        assert counts["route"].items() >= HELD.items()
        before, told = connection.execute(EPISODES).fetchall(), len(messages(sandbox))
        merged = {each: merge(connection, sandbox, each) for each in (accepted, snoozed, reassigned, rejected, held)}
        # The first run notices the merges and takes what they are now in; the next one decides about it.
        line()
        _, counts = line()
        assert counts["route"].items() >= HELD.items()
        admin.execute("update agreement.reps set max_open = 25")
    line()
    # Only whoever was held goes to somebody, once, as the one whom they are now.
    after = connection.execute(EPISODES).fetchall()
    assert [each for each in after if each["lead_id"] != merged[held]] == before
    assert len(after) == len(before) + 1
    assert len(messages(sandbox)) == told + 1
    for lead, present in merged.items():
        (handoff,) = explain.explain(connection, present).story.handoffs
        assert handoff in {each["handoff_id"] for each in after if each["lead_id"] in (lead, present)}
    line()
    assert connection.execute(EPISODES).fetchall() == after


def test_of_two_that_become_one_whoever_was_called_or_is_not_rejected_stays(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    older, called, rejected, younger = all_handed_over(connection, sandbox, 4)
    say(connection, older, "accepted")
    say(connection, called, "contacted")
    say(connection, rejected, "rejected", reason_id="no_interest")
    merge(connection, sandbox, older, called)
    answered = {"hs_lead_status": "UNQUALIFIED", "handoff_rejection_reason": "no_interest"}
    HubSpotHook().patch("contacts", rejected, answered | {"handoff_sla_status": "met"})
    # The newest that a person set is what the merge does not keep.
    sandbox.act("edit", contact_id=younger, properties={"hs_lead_status": "OPEN"})
    with httpx.Client(base_url=f"{sandbox.url}/crm/v3/objects/contacts", headers=AUTH) as hubspot:
        due = contact(hubspot, younger)
        both = merge(connection, sandbox, rejected, younger)
        _, counts = line()
        assert counts["route"]["withdrawn"] == 1
        assert withdrawn(connection) == [{"lead_id": older, "reason_id": "merged"}]
        assert "answered" not in {name for name, count in watch.run(connection, clock.now()).items() if count}
        line()
        # Somebody has it, and the contact looks it.
        assert contact(hubspot, both) == due
        left = hubspot.get(f"/{both}", params={"properties": ",".join(answered)}).raise_for_status().json()
    # Of a minute before our own write a person's choice is put back.
    assert left["properties"]["hs_lead_status"] in ("NEW", "OPEN")
    assert not left["properties"]["handoff_rejection_reason"]


def _its_page_tells_its_story_unless_it_is_erased(connection: Connection, lead: dict[str, Any], is_told: bool) -> None:
    handoff_id = one(connection, "select handoff_id from handoff.handoffs")
    pages = TestClient(site(), cookies={COOKIE: "reader"})
    answers = [pages.get(f"{PREFIX}/lead/{each}") for each in (handoff_id, lead["contactId"])]
    assert {each.status_code for each in answers} == {200 if is_told else 404}
    if not is_told:
        return
    page = answers[0].text
    assert "Deleted in the CRM, noticed 20" in page
    assert lead["name"] in page
    assert "Became an MQL for" in page
    assert "Taken back" in page
    (last,) = re.findall(r"/lead/[0-9]+\?at=[^\"]+", page)
    then = pages.get(f"{PREFIX}{html.unescape(last)}")
    assert then.status_code == 200
    assert "Deleted in the CRM" not in then.text
    assert "What the score is made of" in then.text
    told = explain.explain(connection, handoff_id)
    assert told.deleted is not None
    assert told.deleted.last_known_at is not None
    command = (
        f"handoff explain {lead['contactId']} --at {told.deleted.last_known_at.isoformat().removesuffix('+00:00')}Z"
    )
    assert command in explain.as_text(told)
    # Of a moment when it was not there yet nothing is known, and of one after its end the same as now.
    began = one(connection, "select min(loaded_at) from raw.hubspot_contacts where id = %s", lead["contactId"])
    with pytest.raises(explain.UnknownLead):
        explain.explain(connection, handoff_id, began - timedelta(seconds=1))
    assert explain.explain(connection, handoff_id, told.at).story == told.story


@pytest.mark.parametrize(("what", "reason"), [("archive", "deleted"), ("erase", "erased")])
def test_a_lead_that_is_gone_is_taken_back(
    connection: Connection, sandbox: RunningSandbox, what: str, reason: str
) -> None:
    lead = handed_over(connection, sandbox)
    sandbox.act(what, contact_id=lead["contactId"])
    hint(connection, lead["contactId"])
    _, counts = line()
    assert counts["route"]["withdrawn"] == 1
    (gone,) = withdrawn(connection)
    assert gone["reason_id"] == reason
    assert (gone["lead_id"] == lead["contactId"]) == (what == "archive")
    (note,) = [each["text"] for each in messages(sandbox) if "Nothing is due any more" in each["text"]]
    assert (lead["name"].split()[0] in note) == (what == "archive")
    _its_page_tells_its_story_unless_it_is_erased(connection, lead, what == "archive")
    # The clock stands still: what is not due cannot be late.
    connection.execute("update handoff.cursors set seen_until = now() + interval '30 days'")
    watch.run(connection, clock.now() + timedelta(days=30))
    assert one(connection, "select count(*) from handoff.breaches") == 0


@pytest.mark.parametrize(("what", "reason"), [("archive", "deleted"), ("erase", "erased")])
def test_a_lead_whose_merged_record_is_gone_before_anybody_looked_is_taken_back(
    connection: Connection, sandbox: RunningSandbox, what: str, reason: str
) -> None:
    lead = handed_over(connection, sandbox)
    other = sandbox.act("contact", email="second.address@elsewhere.example")
    merged = sandbox.act("merge", contact_id=other["contactId"], other_id=lead["contactId"])
    sandbox.act(what, contact_id=merged["contactId"])
    hint(connection, lead["contactId"])
    _, counts = line()
    assert counts["route"]["withdrawn"] == 1
    assert [gone["reason_id"] for gone in withdrawn(connection)] == [reason]
    assert len([each for each in messages(sandbox) if "Nothing is due any more" in each["text"]]) == 1


@pytest.mark.parametrize(("state", "what"), [("flood", "archive"), ("gate", "erase"), ("nobody", "archive")])
def test_a_lead_that_is_gone_while_it_is_held_goes_to_nobody(
    connection: Connection, sandbox: RunningSandbox, state: str, what: str
) -> None:
    held = {
        "flood": "update agreement.handoff_policy set flood_floor = 0, flood_factor = 0",
        "gate": """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
            values ('planted', 1, now(), false, 'planted', '{}')""",
        "nobody": "update agreement.reps set max_open = 0",
    }
    free = {
        "gate": """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
            values ('planted', 2, now(), true, 'fine', '{}')""",
        "nobody": "update agreement.reps set max_open = 25",
    }
    with db.connect("handoff_admin") as admin:
        admin.execute(held[state])
        lead = sandbox.act("demo_request")["contactId"]
        hint(connection, lead)
        line()
        assert one(connection, "select held_because is not null from handoff.pending_leads")
        sandbox.act(what, contact_id=lead)
        hint(connection, lead)
        line()
        if state == "flood":
            (flood_id,) = admin.execute("select flood_id from handoff.floods").fetchall()
            stations.answer_flood(flood_id["flood_id"], "Release", "Farah")
        else:
            admin.execute(free[state])
    line()
    assert one(connection, "select count(*) from handoff.handoffs") == 0
    assert one(connection, "select count(*) from handoff.pending_leads") == 0
    assert messages(sandbox) == messages(sandbox, "C0HANDOFFS") == []


@pytest.mark.parametrize(("said", "handed"), [("Drop", 0), ("Release", 1), (None, 0)])
def test_what_was_said_of_a_held_lead_holds_for_whom_it_was_merged_into(
    connection: Connection, sandbox: RunningSandbox, said: str | None, handed: int
) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.handoff_policy set flood_floor = 0, flood_factor = 0")
        lead = str(sandbox.act("demo_request")["contactId"])
        hint(connection, lead)
        _, counts = line()
        assert counts["route"]["flooded"] == 1
        if said:
            stations.answer_flood(one(connection, "select flood_id from handoff.floods"), said, "Farah")
        merged = merge(connection, sandbox, lead)
        if said != "Release":
            admin.execute("update agreement.handoff_policy set flood_floor = 30")
        # The run that notices the merge, and the one that decides about whom it made.
        for _ in range(2):
            line()
    assert one(connection, "select array_agg(lead_id) from handoff.handoffs") == ([merged] if handed else None)
    waits = one(connection, "select count(*) from handoff.pending_leads where held_because like 'more MQLs%%'")
    assert waits == (said is None)
    dbt.invoke(connection, ["run"], selector="marts", as_of=clock.now(), as_loaded=True)
    assert one(connection, "select count(*) from line.mqls_without_handoff") == 0
    assert requeue(connection, clock.now()) == 0


def test_a_message_that_has_not_gone_out_does_not_go_out_any_more(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    sandbox.control("POST", "faults", {"kind": "rate_limit", "path": "chat.postMessage"})
    lead = handed_over(connection, sandbox)
    sandbox.act("archive", contact_id=lead["contactId"])
    hint(connection, lead["contactId"])
    line()
    sandbox.control("DELETE", "faults")
    connection.execute("update handoff.outbox set not_before = now() where state = 'pending'")
    line()
    assert messages(sandbox) == []
    assert one(connection, "select last_error from handoff.outbox where kind = 'slack_dm'").startswith("withdrawn")


def test_a_lead_that_comes_back_and_acts_is_handed_over_again(connection: Connection, sandbox: RunningSandbox) -> None:
    lead = handed_over(connection, sandbox)
    sandbox.act("archive", contact_id=lead["contactId"])
    hint(connection, lead["contactId"])
    line()
    sandbox.act("restore", contact_id=lead["contactId"])
    hint(connection, lead["contactId"])
    _, counts = line()
    assert counts["route"]["mqls"] == 0
    sandbox.act("form", contact_id=lead["contactId"])
    hint(connection, lead["contactId"])
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    assert one(connection, "select array_agg(cycle order by cycle) from handoff.handoffs") == [1, 2]
