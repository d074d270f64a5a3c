"""The weekly review in Chromium: readable on a phone, with a text for each picture, a link and a file for print."""

import pytest

from handoff import charts, clock
from handoff.agreement.document import Document, Picture, Section, Table
from handoff.charts import Joint
from handoff.ledger import db
from handoff.review.pack import pack
from handoff.review.pack.figures import week_of
from tests.browser.chromium import Visit
from tests.conftest import Database

PAGE = "/handoff/review/2026-W11"
HOSTILE = "<img src=x onerror=alert(1)>"


def post() -> None:
    """Keep a pack with a table and a picture as that of week 11."""
    joints = [Joint("MQL", 40, ""), Joint("Accepted", 24, "after 12 min"), Joint("SQL", 5, "after 3 d 4 h")]
    says = "MQL 40; Accepted 24 after 12 min; SQL 5 after 3 d 4 h"
    table = Table(
        "What was promised, and what became of it",
        ("Commitment", "Reached"),
        ((HOSTILE, "60 % (41 to 77 %), 12 of 20"), ("Share of handoffs contacted or rejected in time", "95 %")),
        (("/review/2026-W11/leads?figure=acceptance&dimension=all&member=all",), ()),
    )
    funnel = Picture("funnel", "From MQL to customer", says, charts.pipe(joints))
    section = Section("The two commitments", (), (table,), (funnel,))
    document = Document("Revenue review, week 11 of 2026", ("Sales: kept.",), (section,), (), "As known then.")
    with db.connect() as connection:
        pack.keep(connection, week_of("2026-W11"), document, clock.now())


@pytest.fixture(scope="module")
def posted(module_database: Database) -> Database:
    post()
    return module_database


@pytest.mark.parametrize("width", [1280, 320])
def test_nothing_overflows_and_every_picture_has_a_text(visit: Visit, posted: Database, width: int) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(PAGE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture = page.get_by_role("img", name="MQL 40; Accepted 24 after 12 min")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 100)")
    assert page.get_by_role("heading", level=2).all_inner_texts() == ["The two commitments"]
    assert visit.wrong == []


def test_a_figure_s_link_and_the_print_are_there_and_text_stays_text(visit: Visit, posted: Database) -> None:
    page = visit.page
    page.goto(PAGE)
    link = page.get_by_role("row", name=HOSTILE).get_by_role("link")
    assert link.get_attribute("href") == f"{PAGE}/leads?figure=acceptance&dimension=all&member=all"
    printed = page.request.get(f"{PAGE}/pack.pdf")
    assert (printed.status, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.body().startswith(b"%PDF-")
