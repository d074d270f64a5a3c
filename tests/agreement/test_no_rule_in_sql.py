"""A number, list, date or name that a RevOps person may change is a row of the seeds, never a literal in SQL."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import PROJECT, Rows, read

MODELS = sorted((PROJECT / "models").rglob("*.sql"))
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
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")
TEXT = re.compile(r"'((?:[^']|'')*)'|\"([^\"]*)\"")
AMOUNT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*(?:%|[a-z]*)\s*")
"""A text that is a number, alone or with its unit."""
AMOUNTS = {
    # The unit of a clock, and the length of a day on it.
    **dict.fromkeys(("1 minute", "1 hour", "1 day", "1 week", "1 year", "24 hours"), None),
    # Decimals of a share, and the quantile of Wilson's interval.
    **dict.fromkeys(("4", "1.959964"), "clauses.sql"),
    # What a median is, and the tail that a column is named for.
    **dict.fromkeys(("0.5", "0.9"), "review.sql"),
}
"""Amounts that are no rule, with the file where they may stand; None for any."""

VARIABLES = {
    *("open_intervals_days_back", "open_intervals_days_ahead", "score_timeline_days", "gate_weeks_back"),
    # How many leads one build follows.
    *("moved_leads_at_most", "leads_caught_up"),
    # For how long a handoff that has ended is still looked at, and when the CRM is told to be behind the ledger.
    *("late_contact_days", "write_back_minutes"),
}
"""What dbt's variables are for: the horizons of models. What sales and marketing agree on is a row."""


def code(path: Path) -> str:
    """A file without comments, and without the names of the tables that it reads."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"--[^\n]*|\b(source|ref)\([^)]*\)", "", text)


def texts(text: str) -> Iterator[str]:
    """What stands between quotes, SQL's and Jinja's; a rule may hide as a pattern or in a list."""
    for single, double in TEXT.findall(text):
        yield single or double


def numbers(text: str) -> set[str]:
    """Numbers outside of quotes."""
    return set(NUMBER.findall(TEXT.sub("''", text)))


def amounts(text: str) -> set[str]:
    """Texts that are a number."""
    return {each for each in texts(text) if AMOUNT.fullmatch(each)}


def values(seeds: Iterable[Rows]) -> set[str]:
    """Every cell of the seeds, and of those that hold a list each item."""
    cells = {value for rows in seeds for row in rows for value in row.values()}
    return {part.strip() for cell in cells for part in (cell, *cell.split(";"))} - {""}


def repeated(text: str, known: set[str]) -> set[str]:
    """Texts that are a value of the seeds, or the fixed part of a pattern that looks for one."""
    return {each for each in texts(text) if {each, each.strip("%_")} & known}


@pytest.fixture(scope="session")
def rules(seeds: dict[str, Rows]) -> set[str]:
    """Values of the agreement and of the reference seeds."""
    return values([*seeds.values(), *(read(path) for path in sorted((PROJECT / "seeds" / "reference").glob("*.csv")))])


@pytest.mark.parametrize("path", MODELS + MACROS, ids=lambda path: path.name)
def test_no_number_that_somebody_may_want_to_change(path: Path) -> None:
    found = numbers(code(path))
    stray = {number for number in found if number not in NUMBERS or path.name not in ONLY_IN.get(number, {path.name})}
    stray |= {each for each in amounts(code(path)) if AMOUNTS.get(each, "nowhere") not in (None, path.name)}
    assert not stray, f"{path.relative_to(PROJECT)} holds {sorted(stray)}: make it a row in seeds/agreement"


@pytest.mark.parametrize("path", MODELS + MACROS, ids=lambda path: path.name)
def test_no_value_of_the_seeds_is_repeated(path: Path, rules: set[str]) -> None:
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
        *("hubspot_events", "hubspot_form_submissions", "hubspot_communications", "hubspot_emails"),
        *("first_touch", "last_touch", "position", "handed_off", "answered", "reached_stage", "reroute"),
        # What is kept, of which the row says how long.
        *("lead", "handoffs", "rep", "shadow_decisions"),
        # How an account was matched, what a mailbox was, and what a record of the CRM is.
        *("association", "domain", "name", "mail", "event", "communication", "lifecyclestage"),
        # Which of the CRM's properties, and which fact, the rows' values are of.
        *("contacts.hs_lead_status", "contacts.lifecyclestage", "lifecycle_stage", "company_lifecycle_stage"),
        "COMPLETED_WITHOUT_DURATION",
        # Words for columns and labels of the review, of which leak_words has some as well.
        *("reason", "stage", "owner", "segment", "conversion", "converted", "contract", "id", "+", "-"),
        # A limit's id, by which its row is read, and amounts that are judged as such above.
        *("maturity_days", *AMOUNTS),
    }
    used = repeated(code(path), rules - vocabulary)
    assert not used, f"{path.relative_to(PROJECT)} repeats {sorted(used)}: read it from the row instead"


@pytest.mark.parametrize(
    ("planted", "number", "value"),
    [
        ("select * from leads where score >= 65 -- 99", "65", None),
        ("select * from leads where score > -65", "65", None),
        ("select * from leads where tier = 'hand_raiser'", None, "hand_raiser"),
        ("select * from leads where country in ('CU', 'IR')", None, "CU"),
        ("select * from leads where email_domain like '%.edu'", None, "%.edu"),
        ("select * from leads where industry = 'Software'", None, "Software"),
        ("select * from leads where seniority = 'vp'", None, "vp"),
        ("select * from leads where at > {{ as_of() }} - interval '30 days'", "30 days", None),
        ("select * from leads where share > '65'", "65", None),
        ('{%- set most = "65" -%} select * from leads where score >= {{ most }}', "65", None),
        ('{%- set tier = "hand_raiser" -%} select 1', None, "hand_raiser"),
        ("{%- set most = 65 -%} select 1", "65", None),
        # A macro's comment, a pattern that reads a number, and a format are no rules.
        ("{# 65 'hand_raiser' #} select to_char(at, 'HH24:MI') from leads where id ~ '^[0-9]{1,20}$'", None, None),
    ],
)
def test_a_planted_rule_is_found(
    planted: str, number: str | None, value: str | None, tmp_path: Path, rules: set[str]
) -> None:
    path = tmp_path / "int_planted.sql"
    path.write_text(planted, encoding="utf-8")
    text = code(path)
    stray = (numbers(text) - NUMBERS) | (amounts(text) - AMOUNTS.keys())
    assert stray == ({number} if number else set())
    found = repeated(text, rules)
    assert (value in found) if value else (found <= stray)


def test_a_variable_says_how_far_the_models_look_and_no_rule() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"].keys() == VARIABLES


def test_one_clock() -> None:
    forbidden = re.compile(r"\b(now\s*\(|current_date|current_timestamp|clock_timestamp|statement_timestamp|localtime)")
    assert [path.name for path in MODELS + MACROS if forbidden.search(code(path))] == []
