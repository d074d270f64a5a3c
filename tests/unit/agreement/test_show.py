"""The page that people sign names every rule in force once, and none that is not."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import pytest
from starlette.requests import Request

from handoff.agreement.document import Document, markdown
from handoff.agreement.model import Agreement, Row
from handoff.agreement.seeds import Column
from handoff.agreement.show import document
from handoff.agreement.source import checkout, read
from handoff.web.pages.agreement import TEMPLATE, page, standalone
from handoff.web.pages.rendering import render

from .conftest import Seeds
from .faults import OPEN

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
# These have no line of their own on the page: they are words, cells and columns of it.
ELSEWHERE = {"company", "definitions", "calendars", "holidays", "special_hours", "pool_members", "absences"}

LEFT_OUT = {
    *((table, "why") for table in ("company", "calendars", "holidays", "special_hours", "pool_members")),
    # The vendors' ids of a person who is named.
    *(("reps", "crm_owner_id"), ("reps", "slack_user_id")),
    # Shares are those of a pool's members.
    ("reps", "weight"),
    # Steps are told by how late they come.
    ("escalations", "step"),
}
"""Columns that the page does not say."""


def ids(found: Document) -> Counter[str]:
    """Every id that the page shows, as often as it does."""
    tables = chain.from_iterable(section.tables for section in found.sections)
    return Counter(
        cell
        for table in tables
        for row in table.rows
        for name, cell in zip(table.columns, row, strict=True)
        if name == "Id"
    )


def in_force(agreement: Agreement, day: date) -> Counter[str]:
    tables = [name for name, seed in agreement.seeds.items() if seed.folder == "agreement" and name not in ELSEWHERE]
    away = [row for row in agreement.rows("absences") if day < row.span[1] and row.span[0] < day + timedelta(days=365)]
    return Counter(row.key for row in chain(away, *(agreement.in_force(table, day) for table in tables)))


@pytest.fixture
def changing(seeds: Seeds) -> Agreement:
    """The agreement with rules that end or begin on 2026-12-01."""
    seeds.change("signals", "sig-page-pricing", valid_to="2026-12-01")
    seeds.add("signals", "sig-page-pricing", points="15", valid_from="2026-12-01", valid_to=OPEN)
    seeds.change("competitors", "rivalsoft", valid_to="2026-12-01")
    seeds.add("competitors", "copycatcrm", competitor_id="late", domain="late.example", valid_from="2026-12-01")
    return read(seeds.directory)


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 11, 30), date(2026, 12, 1), date(2027, 8, 20)])
def test_every_rule_in_force_is_there_once(day: date, changing: Agreement) -> None:
    at = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
    found = ids(document(changing, at))
    assert found == in_force(changing, day)
    assert ("late" in found, "rivalsoft" in found) == (day >= date(2026, 12, 1), day < date(2026, 12, 1))


def test_markdown_has_the_same_ids_and_the_values_of_the_day(changing: Agreement) -> None:
    for at, points in ((AT, 12), (datetime(2026, 12, 1, tzinfo=UTC), 15)):
        text = markdown(document(changing, at))
        assert Counter(re.findall(r"`([^`]+)`", text)) == in_force(changing, at.date())
        line = next(line for line in text.splitlines() if "`sig-page-pricing`" in line)
        assert line.startswith(
            f"| Viewed pricing | page viewed: /pricing and below | {points} | 7 days | pages | yes |"
        )


def test_everything_that_has_no_line_of_its_own_is_there() -> None:
    agreement, text = checkout(), markdown(document(checkout(), AT))
    for row in agreement.in_force("definitions", AT.date()):
        assert f"({row.key}, version {row.cells['version']})" in text
        for who in row.cells["agreed_by"].split(","):
            assert f"{who.strip()}: ____" in text
    assert len(re.findall(r"\d\d:\d\d–\d\d:\d\d", text)) == len(agreement.in_force("calendars", AT.date()))
    ahead = {
        row.cells["holiday_on"]
        for row in agreement.rows("holidays")
        if AT.date() <= row["holiday_on"] < AT.date() + timedelta(days=365)
    }
    assert set(re.findall(r"^\| (\d{4}-\d\d-\d\d) \|", text, re.MULTILINE)) == ahead
    for row in agreement.in_force("pool_members", AT.date()):
        rep = next(each for each in agreement.in_force("reps", AT.date()) if each.key == row["rep_id"])
        assert re.search(rf"{rep['name']} \d+ %.*`{row['pool_id']}`", text)


def test_it_says_when_a_lead_is_an_mql_as_a_marketer_would() -> None:
    text = markdown(document(checkout(), AT))
    assert "# Agreement between marketing and sales of Brightwell\n" in text
    assert "its score is 65 or more, it did something that may start a handoff within the last 72 hours" in text
    assert "“Viewed pricing” is worth 12 points at once, 6 after 7 days and 3 after 14 days." in text
    assert "a rejected lead may qualify again after 30 days, one that sales was in touch with 30 days after" in text
    assert "| Ana Costa 33 % and Ben Okafor 67 % |" in text
    assert "| High intent | 3 business hours 12 minutes (80 %) | the manager is warned |" in text


def test_the_stamp_changes_with_any_cell_and_not_with_the_order_of_lines(seeds: Seeds) -> None:
    before = document(read(seeds.directory), AT).stamp
    assert f"platform-mql version 1; content {checkout().fingerprint}; read from" in before
    seeds.edit("pools", lambda text: b"".join([*text.splitlines(True)[:1], *sorted(text.splitlines(True)[1:])]))
    assert document(read(seeds.directory), AT).stamp == before
    seeds.change("pools", "na", why="Another reason")
    assert document(read(seeds.directory), AT).stamp != before


def test_nothing_live_is_said(seeds: Seeds) -> None:
    seeds.change("definitions", "platform-mql", status="draft")
    found = document(read(seeds.directory), AT)
    assert "No definition is live on this day, so that nobody is paged." in found.summary
    assert found.signatories == ("Marketing", "Sales")
    assert ids(found) == in_force(read(seeds.directory), AT.date())


def otherwise(column: Column, text: str) -> str:
    """Another cell of the column's type."""
    if column.accepted:
        return next((each for each in map(str, column.accepted) if each != text), text)
    if column.type == "date":
        return str(date.fromisoformat(text) + timedelta(days=1))
    if column.type in ("integer", "numeric"):
        return str(float(text) + 1).removesuffix(".0")
    return {"boolean": "false" if text == "true" else "true", "time": "07:07"}.get(column.type, f"{text} too")


