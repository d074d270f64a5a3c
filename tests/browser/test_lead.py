"""The page of a lead by keyboard; every page on a phone, by keyboard, by ear, and in both schemes."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from handoff import clock
from handoff.gates import documents, suites
from handoff.gates.judge import judge
from handoff.ledger import db
from handoff.qualify.dbt_results import Node, Result
from handoff.review import builds
from handoff.web.app import PREFIX
from tests.agreement.acting import live
from tests.browser.chromium import Visit
from tests.browser.conftest import FUNNEL
from tests.browser.readable import SCHEMES, assert_contrast, assert_named
from tests.browser.test_review import post
from tests.conftest import Database
from tests.unit.route import handed
from tests.unit.web.board_data import plant, plant_funnel
from tests.unit.web.doors import connect

LEADS = 10
OF_A_GATE = "data-docs/stream_freshness"
NAVIGATION = ["Skip to the page", "Handoffs", "Board", "Review", "Marts", "Agreement", "Docs"]
WHERE = (
    "[document.activeElement.name || document.activeElement.ariaLabel || document.activeElement.textContent.trim(),"
    " getComputedStyle(document.activeElement).outlineStyle]"
)


@pytest.fixture(scope="module")
def lead(module_agreement_database: Database) -> Iterator[str]:
    """Address of the page of whoever did the most."""
    dsn = module_agreement_database.admin_dsn
    with (
        pytest.MonkeyPatch.context() as patch,
        db.connect() as connection,
        psycopg.connect(dsn, autocommit=True, row_factory=dict_row, options="-c timezone=UTC") as admin,
    ):
        connect(patch, "hubspot", {"portal_id": "4242424"})
        live(admin, connection, LEADS)
        row = connection.execute(
            "select lead_id from line.int_activities group by lead_id order by count(*) desc, lead_id limit 1"
        ).fetchone()
        assert row
        yield f"{PREFIX}/lead/{row['lead_id']}"


@pytest.fixture(scope="module")
def pages(lead: str, module_agreement_database: Database) -> dict[str, str]:
    """An address of each kind of page, each with something to read."""
    now, dsn = clock.now(), module_agreement_database.admin_dsn
    with pytest.MonkeyPatch.context() as patch, db.connect() as connection:
        connect(patch, "hubspot", {"portal_id": "4242424"})
        connect(patch, "slack", {})
        plant(dsn, now)
        plant_funnel(dsn, now, FUNNEL)
        post()
        with psycopg.connect(dsn) as admin:
            admin.execute(
                """create table line.int_review_evidence as select date '2026-03-09' as week_starts_on,
                    'acceptance' as figure, 'all' as dimension, 'all' as member, lead_id, lead_id as handoff_id,
                    true as is_counted, false as is_open, 60 as seconds, 1 as amount
                from (values ('1'), ('2')) as handoff (lead_id);
                create table line.int_clause_names as select 'x' as clause_id, 'x' as label;
                create table marts.fct_clause_performance ();
                grant select on line.int_review_evidence, line.int_clause_names to handoff_app"""
            )
        for rep, tier in (("ana-costa", "high"), ("ben-okafor", "standard")):
            handed.to(connection, f"9{rep[0]}", rep, now, tier=tier)
        failed = Node("dim_leads", "model", "marts", "error", 0.1, "division by zero")
        fine = Node("dim_reps", "model", "marts", "success", 0.1, "INSERT 0 6")
        builds.note(connection, Result({}, 1.0, [fine, failed], []), now)
        suite = suites.suite("stream_freshness")
        row = {"subject": "minutes_behind", "measured": 50.0, "closes_beyond": 30.0, "warns_beyond": 10.0}
        documents.keep(connection, "stream_freshness", judge([row], suite, {}).validation, now)
        documents.render(connection, now)
    of_a_figure = "review/2026-W11/leads?figure=acceptance&dimension=all&member=all"
    named = ("handoffs", "board", "rep/ana-costa", "agreement", "review/2026-W11", "marts", "data-docs")
    named += (OF_A_GATE, "docs/for-reps", "docs/operations", "docs/marts")
    return {"lead": lead, **{each: f"{PREFIX}/{each}" for each in named}, "figure": f"{PREFIX}/{of_a_figure}"}


def test_every_page_can_be_read(visit: Visit, pages: dict[str, str]) -> None:
    """By ear, in light and in dark, and on a phone: nothing is wider than the window but a table in its own box."""
    page = visit.page
    for name, path in pages.items():
        page.goto(path)
        assert visit.wrong == [], path
        # What Great Expectations wrote of a gate has its own headings and tables.
        if name != OF_A_GATE:
            assert_named(page)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert_contrast(page, scheme)
        assert page.locator(".scroll table").count() >= (2 if name in ("lead", "agreement") else 0), path
        for width in (320, 390, 1100):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_reaches_the_moment_and_every_table_of_a_lead(visit: Visit, lead: str) -> None:
    seen = tabbed(visit, lead)
    assert seen[:7] == NAVIGATION
    for each in ("Explain", "The last decision", "What the score is made of, platform-mql", "Clauses, platform-mql"):
        assert each in seen
    assert seen.index("at") < seen.index("Explain") < seen.index("Clauses, platform-mql")


@pytest.mark.parametrize("name", ["agreement", "rep/ana-costa", "review/2026-W11", "marts", "figure"])
def test_the_keyboard_reaches_every_table(visit: Visit, pages: dict[str, str], name: str) -> None:
    seen = tabbed(visit, pages[name])
    assert seen[:7] == NAVIGATION
    tables: list[str] = visit.page.locator(".scroll").evaluate_all("all => all.map(each => each.ariaLabel)")
    assert tables
    assert [each for each in seen if each in set(tables)] == tables


def tabbed(visit: Visit, path: str) -> list[str]:
    """What the tab key comes by, each once and with an outline, until nothing is left."""
    page = visit.page
    page.goto(path)
    seen: list[str] = []
    while True:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return seen
        where, outline = page.evaluate(WHERE)
        assert outline != "none", where
        # A moment has seven parts to stop at.
        if seen[-1:] != [where]:
            seen.append(where)
