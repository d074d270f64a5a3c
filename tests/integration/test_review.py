"""The weekly pack of a company that one can work out by hand: every figure, on every way that it goes."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from starlette.testclient import TestClient
from typer.testing import CliRunner

from handoff import clock, connections
from handoff.agreement import source, stored
from handoff.agreement.document import markdown
from handoff.agreement.model import Row
from handoff.cli import app
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.notify.deliver import deliver
from handoff.qualify import dbt, loads
from handoff.review import run
from handoff.review.pack import actions, commitments, flow, names, pack, posting, printing
from handoff.review.pack import figures as figures_of
from handoff.review.pack.figures import week_of
from handoff.settings import settings
from handoff.web.app import PREFIX
from handoff.web.pages import board_waiting, rep, review
from sandbox.testing import RunningSandbox, running_sandbox
from tests.conftest import Database
from tests.integration.built import build
from tests.integration.conftest import connect_to
from tests.integration.loaded import loaded_meanwhile
from tests.integration.marts_company import AT, DAY, SECOND, Admin, Handoff, moment, plant, plant_contact
from tests.unit.review.pdf_text import text_of
from tests.unit.web.board_data import COOKIE, site

WEEK = date(2026, 3, 9)
BEGAN = moment("03-10 14:00:00")
HOUR = 3600 * SECOND
LOAD_AGAIN = """
insert into handoff.loads (loaded_at, agreement_hash, models_hash)
select loaded_at, agreement_hash, models_hash from handoff.loads order by loaded_at desc, load_id desc limit 1
"""
MONDAY_AFTER = moment("03-23 12:00:00")
# Figure, dimension, member; handoffs, of them decided, of them counted, still open; median and nine of ten below, in s.
# Ana had a, c, d and g, Ben b and f. Accepted: a, b and f, who was called; c was rejected; d waits; g was withdrawn.
# In time: a, f, and c by its rejection. Ben's day has 8.5 hours: b was called after 25.5 less 2.5 s.
# Lost before the answer: c, g, and d whose window is over; f before the SQL, b before it was won.
WHOLE_WEEK = (
    ("acceptance", "all", "all", 6, 4, 3, 1, None, None),
    ("acceptance", "product", "platform", 6, 4, 3, 1, None, None),
    ("acceptance", "version", "platform-mql 1", 5, 3, 2, 1, None, None),
    ("acceptance", "version", "platform-mql 2", 1, 1, 1, 0, None, None),
    ("attainment", "all", "all", 6, 5, 3, 0, None, None),
    ("attainment", "product", "platform", 6, 5, 3, 0, None, None),
    ("attainment", "rep", "ana-costa", 4, 3, 2, 0, None, None),
    ("attainment", "rep", "ben-okafor", 2, 2, 1, 0, None, None),
    ("attainment", "tier", "high", 4, 3, 2, 0, None, None),
    ("attainment", "tier", "standard", 2, 2, 1, 0, None, None),
    ("conversion", "all", "all", 6, 6, 2, 0, None, None),
    ("conversion", "product", "platform", 6, 6, 2, 0, None, None),
    ("conversion", "campaign", "(blank)", 5, 5, 1, 0, None, None),
    ("conversion", "campaign", "spring", 1, 1, 1, 0, None, None),
    ("conversion", "segment", "(blank)", 1, 1, 0, 0, None, None),
    ("conversion", "segment", "ter-na", 5, 5, 2, 0, None, None),
    ("conversion", "source", "(blank)", 1, 1, 0, 0, None, None),
    ("conversion", "source", "ORGANIC_SEARCH", 2, 2, 0, 0, None, None),
    ("conversion", "source", "PAID_SEARCH", 3, 3, 2, 0, None, None),
    ("conversion", "version", "platform-mql 1", 5, 5, 2, 0, None, None),
    ("conversion", "version", "platform-mql 2", 1, 1, 0, 0, None, None),
    ("delay", "station", "extract", 6, 0, 0, 0, 1, 1),
    ("delay", "station", "notify", 6, 0, 0, 0, 1.5, 1.5),
    ("delay", "station", "qualify", 6, 0, 0, 0, 2, 2),
    ("delay", "station", "receive", 6, 0, 0, 0, 1, 1),
    ("delay", "station", "rep", 3, 0, 0, 0, 1197.5, 73677.5),
    ("delay", "station", "route", 6, 0, 0, 0, 1, 1),
    ("delay", "station", "system", 6, 0, 0, 0, 6.5, 6.5),
    ("funnel", "stage", "accepted", 6, 6, 2, 0, 600, 840),
    ("funnel", "stage", "contacted", 6, 6, 3, 0, 129300, 232500),
    ("funnel", "stage", "mql", 6, 6, 6, 0, None, None),
    ("funnel", "stage", "sql", 6, 6, 2, 0, -129300, -26100),
    ("funnel", "stage", "won", 6, 6, 1, 0, 863700, 863700),
    ("handoffs", "all", "all", 6, 0, 0, 0, None, None),
    ("handoffs", "product", "platform", 6, 0, 0, 0, None, None),
    ("handoffs", "source", "(blank)", 1, 0, 0, 0, None, None),
    ("handoffs", "source", "ORGANIC_SEARCH", 2, 0, 0, 0, None, None),
    ("handoffs", "source", "PAID_SEARCH", 3, 0, 0, 0, None, None),
    ("handoffs", "tier", "high", 4, 0, 0, 0, None, None),
    ("handoffs", "tier", "standard", 2, 0, 0, 0, None, None),
    ("health", "incident", "drifted", 2, 0, 0, 0, None, None),
    ("health", "incident", "floods", 1, 0, 0, 0, None, None),
    ("health", "incident", "gates_closed", 2, 0, 0, 0, None, None),
    ("health", "incident", "given_up", 1, 0, 0, 0, None, None),
    ("health", "incident", "missed", 7, 0, 0, 0, None, None),
    ("health", "incident", "quarantined", 2, 0, 0, 0, None, None),
    ("health", "incident", "swept", 2, 0, 0, 0, None, None),
    ("rejections", "clause", "(no clause)", 1, 0, 0, 0, None, None),
    ("rejections", "reason", "no_interest", 1, 0, 0, 0, None, None),
    ("rejections", "traced", "no_interest > (no clause)", 1, 0, 0, 0, None, None),
    ("shadow", "both_mqls", "easier 1", 1, 0, 0, 0, None, None),
    ("shadow", "both_mqls", "never 1", 0, 0, 0, 0, None, None),
    ("shadow", "live_mqls", "easier 1", 6, 0, 0, 0, None, None),
    ("shadow", "live_mqls", "never 1", 6, 0, 0, 0, None, None),
    ("shadow", "only_live_sqls", "easier 1", 1, 0, 0, 0, None, None),
    ("shadow", "only_live_sqls", "never 1", 2, 0, 0, 0, None, None),
    ("shadow", "only_shadow_sqls", "easier 1", 0, 0, 0, 0, None, None),
    ("shadow", "only_shadow_sqls", "never 1", 0, 0, 0, 0, None, None),
    ("shadow", "shadow_mqls", "easier 1", 2, 0, 0, 0, None, None),
    ("shadow", "shadow_mqls", "never 1", 0, 0, 0, 0, None, None),
    ("stopped", "stage", "accepted", 6, 6, 3, 0, None, None),
    ("stopped", "stage", "contacted", 2, 2, 0, 0, None, None),
    ("stopped", "stage", "sql", 3, 3, 1, 0, None, None),
    ("stopped", "stage", "won", 2, 2, 1, 0, None, None),
)
# What was promised, and whether it was kept. Nothing of the week can change any more.
PROMISED = {"conversion": (0.5, False), "acceptance": (0.6, True), "attainment": (0.9, False), "handoffs": (25, False)}
HANDOFFS = (
    # Answered after 5 minutes, called 5 minutes later, a customer after ten days.
    Handoff(
        *("a", "1", BEGAN), campaign="spring", at={"accepted": BEGAN + 300 * SECOND, "contacted": BEGAN + 600 * SECOND}
    ),
    # Answered after 15 minutes, called two days after the deadline of one.
    Handoff(
        *("b", "2", BEGAN + HOUR),
        rep="ben-okafor",
        tier="standard",
        at={"accepted": BEGAN + HOUR + 900 * SECOND, "contacted": BEGAN + HOUR + 3 * DAY},
    ),
    Handoff("c", "3", BEGAN + 2 * HOUR, source=None, country=None, rejected_at=BEGAN + 3 * HOUR),
    Handoff("d", "4", BEGAN + 3 * HOUR, source="ORGANIC_SEARCH"),
    # Called after 20 minutes, without a word that it was accepted.
    Handoff(
        *("f", "6", BEGAN + HOUR, "ORGANIC_SEARCH"),
        rep="ben-okafor",
        tier="standard",
        version="2",
        at={"contacted": BEGAN + HOUR + 1200 * SECOND},
    ),
    Handoff("g", "7", BEGAN + 2 * HOUR, withdrawn_at=BEGAN + 2 * HOUR + 60 * SECOND),
    # Of the week after: nothing of it is in this one.
    Handoff("e", "5", BEGAN + 7 * DAY, at={"accepted": BEGAN + 7 * DAY + 60 * SECOND}),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def connection(module_agreement_database: Database, sandbox: RunningSandbox) -> Iterator[Connection]:
    with (
        pytest.MonkeyPatch.context() as patch,
        psycopg.connect(module_agreement_database.admin_dsn, autocommit=True, row_factory=dict_row) as admin,
    ):
        connect_to(sandbox, patch)
        created = moment("03-01 10:00:00")
        for number, each in enumerate(HANDOFFS, 1):
            stages = {created: "lead"} | ({BEGAN + 10 * DAY: "customer"} if number == 1 else {})
            plant_contact(admin, each.lead, created, stages, source=each.source)
            plant(admin, each)
        _try_a_shadow(admin)
        _let_things_go_wrong(admin)
        admin.execute("update handoff.go_live set live_at = '2026-01-01'")
        with db.connect() as connection:
            dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=AT, as_loaded=True)
            build(connection, AT)
            yield connection


def _try_a_shadow(admin: Admin) -> None:
    """One would have handed over lead 1 as well, and one whom nobody got; another nobody at all."""
    for name in ("easier", "never"):
        admin.execute(
            """insert into agreement.definitions select (jsonb_populate_record(definition, %s)).*
            from agreement.definitions as definition where status = 'live'""",
            (Jsonb({"definition_id": name, "status": "shadow"}),),
        )
    for lead in ("1", "77"):
        admin.execute(
            """insert into handoff.shadow_decisions (lead_id, product_id, definition_id, definition_version, score,
                reason, trigger_activity_id, trigger_at, decided_at)
            values (%s, 'platform', 'easier', '1', 70, 'a lower threshold', 'a', %s, %s)""",
            (lead, BEGAN - HOUR, BEGAN - HOUR),
        )


def _let_things_go_wrong(admin: Admin) -> None:
    """Something of each kind in the week, at least once more than once, and as much again a week before."""
    for at in (BEGAN, BEGAN - 7 * DAY):
        admin.execute(
            """with batch as (insert into raw.batches (source, started_at) values ('poll', %(at)s) returning batch_id),
            held as (
                insert into raw.quarantine (stream, id, kind, field, reason, batch_id, loaded_at, remedy, payload)
                select 'hubspot_contacts', number, 'record', 'id', 'no number', batch_id, %(at)s, 'Correct it.', '{}'
                from batch cross join unnest(array['x', 'y']) as number
            ),
            gates as (
                insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
                select gate, batch_id, %(at)s, is_open, 'planted', '[]' from batch
                cross join (values ('a', false), ('a', false), ('b', false), ('c', true)) as verdict (gate, is_open)
            )
            insert into handoff.passes (kind, stream, batch_id, read_until, started_at, finished_at, seen, landed,
                missed)
            select kind, 'hubspot_contacts', batch_id, %(at)s, %(at)s, %(at)s, 9, 9, missed from batch
            cross join (values ('settle', 3), ('settle', 4), ('settle', 0), ('sweep', 2), ('backfill', 5))
                as done (kind, missed)""",
            {"at": at},
        )
        admin.execute(
            """insert into handoff.floods (opened_at, allowed, answer, answered_at, answered_by)
            values (%(at)s, 30, 'dropped', %(at)s, 'somebody')""",
            {"at": at},
        )
    for handoff, kind, state, result in (
        ("a", "hubspot_contact", "sent", '{"drift": {"owner": "9"}}'),
        ("b", "hubspot_contact", "sent", '{"drift": {}}'),
        ("b", "hubspot_contact", "dead", None),
        ("c", "hubspot_task", "sent", '{"drift": {"hs_task_status": "WAITING"}}'),
        ("d", "hubspot_task", "sent", '{"task_id": "9"}'),
    ):
        admin.execute(
            """insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, state, not_before,
                sent_at, last_attempt_at, result)
            values (%s, %s, %s, '{}', %s, %s, %s, %s, %s, %s)""",
            (
                f"planted:{handoff}:{state}",
                handoff,
                kind,
                BEGAN,
                state,
                BEGAN,
                BEGAN if result else None,
                BEGAN,
                result,
            ),
        )


def figures(connection: Connection, figure: str, dimension: str = "all") -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        "select * from marts.rpt_weekly_review where week_starts_on = %s and figure = %s and dimension = %s",
        (WEEK, figure, dimension),
    )
    return {row["member"]: row for row in rows}


def test_each_figure_is_what_one_counts_by_hand(connection: Connection) -> None:
    rows = connection.execute(
        """select figure, dimension, member, handoffs, decided, counted, still_open, median_seconds, p90_seconds
        from marts.rpt_weekly_review where week_starts_on = %s order by figure, dimension, member""",
        (WEEK,),
    )
    assert sorted(tuple(row.values()) for row in rows) == sorted(WHOLE_WEEK)


def test_each_share_has_its_interval_and_each_promise_its_verdict(connection: Connection) -> None:
    rows = connection.execute("select * from marts.rpt_weekly_review where week_starts_on = %s", (WEEK,)).fetchall()
    for row in rows:
        told = [row[each] and float(row[each]) for each in ("share", "share_low", "share_high")]
        assert told == pytest.approx(wilson(row["counted"], row["decided"]), abs=5e-5), row
        promised = PROMISED.get(row["figure"]) if row["dimension"] in ("all", "product") else None
        assert (row["target"] and float(row["target"]), row["is_kept"]) == (promised or (None, None)), row
        assert row["is_complete"], row
    assert len([row for row in rows if row["share"] is not None]) > 20


def wilson(counted: int, decided: int) -> list[float | None]:
    """Share and the ends of its 95 % interval, by E. B. Wilson, JASA 22 (1927), p. 209."""
    if not decided:
        return [None, None, None]
    z, share = 1.959963984540054, counted / decided
    middle, half = share + z**2 / (2 * decided), z * sqrt(share * (1 - share) / decided + z**2 / (4 * decided**2))
    return [share, *(max(end, 0) / (1 + z**2 / decided) for end in (middle - half, middle + half))]


def test_a_rep_s_page_shows_how_they_kept_their_clocks_in_ninety_days(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = rep.read(connection, "ana-costa", MONDAY_AFTER)
    # Of Ana's a and c were stopped in time, d and e never, g was withdrawn; a after 597.5 s, c after 1797.5.
    assert page.results == (
        {"tier_id": "high", "tier": "High intent", "met": 2, "breached": 2, "neither": 1, "median_seconds": 1197.5},
    )
    assert [(row["reason"], row["rejections"]) for row in page.rejections] == [("No interest when called", 1)]
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: MONDAY_AFTER)
        shown = get("rep/ana-costa")
    assert "met: in touch, or rejected, in time; neither: handed on or withdrawn before the deadline" in shown
    given_at = BEGAN + HOUR + SECOND
    for as_of, counted in ((given_at + rep.SPAN - SECOND, [(1, 1, 0, 46497.5)]), (given_at + rep.SPAN, [])):
        found = rep.read(connection, "ben-okafor", as_of).results
        assert found is not None
        assert [(row["met"], row["breached"], row["neither"], row["median_seconds"]) for row in found] == counted


def test_the_week_at_a_glance_counts_acceptance_the_same_way(connection: Connection) -> None:
    row = connection.execute("select * from marts.rpt_weekly_counts where week_starts_on = %s", (WEEK,)).fetchone()
    assert row is not None
    assert (row["handed_off"], row["answered"], row["accepted"], row["rejected"]) == (6, 4, 3, 1)
    assert float(row["acceptance_rate"]) == 0.75


def test_every_figure_is_counted_from_its_own_handoffs(connection: Connection) -> None:
    rows = connection.execute(
        """select report.*, coalesce(evidence.handoffs, 0) as found, coalesce(evidence.counted, 0) as found_counted
        from marts.rpt_weekly_review as report
        full join (
            select week_starts_on, figure, dimension, member, sum(amount) as handoffs,
                count(*) filter (where is_counted) as counted, count(distinct handoff_id) as different
            from line.int_review_evidence group by 1, 2, 3, 4
        ) as evidence using (week_starts_on, figure, dimension, member)"""
    ).fetchall()
    assert len(rows) > 40
    assert [row for row in rows if (row["handoffs"], row["counted"]) != (row["found"], row["found_counted"])] == []


def test_the_board_and_the_pack_count_the_same_drift(connection: Connection) -> None:
    """Of the week's write-backs a contact and a task met a person's choice."""
    on_board = board_waiting.waiting(connection, BEGAN + 6 * DAY).drifted
    assert on_board == figures(connection, "health", "incident")["drifted"]["handoffs"] == 2


def test_the_pack_says_who_kept_what_and_where_it_hurts(connection: Connection) -> None:
    actions.add(connection, WEEK - timedelta(days=7), "Call <b>back</b>", "Ana", AT - DAY)
    document = pack.make(connection, source(), WEEK, AT)
    text = markdown(document)
    assert "Marketing: kept, so far. Share of handoffs that sales accepts: 75 % (30 to 95 %), 3 of 4" in text
    assert (
        "Marketing: missed. Share of MQLs that became an SQL in time, MQLs of 2026-W11: 33 % (10 to 70 %), 2 of 6; "
        "promised 50 %." in text
    )
    assert (
        "Sales: missed. Share of handoffs contacted or rejected in time: 60 % (23 to 88 %), 3 of 5; promised 90 %."
        in text
    )
    assert "Marketing: missed. Handoffs in the week: 6; promised 25." in text
    assert "Most stop before Accepted: 3. More reached Contacted than the stage before, which can be passed by." in text
    assert "MQLs of 2026-W11, the newest week whose window is over: 33 % (10 to 70 %), 2 of 6." in text
    assert [each.title for each in document.sections] == [
        *("The two commitments", "Where the time went", "The bottleneck", "Conversion from MQL to SQL", "Rejections"),
        *("The worst clause", "Shadow against live", "What changed in the agreement", "Drift and data health"),
        "Action items",
    ]
    traced, reasons, clauses = document.sections[4].tables
    # In the words of the agreement, not by ids. Nobody knows by which clauses c came in.
    assert traced.rows == (("No interest when called", "No clause let it in by this", "1", "c", "–", "–"),)
    assert reasons.rows == (("No interest when called", "1", "c", "–", "–"),)
    assert clauses.rows == (("No clause let it in by this", "1", "c", "–", "–"),)
    _, became, _, tiers, reps = document.sections[0].tables
    assert [row[0] for row in (*tiers.rows, *reps.rows)] == ["High intent", "Standard", "Ana Costa", "Ben Okafor"]
    assert became.rows == (("2026-W11", "33 % (10 to 70 %), 2 of 6", "0"),)
    # A wait that goes backwards is told as the picture tells it.
    assert document.sections[2].tables[0].rows[3] == ("SQL", "2 of 6", "1 d 11 h before", "7 h 15 min before")
    assert document.sections[-1].tables[0].rows[0][1:] == ("Call <b>back</b>", "Ana", "2026-W10", "open")
    assert [row[:4] for row in document.sections[6].tables[0].rows] == [
        ("easier 1", "6", "2", "1"),
        ("never 1", "6", "0", "0"),
    ]
    assert [row[1] for row in document.sections[8].tables[0].rows] == ["2", "1", "2", "7", "2", "2", "1"]
    pictures = {each.name: each.says for section in document.sections for each in section.pictures}
    assert pictures.keys() == {"conversion", "acceptance", "funnel"}
    # What a picture shows, a row has.
    assert pictures["funnel"].startswith(
        "MQL 6; Accepted 2 after 10 min, 3 lost before it; Contacted 3 after 1 d 11 h; SQL 2 1 d 11 h before, 1 lost"
    )


def test_the_pack_tells_of_the_agreement_that_decides_and_not_of_files_that_nobody_loaded(
    connection: Connection,
) -> None:
    files = source()
    assert stored.deciding(connection, files) == (files, [])
    definitions = (Row(row.seed, row.line, {**row.cells, "threshold": "60"}) for row in files.rows("definitions"))
    begun = [Row(row.seed, row.line, {**row.cells, "valid_from": str(WEEK)}) for row in files.rows("signals")]
    edited = replace(files, tables={**files.tables, "definitions": tuple(definitions), "signals": tuple(begun)})
    agreement, unloaded = stored.deciding(connection, edited)
    assert unloaded == ["definitions", "signals"]
    assert {row.key: row["threshold"] for row in agreement.rows("definitions")} == {
        row.key: row["threshold"] for row in files.rows("definitions")
    }
    # Whom the pack sends to a line of a file finds the rule there.
    assert {(row.key, row.line) for row in agreement.rows("signals")} == {
        (row.key, row.line) for row in files.rows("signals")
    }
    (told,) = (
        each
        for each in pack.make(connection, edited, WEEK, AT).sections
        if each.title == "What changed in the agreement"
    )
    assert told.tables == ()
    assert told.paragraphs == (
        "Nothing.",
        "The files have changed since the last load in definitions, signals: that decides from "
        "`handoff agreement load` on, and is not told here before.",
    )


def test_a_week_that_is_not_over_is_not_posted(connection: Connection) -> None:
    with pytest.raises(ValueError, match="2026-W27 is not over yet"):
        run.run(connection, AT, week_of("2026-W27"))
    assert connection.execute("select from handoff.reviews").rowcount == 0


def test_a_week_that_ended_before_go_live_is_not_posted_whichever_it_is(connection: Connection) -> None:
    skipped = {"week": "2025-W40", "queued": 0, "skipped": "the week ended before go-live"}
    assert run.run(connection, AT, week_of("2025-W40")) == skipped
    with psycopg.connect(connections.get(connections.ADMIN).dsn, autocommit=True) as admin:
        admin.execute("create table live as select * from handoff.go_live")
        admin.execute("delete from handoff.go_live")
        try:
            assert run.run(connection, AT, WEEK) == skipped | {"week": "2026-W11"}
        finally:
            admin.execute("insert into handoff.go_live select * from live")
            admin.execute("drop table live")
    assert connection.execute("select from handoff.reviews").rowcount == 0


def test_while_a_load_has_not_ended_no_marts_are_built_and_no_pack_is_posted(connection: Connection) -> None:
    with psycopg.connect(connections.get(connections.ADMIN).dsn, autocommit=True) as admin:
        admin.execute("insert into handoff.unfinished_loads values (%s)", (AT,))
        try:
            assert run.build_marts(connection) == {"skipped": loads.UNFINISHED}
            with pytest.raises(run.NotNow, match="run `handoff agreement load` to its end"):
                run.run(connection, AT, WEEK)
            done = CliRunner().invoke(app, ["review", "post", "--week", "2026-W11"])
            assert (done.exit_code, done.stderr) == (1, f"{loads.UNFINISHED}.\n")
        finally:
            admin.execute("delete from handoff.unfinished_loads")
    assert connection.execute("select from handoff.reviews").rowcount == 0


def test_who_posts_a_pack_by_hand_is_told_that_the_marts_cannot_be_built(
    connection: Connection, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HANDOFF_DBT_PROJECT", str(tmp_path))
        settings.cache_clear()
        done = CliRunner().invoke(app, ["review", "post", "--week", "2026-W11"])
    settings.cache_clear()
    assert done.exit_code == 1
    assert done.stderr.startswith("No pack was posted. dbt build --selector marts: ")
    assert connection.execute("select from handoff.reviews").rowcount == 0


def test_a_posted_pack_stays_as_it_was_and_is_printed_and_shown(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    # A broken policy is told in the pack, and holds it back no more than the marts.
    connection.execute("update handoff.outbox set result = '{}' where handoff_id = 'd' and kind = 'slack_dm'")
    # One of figures that two agreements gave would be kept.
    with (
        psycopg.connect(connections.get(connections.ADMIN).dsn, autocommit=True) as admin,
        loaded_meanwhile(admin, LOAD_AGAIN),
        pytest.raises(run.NotNow, match="the agreement was loaded while the marts were built"),
    ):
        run.run(connection, AT, WEEK)
    # Whoever reads a mart in its old shape is not disturbed, and whoever posts is told.
    dsn = connections.get(connections.ADMIN).dsn
    with psycopg.connect(dsn) as admin, psycopg.connect(dsn) as reader:
        admin.execute("alter table marts.fct_rejections add column note text")
        admin.commit()
        reader.execute("select from marts.fct_rejections")
        with pytest.raises(run.NotNow, match="somebody reads a mart whose shape is to change"):
            run.run(connection, AT, WEEK)
    assert connection.execute("select from handoff.reviews").rowcount == 0
    counts = run.run(connection, AT, WEEK)
    assert counts == {"week": "2026-W11", "queued": 1}
    assert run.run(connection, AT, WEEK) == {"week": "2026-W11", "queued": 0}
    for _ in range(2):
        deliver(connection)
        connection.execute("update handoff.outbox set not_before = now() where state = 'pending'")
    (post,) = [
        each
        for each in sandbox.control("GET", "slack/messages")["messages"]
        if each["text"].startswith("Revenue review, week 11 of 2026")
    ]
    assert "3 of 4" in post["text"]
    assert "/handoff/review/2026-W11|" in post["text"]
    assert connection.execute(
        "select state, count(*) from handoff.outbox where kind = 'slack_file' group by 1"
    ).fetchall() == [{"state": "sent", "count": 4}]
    kept = pack.kept(connection, WEEK)
    assert kept is not None
    assert kept.title == "Revenue review, week 11 of 2026"
    assert kept.sections[8].tables[1].rows == (
        (
            *("messages_sent_without_id", "1"),
            "One row per Slack message marked sent without the id that Slack gave it.",
        ),
    )
    assert "3 of 4" in text_of(printing.pdf(kept))
    for name in ("conversion", "acceptance", "funnel"):
        file = {"week": WEEK.isoformat(), "name": f"2026-W11-{name}.png"}
        assert posting.content(connection, file).startswith(b"\x89PNG\r\n"), name
    with psycopg.connect(connections.get(connections.ADMIN).dsn) as admin:
        admin.execute("update marts.rpt_weekly_review set counted = 4 where figure = 'acceptance'")
        assert pack.kept(connection, WEEK) == kept
        # Of packs that were posted when there was one link for each row.
        (links,) = (json.dumps(each.links) for each in kept.sections[1].tables)
        path = "{sections,1,tables,0,links}"
        change = "update handoff.reviews set pack = jsonb_set(pack, %s, %s)"
        admin.execute(change, (path, json.dumps([link for (link,) in kept.sections[1].tables[0].links])))
        admin.commit()
        assert pack.kept(connection, WEEK) == kept
        admin.execute(change, (path, links))


def get(path: str, status: int = 200) -> str:
    client = TestClient(site(), cookies={COOKIE: "reader"})
    answer = client.get(f"{PREFIX}/{path}", headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return str(answer.text)


def test_each_figure_of_the_page_links_to_the_leads_behind_it(connection: Connection) -> None:
    page = get("review/2026-W11")
    assert "As it was posted" in page
    kept = pack.kept(connection, WEEK)
    assert kept is not None
    tables = [table for section in kept.sections for table in section.tables]
    # No figures stand there, but what was agreed and what was resolved.
    told = {"Rules that began, ended or changed", "Of the meetings before, open ones first"}
    lacking = [
        (table.caption, row)
        for table in tables
        for place, row in enumerate(table.rows)
        if table.caption not in told and not any(table.links[place : place + 1] and table.links[place])
    ]
    assert lacking == []
    links = [html.unescape(each) for each in re.findall(r'<t[dh][^>]*><a href="/handoff/([^"]+)"', page)]
    assert set(links) == {each.removeprefix("/") for table in tables for row in table.links for each in row if each}
    of_leads = [link for link in links if "/leads?" in link]
    assert len(of_leads) > 25
    for link in of_leads:
        assert "None." not in get(link), link
    assert {link for link in links if link not in of_leads} == {
        *("board", "board#data", "board#gates", "board#policies", "lead/c")
    }
    board = get("board")
    for part in ("data", "gates", "policies"):
        assert f'id="{part}"' in board
    # Each count of a trial leads to its leads: one that both would hand over, another by the shadow alone.
    (shadow,) = (table for table in tables if table.columns[0] == "Shadow definition")
    found = {
        name: sorted(re.findall(r'href="/handoff/lead/(\d+)"', get(link.removeprefix("/"))))
        for name, link in zip(shadow.columns, shadow.links[0], strict=True)
        if link
    }
    assert found == {
        **{"Live": ["1", "2", "3", "4", "6", "7"], "Shadow": ["1", "77"], "Both": ["1"], "SQL, live alone": ["2"]}
    }
    behind = get("review/2026-W11/leads?figure=rejections&dimension=reason&member=no_interest")
    assert re.findall(r'href="/handoff/lead/(\d+)"', behind) == ["3"]
    assert get("review/2026-W11/funnel.svg").startswith("<svg")
    assert get("funnel.svg").startswith("<svg")
    assert "picture" in get("review/2026-W11/other.svg", 404)
    assert "is no week" in get("review/2026-W99", 404)
    assert "as the marts have it now" in get("review/2026-W10")
    assert "Marketing: missed. Handoffs in the week: 0; promised 25." in html.unescape(get("review/2026-W10"))
    get("review", 303)


def test_a_week_is_named_as_the_calendar_names_it() -> None:
    assert week_of("2026-W11") == WEEK
    assert week_of("2020-W53") == date(2020, 12, 28)
    for wrong in ("2026-W54", "2021-W53", "next", "0001-W01", "9999-W52"):
        with pytest.raises(ValueError, match="is no week"):
            week_of(wrong)


def test_on_the_monday_after_nobody_is_lost_who_may_still_go_on(connection: Connection) -> None:
    build(connection, MONDAY_AFTER, is_first=False)
    read = figures_of.read(connection, WEEK + timedelta(days=7), 14)
    # Half a cohort is told, and not judged.
    promises = commitments.section(read, WEEK, names.read(connection))
    assert promises.paragraphs[0] == (
        "Marketing: nothing to judge yet. Share of MQLs that became an SQL in time, MQLs of 2026-W11: 2 of 6 so far, "
        "2 still open; promised 50 %."
    )
    assert flow.conversion(read, WEEK).tables[0].rows[0] == ("PAID_SEARCH", "2 of 3 so far", "0")
    assert promises.tables[1].rows == ()
    assert [each.name for each in promises.pictures] == ["acceptance"]
    # It is Monday: of the new week nothing is missed yet.
    running = WEEK + timedelta(days=14)
    told = commitments.section(figures_of.read(connection, running, 7), running, names.read(connection))
    assert "Marketing: nothing to judge yet. Handoffs in the week: 0 so far; promised 25." in told.paragraphs
    # c and g will not be accepted, d may be; of those accepted and called nobody's window is over.
    assert flow.bottleneck(read, WEEK).paragraphs == (
        "Most stop before Accepted: 2, and 1 more may still reach it. More reached Contacted than the stage before, "
        "which can be passed by.",
    )
    # e was accepted, which makes it an SQL, and has not been called, which is no bottleneck yet.
    (picture,) = flow.bottleneck(read, WEEK + timedelta(days=7)).pictures
    assert flow.bottleneck(read, WEEK + timedelta(days=7)).paragraphs == (
        "Too early to tell where most stop: whoever has not gone on still may. More reached SQL than the stage before, "
        "which can be passed by.",
    )
    assert not any(each["isWorst"] for each in picture.definition["data"]["values"])
    board = review.funnel(connection, MONDAY_AFTER)
    assert [(each.stage, each.reached, each.stopped, each.still_open) for each in board] == [
        *(("MQL", 7, 0, 0), ("Accepted", 3, 2, 1), ("Contacted", 3, 0, 1), ("SQL", 3, 0, 1), ("Won", 1, 0, 2))
    ]


def test_an_action_item_is_somebody_s_and_done_once(connection: Connection) -> None:
    with pytest.raises(ValueError, match="--owner"):
        actions.add(connection, WEEK, "Do it", " ", AT)
    number = actions.add(connection, WEEK, "Do it", "Ben", AT)
    assert actions.finish(connection, number, clock.now()).owner == "Ben"
    with pytest.raises(actions.UnknownAction, match="is not open"):
        actions.finish(connection, number, clock.now())
