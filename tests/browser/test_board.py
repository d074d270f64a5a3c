"""The board as somebody sees and uses it, in a real browser."""

import base64
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from handoff import clock
from handoff.web.app import PREFIX
from tests.browser.chromium import Visit
from tests.browser.conftest import CRM
from tests.browser.readable import SCHEMES
from tests.conftest import Database
from tests.unit.web.board_data import COOKIE, HOSTILE, hold

BOARD = f"{PREFIX}/board"
RECORD = f"{CRM}/contacts/4242424/record/0-1/512901"
REFRESHED_AFTER_MS = 15_000
# How light a picture is where nothing is drawn, from 0 to 255.
PAPER = """async (picture) => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  return canvas.getImageData(20, 20, 1, 1).data[0];
}"""


@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1440, 1920])
def test_nothing_overflows_but_a_table_in_its_own_box(visit: Visit, busy: Database, width: int) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(BOARD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.locator(".scroll")
    assert boxes.count() == 4
    if width <= 390:
        assert boxes.evaluate_all("boxes => boxes.every(box => box.scrollWidth > box.clientWidth)")


def test_states_are_told_without_colour(visit: Visit, busy: Database) -> None:
    page = visit.page
    page.goto(BOARD)
    late = page.get_by_role("row", name="deals")
    assert " ".join(late.get_by_role("cell").first.inner_text().split()) == "▲ late"
    expect(late.get_by_role("img")).to_have_accessible_name("needs you")
    read = page.get_by_role("row", name="contacts").first
    assert " ".join(read.get_by_role("cell").first.inner_text().split()) == "✓ read"
    expect(read.get_by_role("img")).to_have_accessible_name("fine")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_funnel_narrows_as_leads_are_lost_on_paper_of_the_page_s_scheme(
    visit: Visit, busy: Database, scheme: Any
) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)
    page.goto(BOARD)
    funnel = page.get_by_role("img", name="MQL 40")
    assert funnel.get_attribute("alt") == (
        "MQL 40; Accepted 24 after 1 min, 16 lost before it; Contacted 12 after 1 min, 12 lost before it; "
        "SQL 9 after 1 min, 3 lost before it; Won 3 after 1 min, 6 lost before it"
    )
    expect(page.get_by_role("figure")).to_contain_text("Most stop before Accepted: 16")
    funnel.scroll_into_view_if_needed()
    assert funnel.evaluate("image => image.decode().then(() => image.naturalWidth > 100)")
    picture = page.context.new_page()
    shade = picture.evaluate(PAPER, base64.b64encode(funnel.screenshot()).decode())
    assert (shade < 64) == (scheme == "dark")
    picture.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visit, busy: Database, scheme: Any) -> None:
    page = visit.page
    page.emulate_media(color_scheme=scheme)
    page.goto(BOARD)
    seen = []
    for _ in range(page.locator("a[href], [tabindex='0']").count()):
        page.keyboard.press("Tab")
        where, outline = page.evaluate(
            "[document.activeElement.ariaLabel || document.activeElement.textContent.trim(),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline == "solid", where
        seen.append(where)
    assert seen == [
        "Skip to the page",
        "Handoffs",
        "Board",
        "Review",
        "Marts",
        "Agreement",
        "Docs",
        "Review of the week",
        "How far each stream of the CRM has been read",
        "What could not be read",
        "47002",
        "99100",
        "512901",
        "Leads that wait to be handed over",
        "77",
        "How each gate stands",
        "Data Docs",
        "hubspot_contacts",
    ]


def test_hostile_values_do_nothing(visit: Visit, busy: Database) -> None:
    visit.page.goto(BOARD)
    expect(visit.page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    assert visit.page.locator("main script").count() == 0


def test_the_page_keeps_up_and_keeps_the_reader_s_place(visit: Visit, busy: Database) -> None:
    page = visit.page
    page.clock.install()
    page.set_viewport_size({"width": 390, "height": 600})
    page.goto(BOARD)
    link = page.get_by_role("link", name="512901")
    link.focus()
    page.locator(".scroll").last.evaluate("box => box.scrollTo(180, 0)")
    page.evaluate("scrollTo(0, 700)")
    hold(busy.admin_dsn, clock.now(), ("hubspot_contacts", "777000", "value", "industry", "is new"))
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(page.get_by_role("link", name="777000")).to_be_attached()
    expect(link).to_be_focused()
    assert page.locator(".scroll").last.evaluate("box => box.scrollLeft") == 180
    assert page.evaluate("scrollY") == 700
    with psycopg.connect(busy.admin_dsn) as admin:
        admin.execute("delete from raw.quarantine where id = '777000'")
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(page.get_by_role("link", name="777000")).not_to_be_attached()


def test_nothing_is_asked_while_nobody_looks_or_somebody_marks_text(visit: Visit, busy: Database) -> None:
    page = visit.page
    page.clock.install()
    page.goto(BOARD)
    page.evaluate(
        "() => { window.asked = 0; const ask = fetch; window.fetch = (...all) => { asked += 1; return ask(...all); } }"
    )
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.clock.run_for(4 * REFRESHED_AFTER_MS)
    assert page.evaluate("asked") == 0
    page.evaluate("delete document.hidden; getSelection().selectAllChildren(document.querySelector('h1'))")
    page.clock.run_for(4 * REFRESHED_AFTER_MS)
    assert page.evaluate("asked") == 0
    page.evaluate("getSelection().removeAllRanges()")
    page.clock.run_for(REFRESHED_AFTER_MS)
    assert page.evaluate("asked") == 1


def test_a_server_that_is_away_is_said_until_it_is_back(window: BrowserContext, busy: Database) -> None:
    page = window.new_page()
    page.clock.install()
    page.goto(BOARD)
    status = page.get_by_role("status")
    expect(status).to_have_text("")
    page.route(f"**{BOARD}", lambda route: route.abort())
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(status).to_have_text("Not up to date: the server does not answer.")
    expect(page.get_by_role("heading", name="Data")).to_be_visible()
    page.unroute(f"**{BOARD}")
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(status).to_have_text("")


@pytest.mark.parametrize(("person", "title"), [(None, "Sign in"), ("stranger", "You may not see this · Handoff")])
def test_whoever_may_no_longer_look_no_longer_does(
    window: BrowserContext, server: str, busy: Database, person: str | None, title: str
) -> None:
    page = window.new_page()
    page.clock.install()
    page.goto(BOARD)
    window.clear_cookies()
    if person:
        window.add_cookies([{"name": COOKIE, "value": person, "url": server}])
    page.clock.run_for(REFRESHED_AFTER_MS)
    expect(page).to_have_title(title)


def test_the_page_needs_no_script(chromium: Browser, server: str, busy: Database) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=server)
    context.add_cookies([{"name": COOKIE, "value": "reader", "url": server}])
    page = context.new_page()
    page.goto(BOARD)
    expect(page.get_by_role("row", name="contacts").first).to_contain_text("1,204")
    expect(page.get_by_role("link", name="512901")).to_have_attribute(
        "href", f"{CRM}/contacts/4242424/record/0-1/512901"
    )
    context.close()


def test_a_record_opens_in_a_tab_of_its_own_from_inside_airflow_s_frame(window: BrowserContext, busy: Database) -> None:
    page = window.new_page()
    page.goto("/framed")
    with window.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="512901").click()
    expect(opened.value).to_have_title("CRM")
    assert opened.value.url == RECORD
    assert opened.value.evaluate("window.opener") is None
    expect(page.frame_locator("iframe").get_by_role("heading", name="Board")).to_be_visible()


def test_no_other_site_may_frame_the_page(window: BrowserContext, elsewhere: str, busy: Database) -> None:
    page = window.new_page()
    with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        page.goto(elsewhere)
    expect(page.frame_locator("iframe").get_by_role("heading", name="Board")).to_have_count(0)