def test_every_column_is_said_or_left_out_on_purpose() -> None:
    agreement = checkout()
    tables = {name: rows for name, rows in agreement.tables.items() if agreement.seeds[name].folder == "agreement"}
    said = document(replace(agreement, tables=tables), AT)
    unsaid = set()
    for table, rows in tables.items():
        seed = agreement.seeds[table]
        for name in seed.columns.keys() - {seed.key, "valid_from", "valid_to"}:
            others = tuple(
                Row(seed, row.line, row.cells | {name: otherwise(seed.columns[name], row.cells[name])}) for row in rows
            )
            found = document(replace(agreement, tables=tables | {table: others}), AT)
            if replace(found, stamp=said.stamp) == said:
                unsaid.add((table, name))
    assert unsaid == LEFT_OUT


def test_a_trial_and_another_product_are_told_from_what_is_promised(seeds: Seeds) -> None:
    seeds.add("definitions", "platform-mql", definition_id="trial", name="Stricter MQL", status="shadow")
    seeds.add("tiers", "high", tier_id="trial-high", definition_id="trial", response_minutes="30")
    seeds.add("escalations", "esc-high-warn", escalation_id="trial-warn", tier_id="trial-high")
    seeds.add("golden_cases", "gold-quote", case_id="trial-quote", definition_id="trial")
    seeds.add("commitments", "com-marketing-conversion", commitment_id="other", product_id="addon", target="0.40")
    seeds.change("enrichment_policy", "enrich-person", includes_free_mail="true")
    text = markdown(document(read(seeds.directory), AT))
    lines = {key: line for line in text.splitlines() for key in re.findall(r"`([^`]+)`", line)}
    live, trial = "| Brightwell platform MQL |", "| Stricter MQL (shadow: pages nobody) |"
    for begin, trials in (("high", "trial-high"), ("esc-high-warn", "trial-warn"), ("gold-quote", "trial-quote")):
        assert (lines[begin].startswith(live), lines[trials].startswith(trial)) == (True, True)
    assert "| platform | Marketing | Share of MQLs that become an SQL in time | 50 % |" in text
    assert "| addon | Marketing | Share of MQLs that become an SQL in time | 40 % |" in text
    assert "| By a private address |" in text
    assert lines["enrich-person"].startswith("| Person | 90 days | 30 days | 500 look-ups | yes |")


def test_what_cannot_be_read_does_not_stop_it(seeds: Seeds) -> None:
    for table in ("signals", "tiers", "definitions", "score_caps", "escalations"):
        key, *columns = seeds.rows(table)[0]
        seeds.change(table, seeds.rows(table)[0][key], **dict.fromkeys(columns, "?"))
    seeds.path("reps").unlink()
    assert markdown(document(read(seeds.directory), AT))


def test_the_browsers_page_says_the_same_and_runs_nothing(seeds: Seeds) -> None:
    hostile = "<script>alert(1)</script>"
    seeds.change("signals", "sig-page-blog", label=hostile, why="a | b <b>c</b>")
    agreement = read(seeds.directory)
    text = standalone(agreement, AT)
    assert Counter(re.findall(r"<code>([^<]+)</code>", text)) == in_force(agreement, AT.date())
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert (
        text.count("<caption>")
        == text.count("<table>")
        == sum(len(each.tables) for each in page(agreement, AT)["document"].sections)
    )
    assert r"\<script\>alert(1)\</script\>" in markdown(document(agreement, AT))
    assert r"a \| b \<b\>c\</b\>" in markdown(document(agreement, AT))


def test_the_web_app_shows_it_in_its_own_frame() -> None:
    server = {"scheme": "http", "server": ("127.0.0.1", 80), "headers": [], "query_string": b""}
    request = Request(
        {"type": "http", "method": "GET", "path": "/handoff/agreement", "root_path": "/handoff", **server}
    )
    body = bytes(render(request, TEMPLATE, page(checkout(), AT)).body).decode()
    assert Counter(re.findall(r"<code>([^<]+)</code>", body)) == in_force(checkout(), AT.date())
    assert body.count("<h1>") == 1
    assert " style=" not in body
    assert "<style" not in body
