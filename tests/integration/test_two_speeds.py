"""Nothing is lost: the fast pass, the slow pass and the sweep against a CRM whose search index lags."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handoff.clients.hubspot_wire import HubSpotError
from handoff.extract import drift, fetch, settle
from handoff.extract.window import HELD_BACK
from handoff.ledger import db, inbox, landing
from handoff.ledger.db import Connection
from handoff.sync.properties import ensure_properties
from sandbox.hubspot import activity, bulk, links, records
from sandbox.hubspot.types import CALL, CONTACT
from sandbox.testing import RunningSandbox
from tests.integration.conftest import connect_to
from tests.integration.simulation import START, Simulation, simulation


@pytest.fixture
def connection(database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    connect_to(RunningSandbox(1), monkeypatch)
    with db.connect() as connection:
        yield connection


@pytest.fixture
def crm(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulation]:
    with simulation(connection, monkeypatch) as crm:
        yield crm


def watermark(crm: Simulation, stream: str = "hubspot_contacts") -> Any:
    row = crm.connection.execute("select watermark from handoff.cursors where stream = %s", (stream,)).fetchone()
    return row["watermark"] if row else None


def lag(crm: Simulation, seconds: float) -> None:
    crm.world.index.delay = (seconds, seconds)


TIED = 25_000 if os.environ.get("HANDOFF_CHAOS") else 10_500
"""A search shows the first 10,000."""


class TestTwoSpeeds:
    def test_the_fast_pass_moves_no_watermark(self, crm: Simulation) -> None:
        crm.create()
        crm.advance(minutes=1)
        assert crm.fast().changed == 1
        assert crm.mirror() == crm.truth()
        assert watermark(crm) is None
        assert crm.one("select seen_until from handoff.cursors where stream = 'hubspot_contacts'") == crm.now

    def test_the_slow_pass_moves_it_to_the_end_of_its_window_whatever_the_records_say(self, crm: Simulation) -> None:
        crm.settle()
        crm.create()
        crm.advance(hours=1)
        crm.settle()
        assert watermark(crm) == crm.now - HELD_BACK

    def test_what_the_index_shows_late_is_landed_by_the_slow_pass_and_counted(self, crm: Simulation) -> None:
        crm.fast()
        crm.settle()
        lag(crm, 600)
        crm.create(jobtitle="CFO")
        for _ in range(9):
            crm.advance(minutes=1)
            assert crm.fast().landed == 0
        crm.advance(minutes=20)
        counts = crm.settle()
        assert counts["missed"] == 1
        assert crm.mirror() == crm.truth()
        assert crm.settle()["missed"] == 0

    def test_a_stamp_at_either_end_of_a_window_is_read(self, crm: Simulation) -> None:
        """`[since, until)`: what lies on the boundary between two windows belongs to the later one."""
        crm.settle()
        crm.advance(minutes=30)
        until = crm.now - HELD_BACK
        assert watermark(crm) == START - HELD_BACK
        now, crm.now = crm.now, until
        on_the_boundary = crm.create()
        crm.now = now
        crm.settle()
        assert str(on_the_boundary.id) not in crm.mirror()
        crm.advance(minutes=1)
        crm.settle()
        assert str(on_the_boundary.id) in crm.mirror()

    def test_the_first_stamp_of_a_window_belongs_to_it(self, crm: Simulation) -> None:
        opens = START - HELD_BACK - settle.OVERLAP
        crm.now = opens
        lag(crm, (START - opens).total_seconds() + 1)
        first = crm.create()
        crm.now = START
        crm.settle()
        assert str(first.id) not in crm.mirror()
        crm.advance(minutes=1)
        crm.settle()
        assert str(first.id) in crm.mirror()

    def test_the_watermark_passes_nothing_that_the_index_may_not_show_yet(self, crm: Simulation) -> None:
        crm.settle()
        lag(crm, 14 * 60)
        for _ in range(20):
            crm.create()
            crm.advance(minutes=7)
            crm.settle()
            stamps = {key: datetime.fromisoformat(stamp) for key, (stamp, _) in crm.truth().items()}
            assert {key for key, stamp in stamps.items() if stamp < watermark(crm)} <= set(crm.mirror())

    def test_a_record_deep_in_the_window_may_show_up_long_after_the_watermark_passed_it(self, crm: Simulation) -> None:
        crm.settle()
        lag(crm, 50 * 60)
        late = crm.create()
        crm.advance(minutes=40)
        crm.settle()
        assert watermark(crm) > START
        assert str(late.id) not in crm.mirror()
        crm.advance(minutes=15)
        crm.settle()
        assert str(late.id) in crm.mirror()

    def test_a_stale_hit_never_takes_a_newer_version_back(self, crm: Simulation) -> None:
        person = crm.create(jobtitle="CFO")
        crm.fast()
        lag(crm, 3600)
        crm.advance(minutes=1)
        crm.update(person.id, jobtitle="CEO")
        crm.advance(minutes=1)
        hint(crm, "contact", person.id)
        crm.fast()
        crm.advance(minutes=20)
        crm.settle()
        assert crm.mirror()[str(person.id)][1] == "CEO"

    def test_more_records_with_one_stamp_than_a_search_ever_shows(self, crm: Simulation) -> None:
        for _ in range(TIED):
            crm.create()
        crm.advance(days=1)
        bulk.change(crm.world, {"object": "contacts", "property": "jobtitle", "value": "CFO", "count": TIED})
        crm.advance(minutes=20)
        crm.settle()
        assert len(crm.mirror()) == TIED
        assert crm.mirror() == crm.truth()


def hint(crm: Simulation, kind: str, record_id: int) -> None:
    event = inbox.Event("hubspot", f"{kind}:{record_id}:{crm.now}", kind, str(record_id), crm.now, {})
    inbox.store(crm.connection, [event], crm.now)


def open_handoff(crm: Simulation, lead_id: int, admin_dsn: str) -> None:
    """A handoff that waits for its first contact."""
    with psycopg.connect(admin_dsn) as admin:
        admin.execute(
            """insert into handoff.handoffs values ('ho_1', %(lead)s, 'platform', 1, 'd', '1', 'high', 90, 'a', 'k',
                '{}', %(at)s, %(at)s, null, %(at)s, %(at)s, %(at)s)""",
            {"lead": str(lead_id), "at": crm.now},
        )


class TestKilled:
    """A process that dies at any landing has lost nothing, and the next one goes on."""

    @pytest.mark.parametrize("at", range(1, 5))
    def test_at_every_page(self, crm: Simulation, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        crm.settle()
        monkeypatch.setattr(fetch, "CHUNK", 2)
        monkeypatch.setattr("handoff.extract.window.CHUNK", 2)
        for number in range(7):
            crm.create(jobtitle=f"{number}")
        crm.advance(hours=1)
        before = watermark(crm)
        landings = 0
        real = landing.land

        def dies(connection: Connection, batch_id: int, stream: Any, rows: Any, **options: Any) -> landing.Landed:
            nonlocal landings
            landings += bool(rows)
            if landings == at:
                raise KeyboardInterrupt
            return real(connection, batch_id, stream, rows, **options)

        with monkeypatch.context() as patch:
            patch.setattr(landing, "land", dies)
            with pytest.raises(KeyboardInterrupt):
                crm.settle()
        assert watermark(crm) == before
        crm.settle()
        assert crm.mirror() == crm.truth()
        assert watermark(crm) == crm.now - HELD_BACK


class TestAnswers:
    """Every id that was asked for is matched to an answer."""

    def test_a_record_left_out_without_a_word_is_asked_for_again(self, crm: Simulation) -> None:
        for _ in range(5):
            crm.create()
        crm.fault({"kind": "partial", "path": "contacts/batch/read$", "count": 2, "named": False, "times": 1})
        crm.fast()
        assert crm.mirror() == crm.truth()

    def test_a_stream_whose_answers_stay_short_keeps_its_cursor(self, crm: Simulation) -> None:
        crm.create()
        crm.fault({"kind": "partial", "path": "contacts/batch/read$", "count": 1, "named": False})
        counts = crm.fast()
        assert counts.unread == ["hubspot_contacts"]
        assert crm.mirror() == {}
        crm.fault()
        crm.advance(minutes=1)
        crm.fast()
        assert crm.mirror() == crm.truth()

    def test_one_stream_that_fails_stops_no_other(self, crm: Simulation) -> None:
        crm.create()
        crm.fault({"kind": "status", "status": 503, "path": "calls/search$"})
        counts = crm.fast()
        assert counts.unread == ["hubspot_calls"]
        assert crm.mirror() == crm.truth()

    def test_a_wrong_token_fails_the_pass(self, crm: Simulation) -> None:
        crm.fault({"kind": "unauthorized", "path": "contacts/search$"})
        with pytest.raises(HubSpotError, match="token"):
            crm.fast()


class TestLacking:
    def test_a_missing_scope_costs_that_stream_only_and_is_said_once(
        self, crm: Simulation, caplog: pytest.LogCaptureFixture
    ) -> None:
        crm.world.missing_scopes = {"crm.objects.deals.read"}
        crm.create()
        for _ in range(20):
            crm.fast()
            crm.advance(minutes=1)
        assert crm.mirror() == crm.truth()
        reason = crm.one("select reason from handoff.lacks where stream = 'hubspot_deals'")
        assert "crm.objects.deals.read" in reason
        assert "Without it: no outcome after SQL is known" in reason
        said = [each for each in caplog.messages if each.startswith("hubspot_deals cannot be read")]
        assert len(said) == 1

    def test_it_is_read_again_once_it_is_granted(self, crm: Simulation) -> None:
        crm.world.missing_scopes = {"crm.objects.deals.read"}
        crm.fast()
        crm.world.missing_scopes = set()
        for _ in range(40):
            crm.advance(minutes=1)
            crm.fast()
        assert crm.connection.execute("select from handoff.lacks where stream = 'hubspot_deals'").rowcount == 0

    def test_a_portal_without_events_goes_on_with_counters(self, crm: Simulation) -> None:
        crm.world.settings.__dict__["enterprise"] = False
        crm.create()
        assert crm.fast().unread == ["hubspot_events"]
        assert "own counters stand in" in crm.one("select reason from handoff.lacks where stream = 'hubspot_events'")


class TestDrift:
    def test_a_property_that_is_removed_or_retyped_is_told_once(self, crm: Simulation) -> None:
        crm.fast()
        told = "select array_agg(payload ->> 'text' order by payload ->> 'text') from handoff.outbox"
        assert crm.one(told) is None
        kept = "select count(*) from handoff.crm_properties where is_present and type = accepted_type"
        assert crm.one(kept) == crm.one("select count(*) from handoff.crm_properties") > 30
        for change in (
            {"name": "jobtitle", "remove": True},
            {"name": "hs_email_bounce", "type": "string"},
            {"name": "lifecyclestage", "add_option": "fan"},
            {"name": "hs_lead_status", "remove_option": "OPEN"},
        ):
            crm.client.post("/_sandbox/property", json={"object": "contacts", **change}).raise_for_status()
        for _ in range(2):
            crm.advance(hours=1)
            crm.fast()
        missing, retyped = crm.one(told)
        assert missing.startswith("HubSpot has no property contacts.jobtitle")
        assert "contacts.hs_email_bounce was number and is now string" in retyped
        assert crm.fast().unread == []
        # What the gate crm_properties sees of it.
        odd = crm.connection.execute(
            """select property_id, is_present, type,
                'fan' = any(options) and not 'fan' = any(accepted_options) as is_new,
                'OPEN' = any(accepted_options) and not 'OPEN' = any(options) as is_gone
            from handoff.crm_properties where not is_present or type <> accepted_type or options <> accepted_options
            order by property_id"""
        )
        assert [tuple(row.values()) for row in odd] == [
            ("contacts.hs_email_bounce", True, "string", False, False),
            ("contacts.hs_lead_status", True, "enumeration", False, True),
            ("contacts.jobtitle", False, None, False, False),
            ("contacts.lifecyclestage", True, "enumeration", True, False),
        ]

    def test_the_reasons_that_hubspot_offers_are_known_once_it_offers_any(self, crm: Simulation) -> None:
        crm.fast()
        offered = f"select options from handoff.crm_properties where property_id = '{drift.REASON}'"
        assert crm.connection.execute(offered).fetchall() == []
        ensure_properties(crm.hook(), [("timing", "Bad timing"), ("price", "Too dear")])
        crm.advance(hours=1)
        crm.fast()
        assert crm.one(offered) == ["price", "timing"]
        change = {"object": "contacts", "name": "handoff_rejection_reason", "remove_option": "price"}
        crm.client.post("/_sandbox/property", json=change).raise_for_status()
        crm.advance(hours=1)
        crm.fast()
        assert crm.one(offered) == ["timing"]


class TestQuarantine:
    def test_a_record_mended_in_the_crm_is_released(self, crm: Simulation) -> None:
        good = crm.create()
        with crm.connection.transaction():
            batch_id = landing.open_batch(crm.connection, "poll", crm.now)
            bad = landing.Unreadable(str(good.id), "updatedAt", "'soon' is not a time", "correct it", "{}")
            landing.land(crm.connection, batch_id, fetch.CONTACTS.stream, [bad], loaded_at=crm.now)
        assert crm.one("select count(*) from raw.quarantine where released_at is null") == 1
        crm.fast()
        assert crm.one("select count(*) from raw.quarantine where released_at is null") == 0
        assert crm.mirror() == crm.truth()


class TestSweep:
    def test_what_no_search_ever_showed_is_found_repaired_counted_and_told(self, crm: Simulation) -> None:
        crm.fast()
        crm.settle()
        lag(crm, 10 * 3600)
        crm.create()
        person = crm.create()
        crm.advance(hours=3)
        crm.fast()
        crm.settle()
        assert crm.mirror() == {}
        crm.advance(hours=2)
        crm.settle()
        counts = crm.sweep()
        assert counts["missed"] == 2
        assert crm.mirror() == crm.truth()
        text = crm.one("select payload ->> 'text' from handoff.outbox")
        assert text.startswith("The nightly sweep found 2 versions")
        assert crm.one("select count(*) from handoff.pending_leads where lead_id = %s", str(person.id)) == 1
        assert crm.sweep()["missed"] == 0

    def test_a_change_that_is_minutes_old_is_nobody_s_miss(self, crm: Simulation) -> None:
        crm.settle()
        crm.create()
        crm.advance(seconds=20)
        assert crm.sweep()["missed"] == 0
        assert crm.mirror() == crm.truth()

    def test_deleted_restored_erased_and_merged(self, crm: Simulation) -> None:
        deleted, erased, first, second, kept = (crm.create() for _ in range(5))
        crm.fast()
        crm.advance(minutes=5)
        crm.archive(deleted.id)
        crm.erase(erased.id)
        merged = crm.merge(first.id, second.id)
        crm.advance(minutes=5)
        assert crm.sweep()["gone"] == 4
        assert crm.mirror() == crm.truth()
        assert set(crm.mirror()) == {str(kept.id), str(merged.id)}
        aliases = crm.connection.execute("select old_id, id from handoff.aliases order by old_id").fetchall()
        assert [(row["old_id"], row["id"]) for row in aliases] == [
            (str(first.id), str(merged.id)),
            (str(second.id), str(merged.id)),
        ]
        tombstone = crm.one(
            "select payload from raw.hubspot_contacts where id = %s order by version_id desc limit 1", str(erased.id)
        )
        assert tombstone == {"id": str(erased.id), "archived": True, "isErased": True, "properties": {}}

        crm.advance(minutes=5)
        crm.client.post("/_sandbox/act/restore", json={"contact_id": str(deleted.id)}).raise_for_status()
        crm.sweep()
        assert str(deleted.id) in crm.mirror()
        assert crm.mirror() == crm.truth()

    @pytest.mark.parametrize("told", [True, False])
    def test_merged_and_deleted_before_anybody_looked(self, crm: Simulation, told: bool) -> None:
        """The old ids lead to a record that lies in the recycle bin."""
        first, second, kept = (crm.create() for _ in range(3))
        crm.fast()
        merged = crm.merge(first.id, second.id)
        crm.archive(merged.id)
        crm.advance(minutes=5)
        if told:
            hint(crm, "contact", first.id)
            crm.fast()
        else:
            crm.sweep()
        assert set(crm.mirror()) == {str(kept.id)}
        aliases = crm.connection.execute("select old_id, id from handoff.aliases order by old_id").fetchall()
        assert [(row["old_id"], row["id"]) for row in aliases] == [
            (str(first.id), str(merged.id)),
            (str(second.id), str(merged.id)),
        ]
        newest = (
            "select payload ->> 'archived' from raw.hubspot_contacts where id = %s order by version_id desc limit 1"
        )
        assert crm.one(newest, str(merged.id)) == "true"


class TestHints:
    @pytest.mark.parametrize("what", ["archive", "erase"])
    def test_a_deletion_that_a_webhook_told_is_landed_at_once(self, crm: Simulation, what: str) -> None:
        person = crm.create()
        crm.fast()
        crm.advance(seconds=10)
        getattr(crm, what)(person.id)
        hint(crm, "contact", person.id)
        crm.fast()
        assert crm.mirror() == {}
        assert crm.one("select count(*) from handoff.inbox where processed_at is null") == 0

    def test_a_merge_of_merges_leads_to_the_newest(self, crm: Simulation) -> None:
        first, second, third = (crm.create() for _ in range(3))
        crm.fast()
        merged = crm.merge(first.id, second.id)
        crm.advance(seconds=10)
        hint(crm, "contact", first.id)
        crm.fast()
        last = crm.merge(merged.id, third.id)
        crm.advance(seconds=10)
        hint(crm, "contact", third.id)
        crm.fast()
        assert set(crm.mirror()) == {str(last.id)}
        assert crm.one("select count(*) from handoff.aliases where id <> %s", str(last.id)) == 0
        assert crm.one("select count(*) from handoff.aliases") == 4

    def test_an_unknown_id_is_closed_as_gone(self, crm: Simulation) -> None:
        hint(crm, "contact", 999_999_999_999)
        crm.fast()
        assert crm.mirror() == {}
        assert crm.one("select count(*) from handoff.inbox where processed_at is null") == 0

    def test_a_hint_that_could_not_be_followed_stays(self, crm: Simulation) -> None:
        person = crm.create()
        hint(crm, "contact", person.id)
        crm.fault({"kind": "status", "status": 503, "path": "contacts/"})
        crm.fast()
        assert crm.one("select count(*) from handoff.inbox where processed_at is null") == 1


class TestRelations:
    def test_a_call_attached_afterwards_is_seen_while_the_handoff_is_open(self, crm: Simulation, database: Any) -> None:
        person = crm.create()
        values = {"hs_call_direction": "OUTBOUND", "hs_timestamp": "2026-06-01T07:00:00Z"}
        call = records.create(crm.world, CALL, values)
        crm.fast()
        open_handoff(crm, person.id, database.admin_dsn)
        links.link(crm.world, CALL, call.id, CONTACT, person.id)
        crm.advance(minutes=16)
        crm.fast()
        assert crm.one("select contact_ids from raw.hubspot_calls") == []
        crm.settle()
        newest = "select contact_ids from raw.hubspot_calls order by version_id desc limit 1"
        assert crm.one(newest) == [str(person.id)]

    def test_what_a_merged_contact_did_stays_its_own(self, crm: Simulation) -> None:
        first, second = crm.create(), crm.create()
        activity.log(crm.world, CALL, first, {"hs_call_direction": "OUTBOUND"}, "1001", int(START.timestamp() * 1000))
        activity.visit(crm.world, crm.read(second.id), "/pricing", int(START.timestamp() * 1000))
        crm.advance(minutes=1)
        crm.fast()
        merged = crm.merge(first.id, second.id)
        crm.advance(minutes=1)
        hint(crm, "contact", first.id)
        crm.fast()
        for stream in ("hubspot_calls", "hubspot_events"):
            newest = f"select contact_ids from raw.{stream} order by updated_at desc, version_id desc limit 1"
            assert crm.one(newest) == [str(merged.id)], stream


class TestBackfill:
    def test_it_goes_on_where_it_was_stopped_and_hands_over_to_the_line(self, crm: Simulation) -> None:
        for age in (1, 400, 800):
            crm.now = START - timedelta(days=age)
            crm.create(jobtitle=str(age))
        crm.now = START
        crm.fault({"kind": "status", "status": 503, "path": "contacts/search$", "at": list(range(3, 100))})
        with pytest.raises(HubSpotError):
            crm.backfill()
        assert watermark(crm) is None
        crm.fault()
        crm.client.request("DELETE", "/_sandbox/log")
        crm.advance(hours=5)
        crm.backfill()
        assert crm.mirror() == crm.truth()
        assert watermark(crm) == START - HELD_BACK
        assert crm.one("select seen_until from handoff.cursors where stream = 'hubspot_contacts'") == START - HELD_BACK
        assert crm.one("select count(*) from handoff.outbox") == 0
        years = crm.one("select count(*) from handoff.passes where stream = 'hubspot_contacts'")
        crm.backfill()
        assert crm.one("select count(*) from handoff.passes where stream = 'hubspot_contacts'") == years


EXAMPLES = 300 if os.environ.get("HANDOFF_CHAOS") else 8
MOVES = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 7200)),
    st.tuples(st.just("update"), st.integers(0, 7200)),
    st.tuples(st.just("bulk"), st.integers(0, 7200)),
    st.tuples(st.just("archive"), st.integers(0, 600)),
    st.tuples(st.just("erase"), st.integers(0, 600)),
    st.tuples(st.just("merge"), st.integers(0, 7200)),
    st.tuples(st.just("wait"), st.integers(1, 3600)),
    st.tuples(st.just("fast"), st.just(0)),
    st.tuples(st.just("settle"), st.just(0)),
)
FAULTS = st.lists(
    st.sampled_from(
        [
            {"kind": "status", "status": 503, "path": "/(search|batch/read)$", "rate": 0.2},
            {"kind": "partial", "path": "batch/read$", "count": 1, "named": False, "rate": 0.2},
            {"kind": "partial", "path": "batch/read$", "count": 1, "rate": 0.2},
            {"kind": "truncate", "path": "/search$", "rate": 0.2},
            {"kind": "shuffle", "path": "batch/read$", "rate": 0.5},
            {"kind": "short_total", "path": "/search$", "rate": 0.5},
            {"kind": "html", "path": "/search$", "rate": 0.1},
        ]
    ),
    max_size=3,
)


def forget(admin_dsn: str) -> None:
    """Empty `raw` and what the passes keep: a new portal numbers its records from the start again."""
    with psycopg.connect(admin_dsn) as admin:
        rows = admin.execute("select 'raw.' || tablename from pg_tables where schemaname = 'raw'").fetchall()
        kept = [f"handoff.{name}" for name in ("aliases", "cursors", "lacks", "passes", "pending_leads", "outbox")]
        admin.execute(f"truncate {', '.join([row[0] for row in rows] + kept)} cascade")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, min_size=4, max_size=25), faults=FAULTS, data=st.data())
def test_mirror_equals_truth(
    connection: Connection,
    database: Any,
    moves: list[tuple[str, int]],
    faults: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """Whatever arrives when, is stamped how and shows how late: after the slow pass and the sweep nothing is lost."""
    forget(database.admin_dsn)
    with pytest.MonkeyPatch.context() as patch, simulation(connection, patch) as crm:
        crm.fault(*faults)
        ours: list[int] = []
        for move, number in moves:
            crm.world.index.delay = (0.0, float(number))
            live = [each for each in ours if str(each) in crm.truth()]
            if move == "create":
                ours.append(crm.create(jobtitle=str(number)).id)
            elif move == "update" and live:
                crm.update(data.draw(st.sampled_from(live)), jobtitle=str(number))
            elif move == "bulk" and live:
                bulk.change(crm.world, {"object": "contacts", "property": "city", "value": str(number), "ids": live})
            elif move in ("archive", "erase") and live:
                getattr(crm, move)(data.draw(st.sampled_from(live)))
            elif move == "merge" and len(live) > 1:
                ours.append(crm.merge(live[0], live[1]).id)
            elif move == "wait":
                crm.advance(seconds=number)
            elif move == "fast":
                crm.fast()
            elif move == "settle":
                crm.settle()
            crm.advance(seconds=1)
        crm.fault()
        crm.advance(hours=2, minutes=1)
        crm.fast()
        crm.settle()
        crm.sweep()
        assert crm.mirror() == crm.truth()
