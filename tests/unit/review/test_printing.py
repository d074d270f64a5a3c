"""The pack as it is printed: one file, in which a figure leads to whom it counts, and text stays text."""

import re

from handoff.agreement.document import Document, Section, Table
from handoff.review.pack import printing
from handoff.settings import settings

BEHIND = "/review/2026-W11/leads?figure=acceptance&dimension=source&member=%28blank%29"


def test_a_figure_links_to_the_leads_behind_it_and_one_without_leads_links_nowhere() -> None:
    rows = (('#link("https://evil.example")[(blank)]', "2 of 3"), ("PAID_SEARCH", "1 of 2"))
    table = Table("By source", ("Source", "Accepted"), rows, (BEHIND, ""))
    document = Document("Pack", ("Summary",), (Section("Shares", (), (table,)),), (), "stamp")
    file = printing.pdf(document)
    assert file.startswith(b"%PDF-")
    assert re.findall(rb"/URI ?\((.*?)\)", file) == [f"{settings().public_url}/handoff{BEHIND}".encode()]
