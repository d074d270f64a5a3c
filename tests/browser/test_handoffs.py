"""The page of open handoffs as a manager uses it: on a phone, by keyboard, and while the clocks run."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect

from handoff import clock
from handoff.ledger import db
from handoff.web.app import PREFIX
from tests.browser.chromium import Visit
from tests.browser.test_board import REFRESHED_AFTER_MS
from tests.conftest import Database
from tests.unit.route import handed
from tests.unit.web.doors import connect

PAGE = f"{PREFIX}/handoffs"
LEADS = 4
BY_DEADLINE = ["Lead 3", "Lead 2", "Lead 4", "Lead 1"]


@pytest.fixture(scope="module")
def clocks(module_agreement_database: Database) -> Iterator[Database]:
    """Ana has three leads and Ben a hand-raiser; one deadline is past and one is ten seconds away."""
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, "slack", {})
        connect(patch, "hubspot", {"portal_id": "4242424"})
        now = clock.now()
        with db.connect() as connection, db.connect("handoff_admin") as admin:
            for number in range(1, LEADS):
                handed.to(connection, str(number), "ana-costa", now)
            handed.to(connection, str(LEADS), "ben-okafor", now, tier="hand_raiser", minutes=5)
            admin.execute("update handoff.outbox set state = 'sent', sent_at = created_at")
            for lead, seconds in (("1", 100_000), ("2", 10), ("3", -60), ("4", 8000)):
                admin.execute(
                    """update handoff.assignments as given set due_at = %s from handoff.handoffs as handoff
                    where handoff.handoff_id = given.handoff_id and lead_id = %s""",
                    (now + timedelta(seconds=seconds), lead),
                )
        yield module_agreement_database


def leads(visit: Visit) -> Locator:
    return visit.page.locator(".handoffs tbody th a")


def test_the_nearest_deadline_is_on_top_and_runs(visit: Visit, clocks: Database) -> None:
    page = visit.page
    page.goto(PAGE)
    expect(leads(visit)).to_have_text(BY_DEADLINE)
    late = page.get_by_role("row", name="Lead 3")
    expect(late.locator(".state")).to_have_text("▲ overdue")
    deadline = late.locator(".deadline")
    before = deadline.inner_text()
    assert before.endswith(" over")
    expect(deadline).not_to_have_text(before)
    expect(page.get_by_role("row", name="Lead 1").locator(".deadline")).to_have_text("in 1 d 3 h")


def test_a_filter_a_state_and_a_rep_are_a_click_away(visit: Visit, clocks: Database) -> None:
    page = visit.page
    page.goto(PAGE)
    page.get_by_label("Rep").select_option("Ben Okafor (1)")
    page.get_by_role("button", name="Show").click()
    expect(leads(visit)).to_have_text(["Lead 4"])
    page.get_by_role("link", name="All of them").click()
    expect(leads(visit)).to_have_text(BY_DEADLINE)
    page.get_by_role("link", name="overdue").click()
    expect(page.get_by_role("link", name="Lead 1")).not_to_be_attached()
    expect(page.get_by_role("link", name="Lead 3")).to_be_visible()
    page.get_by_role("link", name="Ana Costa").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Costa")
    expect(leads(visit)).to_have_count(3)


def test_a_filter_that_somebody_chooses_stays_while_the_rest_keeps_up(visit: Visit, clocks: Database) -> None:
    page = visit.page
    page.clock.install()
    page.goto(PAGE)
    page.get_by_label("Tier").select_option("high")
    page.get_by_label("Rep").focus()
    with db.connect() as connection:
        handed.to(connection, "5", "ben-okafor", clock.now())
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(page.get_by_role("link", name="Lead 5")).to_be_attached()
    expect(page.get_by_label("Rep")).to_be_focused()
    expect(page.get_by_label("Tier")).to_have_value("high")
    # Chosen and not applied yet, with the focus elsewhere.
    page.get_by_role("link", name="Lead 5").focus()
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """insert into handoff.dispositions (handoff_id, kind, occurred_at, recorded_at, evidence)
            select handoff_id, 'contacted', now(), now(), '{}' from handoff.handoffs where lead_id = '5'"""
        )
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(page.get_by_role("link", name="Lead 5")).not_to_be_attached()
    expect(page.get_by_label("Tier")).to_have_value("high")
    # Nothing is being chosen any more: the filters keep up, too.
    page.get_by_label("Tier").select_option("")
    page.locator("main").focus()
    expect(page.get_by_label("Rep").locator("option", has_text="Ben Okafor")).to_have_text("Ben Okafor (1)")
    with db.connect() as connection:
        handed.to(connection, "6", "ben-okafor", clock.now())
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(page.get_by_label("Rep").locator("option", has_text="Ben Okafor")).to_have_text("Ben Okafor (2)")


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_nothing_overflows_but_a_table_in_its_own_box(visit: Visit, clocks: Database, width: int) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 844})
    for path in (PAGE, f"{PREFIX}/rep/ana-costa"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_filters_states_and_leads(visit: Visit, clocks: Database) -> None:
    page = visit.page
    page.goto(PAGE)
    seen = []
    for _ in range(27):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.name || document.activeElement.ariaLabel"
                " || document.activeElement.textContent.trim()"
            )
        )
    assert seen[:13] == [
        *("Skip to the page", "Handoffs", "Board", "Review", "Marts", "Agreement", "Docs"),
        *("team", "rep", "tier", "source", "Show", "All of them"),
    ]
    assert seen[21:23] == ["Handoffs that wait for first contact", "Lead 3"]
