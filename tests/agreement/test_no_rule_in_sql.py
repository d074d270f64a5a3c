"""A number, list, date or name that a RevOps person may change is a row of the agreement, never a literal in SQL."""

import re
from pathlib import Path

import pytest

from .conftest import PROJECT, Rows

MODELS = sorted(
    path
    for path in (PROJECT / "models").rglob("*.sql")
    if path.parent.name in {"enrich", "score", "qualify", "route", "watch", "review", "gates", "marts", "policy"}
)
MACROS = sorted((PROJECT / "macros").glob("*.sql"))

# Arithmetic and the shape of things: identities, the base of a half-life, hundredths of points, milliseconds, a minute.
NUMBERS = {"0", "1", "2", "3", "4", "200", "1000", "15", "9", "14", "18", "20", "10", "12", "100", "0.5", "0.001"}
ONLY_IN = {
    "4": {"rpt_weekly_counts.sql"},
    "3": {"rpt_weekly_counts.sql"},
    # Hundredths of points, and how near to the middle of two of them doubles may err.
    **{number: {"rules.sql"} for number in ("100", "0.5", "0.001")},
    # Shares of credit are counted in so many decimals.
    **{number: {"int_touch_credits.sql"} for number in ("10", "12")},
    # Lengths in patterns that read numbers and instants, and the length of a line that a rep reads.
    **{number: {"casts.sql", "readable.sql"} for number in ("9", "14", "15", "18", "20", "1000")},
    "200": {"casts.sql", "readable.sql", "rules.sql"},
}
NUMBER = re.compile(r"(?<![\w.'\"{-])\d+(?:\.\d+)?(?![\w'\"])")
TEXT = re.compile(r"'((?:[^']|'')*)'")


def code(path: Path) -> str:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"--[^\n]*", "", text)


@pytest.mark.parametrize("path", MODELS + MACROS, ids=lambda path: path.name)
def test_no_number_that_somebody_may_want_to_change(path: Path) -> None:
    found = set(NUMBER.findall(TEXT.sub("''", code(path))))
    stray = {number for number in found if number not in NUMBERS or path.name not in ONLY_IN.get(number, {path.name})}
    assert not stray, f"{path.relative_to(PROJECT)} holds {sorted(stray)}: make it a row in seeds/agreement"


@pytest.mark.parametrize("path", MODELS + MACROS, ids=lambda path: path.name)
def test_no_value_of_the_agreement_is_repeated(path: Path, seeds: dict[str, Rows]) -> None:
    """Ids, names and values of rules stand in rows only; the words that give a column its meaning may be used."""
    vocabulary = {
        *("fit", "engagement", "rule", "group", "family", "total", "*", "fact", "all_activity", "live", "none", "any"),
        *(
            "account_owner",
            "open_deal_owner",
            "contact_owner",
            "territory",
            "fallback",
            "person",
            "organization",
            "true",
            "false",
        ),
        *("page_viewed", "email_opened", "email_clicked", "form_submitted", "prefix", "exact", "mql", "disqualified"),
        *(
            "waiting",
            "not_yet",
            "acceptance_rate",
            "conversion_rate",
            "sla_attainment",
            "handoffs_per_week",
            "unknown",
            "industry",
        ),
        *("is_known", "equals", "one_of", "none_of", "ends_with", "at_least", "at_most", "between", "country"),
        *("employees", "title", "accepted", "rejected", "contacted", "email", "company", "call", "meeting"),
        *("acts", "signals", "shadow", "sql", "won", "source", "campaign", "content", "linear", "time_decay"),
        *("minutes_behind", "refused", "times_usual", "missing_share", "quarantined_share", "moved_share"),
        *("oldest_minutes", "two_current_owners", "sent_without_id", "inbox", "outbox", "leads", "messages"),
        *("hubspot_contacts", "hubspot_calls", "hubspot_meetings", "hubspot_companies"),
        *("hubspot_events", "hubspot_form_submissions"),
        *("first_touch", "last_touch", "position", "handed_off", "answered", "reached_stage", "reroute"),
        # What is kept, of which the row says how long.
        *("lead", "handoffs", "rep", "shadow_decisions"),
    }
    values = {value for rows in seeds.values() for row in rows for value in row.values()} - vocabulary
    used = {text for text in TEXT.findall(code(path)) if text in values}
    assert not used, f"{path.relative_to(PROJECT)} repeats {sorted(used)}: read it from the row instead"


def test_a_planted_rule_is_found(tmp_path: Path, seeds: dict[str, Rows]) -> None:
    planted = tmp_path / "int_planted.sql"
    planted.write_text("select * from leads where score >= 65 and tier = 'hand_raiser' -- 99\n", encoding="utf-8")
    assert NUMBER.findall(TEXT.sub("''", code(planted))) == ["65"]
    values = {value for rows in seeds.values() for row in rows for value in row.values()}
    assert [text for text in TEXT.findall(code(planted)) if text in values] == ["hand_raiser"]


def test_one_clock() -> None:
    forbidden = re.compile(r"\b(now\s*\(|current_date|current_timestamp|clock_timestamp|statement_timestamp|localtime)")
    assert [path.name for path in MODELS + MACROS if forbidden.search(code(path))] == []
