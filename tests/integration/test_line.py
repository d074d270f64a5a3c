"""The whole line in one process: real Postgres, real dbt, real Great Expectations, the vendors' sandbox."""

import os
import signal
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from handoff import agreement, clock, explain, stations
from handoff.ledger import db, inbox, runs
from handoff.ledger import pending as queue
from handoff.ledger.db import Connection
from handoff.local import progress
from handoff.qualify import dbt, loads, requeue
from handoff.qualify import run as qualify
from handoff.route import assignments
from handoff.route import run as route
from sandbox.testing import RunningSandbox
from tests.dying import dies_at
from tests.integration import mqls
from tests.integration.conftest import STATIONS

RUN_IDS = (f"test-{number}" for number in count(1))
WATCHED = dict.fromkeys(("pressed", "paused", "contacted", "answered", "breached"), 0)


@pytest.fixture
def connection(landed_database: object, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def line() -> tuple[str, dict[str, Any]]:
    """One run, station by station, as the DAG orders them; returns its id and every station's counts."""
    run_id = next(RUN_IDS)
    extract, *others = STATIONS
    landed = extract(run_id)
    counts: dict[str, Any] = {"extract": landed}
    if landed:
        for station in others:
            counts[station.__name__] = station(run_id)
    return run_id, counts


def hint(connection: Connection, contact_id: str) -> None:
    """What a webhook about a contact leaves behind."""
    now = clock.now()
    inbox.store(connection, [inbox.Event("hubspot", f"{contact_id}:{now}", "contact", contact_id, now, {})], now)


def messages(sandbox: RunningSandbox, channel: str = "D") -> list[dict[str, Any]]:
    found = sandbox.control("GET", "slack/messages")["messages"]
    return [message for message in found if message["channel"].startswith(channel)]


def one(connection: Connection, query: str, *parameters: Any) -> Any:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return next(iter(row.values()))


def test_copies_give_way_to_a_lead_that_comes_while_the_run_is_under_way(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    for _ in range(2):
        hint(connection, sandbox.act("demo_request")["contactId"])
    run_id = next(RUN_IDS)
    *before, notify, _ = STATIONS
    for station in before:
        station(run_id)
    hint(connection, sandbox.act("demo_request")["contactId"])
    told = notify(run_id)
    assert told
    assert (told["reps"], told["sent"], told["pending"]) == (2, 3, 1)
    line()
    assert [len(messages(sandbox, place)) for place in ("D", "C0HANDOFFS")] == [3, 3]


def test_whoever_a_looser_agreement_makes_an_mql_is_handed_over_after_a_rebuild_and_nobody_twice(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    before = sandbox.act("demo_request")["contactId"]
    hint(connection, before)
    line()
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.definitions set threshold = 999")
        admin.execute("update agreement.signals set is_hand_raiser = false")
    lead = sandbox.act("demo_request")["contactId"]
    hint(connection, lead)
    line()
    assert one(connection, "select decision from line.int_qualifications where lead_id = %s", lead) == "not_yet"
    live = "select product_id, live_at from handoff.go_live order by product_id"
    first, since = loads.newest(connection), connection.execute(live).fetchall()
    # The seeds are looser than what stood in the database, and the same as were loaded: no load, and nothing goes live.
    counts = agreement.load(clock.now(), full_refresh=True)
    assert (counts["queued"], counts["went_live"]) == (1, 0)
    assert loads.newest(connection) == first
    assert connection.execute(live).fetchall() == since
    line()
    handed = connection.execute("select lead_id from handoff.handoffs order by routed_at").fetchall()
    assert [each["lead_id"] for each in handed] == [before, lead]
    assert len(messages(sandbox)) == 2
    assert requeue.requeue(connection, clock.now()) == 0


def test_whom_rows_make_an_mql_that_began_since_is_queued_when_many_leads_have_all_judged_anew(
    connection: Connection, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    raisers = "update agreement.signals set is_hand_raiser = %s where rule_id = 'sig-form-demo'"
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.definitions set threshold = 999")
        admin.execute(raisers, (False,))
        lead = sandbox.act("demo_request")["contactId"]
        hint(connection, lead)
        line()
        admin.execute(raisers, (True,))
    pending = "select exists (select from handoff.pending_leads where lead_id = %s)"
    assert not one(connection, pending, lead)
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select min(lead_id), 1, now() from line.int_leads where lead_id <> %s""",
        (lead,),
    )
    # One that was given to the next run meanwhile: what lands of an earlier batch does not take it back.
    given = one(
        connection,
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select max(lead_id), (select max(batch_id) + 1 from raw.batches), now() from line.int_leads where lead_id <> %s
        returning lead_id""",
        lead,
    )
    queue.queue(connection, 1, {given}, set(), clock.now(), {})
    monkeypatch.setattr(qualify, "FEW", 0)
    monkeypatch.setattr(qualify, "SHARE", 0)
    assert qualify.run(connection, clock.now())["queued"] == 1
    unjudged = connection.execute("select lead_id from handoff.pending_leads where qualified_at is null")
    assert {row["lead_id"] for row in unjudged} == {given, lead}
    assert one(connection, "select decision from line.int_qualifications where lead_id = %s", lead) == "mql"
    assert one(connection, pending, lead)


def test_history_pages_nobody_and_an_idle_run_stops_at_the_first_station(
    agreement_database: object, sandbox: RunningSandbox
) -> None:
    with db.connect() as connection:
        _, counts = line()
        assert counts["extract"]["landed"] > 120
        assert one(connection, "select count(*) from line.int_leads") == one(
            connection, "select count(distinct id) from raw.hubspot_contacts"
        )
        # Many of them would be MQLs by score alone: it is the go-live moment that keeps them from being handed over.
        assert one(connection, "select count(*) from line.int_scores where score >= 65") > 0
        assert one(connection, "select count(*) from handoff.handoffs") == 0
        assert one(connection, "select count(*) from handoff.pending_leads") == 0
        assert messages(sandbox) == []
        run_id, counts = line()
        assert counts == {"extract": None}
        assert runs.note_of(connection, run_id) == "0 changed"


def test_one_act_is_one_message_however_often_anything_is_repeated(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    act = sandbox.act("demo_request")
    hint(connection, act["contactId"])
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    (message,) = messages(sandbox)
    (copy,) = messages(sandbox, "C0HANDOFFS")
    assert message["metadata"]["event_payload"]["dedupe_key"] != copy["metadata"]["event_payload"]["dedupe_key"]

    # The same act again, as a repeated webhook and as a poll.
    hint(connection, act["contactId"])
    line()
    # Every model from zero, with every lead pending as after a lost ledger queue.
    dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=clock.now(), as_loaded=True)
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select lead_id, 1, now() from line.int_leads on conflict do nothing"""
    )
    _, counts = line()
    assert counts["route"]["mqls"] == 0
    assert len(messages(sandbox)) == 1
    assert len(messages(sandbox, "C0HANDOFFS")) == 1


def test_the_handoff_holds_what_was_known_and_the_crm_says_so(connection: Connection, sandbox: RunningSandbox) -> None:
    act = sandbox.act("demo_request")
    hint(connection, act["contactId"])
    line()
    handoff = connection.execute("select * from handoff.handoffs").fetchone()
    assert handoff is not None
    assert handoff["lead_id"] == act["contactId"]
    assert handoff["tier_id"] == "hand_raiser"
    stamps = ("event_at", "received_at", "extracted_at", "qualified_at", "routed_at")
    assert sorted(handoff[stamp] for stamp in stamps) == [handoff[stamp] for stamp in stamps]
    context = handoff["context"]
    assert sum(part["points"] for part in context["score"]["parts"]) == pytest.approx(context["score"]["total"])
    assert 0 < len(context["activities"]) <= 10

    told = explain.explain(connection, act["contactId"])
    assert told.decisions[0]["decision"] == "mql"
    assert sum(part["points"] for part in told.parts) == told.decisions[0]["score"]
    assert act["email"].lower() == told.lead["email"]

    assignment = connection.execute("select * from handoff.assignments").fetchone()
    assert assignment is not None
    assert assignment["due_at"] > assignment["assigned_at"]
    assert assignment["candidates"]
    from handoff.clients.hubspot import HubSpotHook

    contact = HubSpotHook().read(
        "contacts", act["contactId"], ["lifecyclestage", "hubspot_owner_id", "handoff_tier", "handoff_score"]
    )
    owner = one(connection, "select crm_owner_id from agreement.reps where rep_id = %s", assignment["rep_id"])
    assert contact["properties"]["hubspot_owner_id"] == owner
    assert contact["properties"]["lifecyclestage"] == "marketingqualifiedlead"
    assert contact["properties"]["handoff_tier"] == "hand_raiser"
    read_at = one(
        connection,
        """select max(greatest(batch.started_at, version.updated_at)) from raw.hubspot_contacts as version
        inner join raw.batches as batch using (batch_id) where version.id = %s""",
        act["contactId"],
    )
    expected = one(connection, "select payload -> 'expected' from handoff.outbox where kind = 'hubspot_contact'")
    assert datetime.fromisoformat(expected["contact_read_at"]) == read_at


def test_a_poll_finds_what_no_webhook_told(connection: Connection, sandbox: RunningSandbox) -> None:
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    act = sandbox.act("demo_request")
    line()
    assert one(connection, "select lead_id from handoff.handoffs") == act["contactId"]
    assert one(connection, "select received_at is null from handoff.handoffs")


def test_a_closed_gate_holds_handoffs_and_lets_them_go_when_it_opens(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    act = sandbox.act("demo_request")
    hint(connection, act["contactId"])
    run_id = next(RUN_IDS)
    stations.extract(run_id)
    connection.execute(
        """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
        values ('planted', 1, now(), false, 'planted: nine of ten contacts have no e-mail address', '{}')"""
    )
    stations.qualify(run_id)
    counts = stations.route(run_id)
    assert counts["held"] == 1
    assert "1 held: planted: nine of ten" in str(runs.note_of(connection, run_id))
    assert one(connection, "select count(*) from handoff.handoffs") == 0
    assert one(connection, "select array_agg(lead_id) from handoff.pending_leads") == [act["contactId"]]
    assert dies_at("route.gate.settled", lambda own: route.run(own, mqls.LATER, clock.now()))
    because = one(connection, "select min(held_because) from handoff.pending_leads")
    assert because.startswith("a gate is closed: planted: nine of ten")

    connection.execute(
        """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
        values ('planted', 2, now(), true, 'fine', '{}')"""
    )
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    assert len(messages(sandbox)) == 1


def handed_over(connection: Connection) -> int:
    return int(one(connection, "select count(*) from handoff.handoffs"))


def test_whoever_finds_a_station_at_work_leaves_it_to_the_other_and_no_lead_is_lost(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    busy = {"extract": "extract", "qualify": dbt.lock_of("line"), "route": "route"}
    for number, (station, lock) in enumerate(busy.items()):
        hint(connection, sandbox.act("demo_request")["contactId"])
        with db.connect() as other, db.only_one(other, lock):
            run_id, counts = line()
            noted = "select counts -> %s from handoff.line_runs where run_id = %s"
            said = counts[station] or one(connection, noted, station, run_id)
            assert said["skipped"].startswith("another process")
            assert handed_over(connection) == number
        line()
        assert handed_over(connection) == number + 1
    assert len(messages(sandbox)) == len(busy)


def test_a_router_that_is_stopped_and_goes_on_hands_nobody_over_twice(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    hint(connection, sandbox.act("demo_request")["contactId"])
    run_id = next(RUN_IDS)
    for station in (stations.extract, stations.gate, stations.enrich, stations.qualify):
        station(run_id)
    with db.connect() as other, other.transaction():
        # It waits in the midst of its transaction for as long as others choose.
        assignments.lock(other)
        router = os.fork()
        if router == 0:
            try:
                stations.route(run_id)
            finally:
                os._exit(0)
        waits = "select exists(select from pg_locks where locktype = 'advisory' and not granted)"
        assert progress.wait(lambda: bool(one(connection, waits)), timeout_s=4, interval_s=0.02)
        os.kill(router, signal.SIGSTOP)
    assert stations.route(run_id)["skipped"] == "another process routes"
    assert handed_over(connection) == 0
    os.kill(router, signal.SIGCONT)
    os.waitpid(router, 0)
    assert handed_over(connection) == 1
    assert stations.route(run_id)["mqls"] == 0
    stations.notify(run_id)
    assert len(messages(sandbox)) == 1


def test_watch_stops_a_clock_and_marks_the_one_that_ran_out(connection: Connection, sandbox: RunningSandbox) -> None:
    acts = [sandbox.act("demo_request") for _ in range(2)]
    for act in acts:
        hint(connection, act["contactId"])
    line()
    assert one(connection, "select count(*) from handoff.handoffs") == 2
    sandbox.act("call", contact_id=acts[0]["contactId"])
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line()
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """update handoff.assignments set due_at = now() - interval '1 second'
            where handoff_id = (select handoff_id from handoff.handoffs where lead_id = %s)""",
            (acts[1]["contactId"],),
        )
    connection.execute("update handoff.cursors set seen_until = now() + interval '1 minute'")
    # Whether a manager is told now depends on their hours.
    assert stations.watch() | {"told": 0} == WATCHED | {"contacted": 1, "breached": 1, "reassign": 1, "told": 0}
    assert stations.watch() | {"told": 0} == WATCHED | {"told": 0}
    breached = one(
        connection,
        """select lead_id from handoff.breaches inner join handoff.assignments using (assignment_id)
        inner join handoff.handoffs using (handoff_id)""",
    )
    assert breached == acts[1]["contactId"]


@pytest.mark.usefixtures("models_alone")
def test_marts_and_the_weekly_review(connection: Connection, sandbox: RunningSandbox) -> None:
    hint(connection, sandbox.act("demo_request")["contactId"])
    line()
    counts = stations.marts()
    assert counts["success"] > 0
    assert one(connection, "select count(*) from marts.fct_handoffs") == 1
    assert stations.review()["skipped"] == "the week ended before go-live"
    with db.connect("handoff_admin") as admin:
        admin.execute("update handoff.go_live set live_at = live_at - interval '30 days'")
    assert stations.review()["sent"] == 1
    assert stations.review()["sent"] == 0
    (post,) = messages(sandbox, "C0REVIEW00")
    assert "Revenue review, week" in post["text"]


def test_what_we_wrote_ourselves_is_no_news_of_a_lead(connection: Connection, sandbox: RunningSandbox) -> None:
    contact = sandbox.act("demo_request")["contactId"]
    hint(connection, contact)
    line()
    for act, news in ((None, None), ("page_view", "New data has arrived; the next run decides again.")):
        if act:
            sandbox.act(act, contact_id=contact)
        hint(connection, contact)
        stations.extract(next(RUN_IDS))
        assert one(connection, "select count(*) from handoff.pending_leads where lead_id = %s", contact) == 1
        assert explain.explain(connection, contact).waits == news
