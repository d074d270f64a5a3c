"""What the ladder says can be read by people, and says nothing as us that we did not write."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.notify.context import Company, Context, Lead
from handoff.watch.ladder_notes import Note
from tests.unit.route.handed import NOON, context

DUE = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
LINK = "https://app.hubspot.com/contacts/4242424/record/0-1/77"


def notes(said: Context, rep_name: str = "Ana Costa") -> list[str]:
    note = Note(said.to_json(), DUE, "America/New_York", NOON)
    return [
        note.reminder(),
        note.warning(rep_name),
        note.overdue(rep_name),
        note.accepted(rep_name),
        note.stays(rep_name),
        note.moved(rep_name, "Ben", DUE),
    ]


def test_each_note_names_the_lead_the_deadline_and_the_way_to_it() -> None:
    for text in notes(replace(context("1", NOON), record_url=LINK)):
        assert "Lead 1 at Northwind" in text
        assert "by 16:30 EST today" in text
        assert text.endswith(f". <{LINK}|Open in HubSpot>")


@pytest.mark.parametrize("url", ["https://evil.example/x", "javascript:alert(1)", None])
def test_a_link_to_anywhere_else_is_none(url: str | None) -> None:
    assert all("<" not in text for text in notes(replace(context("1", NOON), record_url=url)))


def test_a_context_that_cannot_be_read_stops_no_clock() -> None:
    said = Note({"lead": 7}, DUE, "Nowhere/Atall", NOON).reminder()
    assert said == "Reminder: a lead is waiting for first contact, due by 21:30 UTC today."


def test_somebody_without_a_name_is_still_somebody() -> None:
    bare = replace(context("1", NOON), lead=Lead("77"), company=Company())
    assert notes(bare, "")[1] == "somebody has not been in touch with contact 77 yet, due by 16:30 EST today."


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=400), company=st.text(max_size=400), rep_name=st.text(max_size=400))
def test_no_name_mentions_or_links(name: str, company: str, rep_name: str) -> None:
    said = replace(
        context("1", NOON),
        lead=Lead("1", name=f"<!channel> {name}"),
        company=Company(f"<https://evil.example|{company}"),
        record_url=LINK,
    )
    for text in notes(said, f"<@U1> {rep_name}"):
        assert re.findall(r"<[^>]*>?", text) == [f"<{LINK}|Open in HubSpot>"]
        assert len(text) < 1000
