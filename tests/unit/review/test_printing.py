"""The pack as it is printed: one file, in which a figure leads to whom it counts, and text stays text."""

import re

from handoff import charts
from handoff.agreement.document import Document, Picture, Section, Table
from handoff.charts import Joint
from handoff.review.pack import printing
from handoff.settings import settings
from tests.unit.review.pdf_text import text_of

BEHIND = "/review/2026-W11/leads?figure=acceptance&dimension=source&member=%28blank%29"
INJECTED = '#link("https://evil.example")[(blank)]'


def test_all_that_the_pack_says_is_printed_and_text_stays_text() -> None:
    table = Table("By source", ("Source", "Accepted"), ((INJECTED, "2 of 3"), ("PAID_SEARCH", "1 of 2")))
    pipe = charts.pipe((Joint("MQL", 4, ""), Joint("Accepted", 3, "after 1 min", 1)))
    picture = Picture("funnel", "From MQL to customer", "MQL 4; Accepted 3", pipe)
    sections = (
        Section("Shares", ("So it was: 75 %.",), (table,), (picture,)),
        Section("Nothing", (), (Table("No", ("A",), ()),)),
    )
    file = printing.pdf(Document("Pack", ("Sales: kept.",), sections, (), "As known then."))
    told = text_of(file)
    for text in (
        *("Pack", "Sales: kept.", "Shares", "So it was: 75 %.", "By source", "Source", "Accepted", INJECTED, "2 of 3"),
        *("PAID_SEARCH", "1 of 2", "From MQL to customer", "None.", "As known then."),
    ):
        assert text in told, text
    # Letters in a picture are drawn; what it shows is told to who does not see it.
    assert b"/Alt(MQL 4; Accepted 3)" in file.replace(b"/Alt (", b"/Alt(")


def test_a_figure_links_to_the_leads_behind_it_and_what_has_none_links_nowhere() -> None:
    rows = ((INJECTED, "2 of 3"), ("PAID_SEARCH", "1 of 2"))
    table = Table("By source", ("Source", "Accepted"), rows, ((BEHIND,), ("", "/lead/7")))
    document = Document("Pack", ("Summary",), (Section("Shares", (), (table,)),), (), "stamp")
    assert re.findall(rb"/URI ?\((.*?)\)", printing.pdf(document)) == [
        f"{settings().public_url}/handoff{each}".encode() for each in (BEHIND, "/lead/7")
    ]
