"""The pages of a lead and of the agreement, on a phone and by keyboard."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from handoff.ledger import db
from handoff.web.app import PREFIX
from tests.agreement.acting import live
from tests.browser.chromium import Visit
from tests.conftest import Database
from tests.unit.web.doors import connect

LEADS = 10
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


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_overflows_but_a_table_in_its_own_box(visit: Visit, lead: str, width: int) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 844})
    for path in (lead, f"{PREFIX}/agreement"):
        page.goto(path)
        assert page.locator(".scroll table").count() >= 2
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_reaches_the_moment_and_every_table_of_a_lead(visit: Visit, lead: str) -> None:
    seen = tabbed(visit, lead)
    assert seen[:7] == NAVIGATION
    for each in ("Explain", "The last decision", "What the score is made of, platform-mql", "Clauses, platform-mql"):
        assert each in seen
    assert seen.index("at") < seen.index("Explain") < seen.index("Clauses, platform-mql")


def test_the_keyboard_reaches_every_table_of_the_agreement(visit: Visit, lead: str) -> None:
    seen = tabbed(visit, f"{PREFIX}/agreement")
    assert seen[:7] == NAVIGATION
    tables: list[str] = visit.page.locator(".scroll").evaluate_all("all => all.map(each => each.ariaLabel)")
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
