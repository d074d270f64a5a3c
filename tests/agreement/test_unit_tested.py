"""Every model with a rule, a window or a time has a unit test of its own, or a reason why another test shows it."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from .conftest import PROJECT
from .test_no_rule_in_sql import MODELS, code

DECIDES = re.compile(
    r"\b(?:was_in_force|is_in_force|as_of|as_of_date|known_by|interval|make_interval|case"
    r"|decayed|fact_matches|subject_matches|tier_of)\b"
)
KNOWN_BY_ALONE = "tests/integration/test_dbt.py::nothing_is_seen_before_it_was_known"
"""Staging models whose one condition is that a record was there by the moment."""


@cache
def unit_tested() -> frozenset[str]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (PROJECT / "models").rglob("*.yml")]
    return frozenset(each["model"] for file in files for each in file.get("unit_tests", ()))


def conditions(path: Path) -> set[str]:
    # A column may be called like the macro.
    return set(DECIDES.findall(re.sub(r"\b(?:\w+\.)?as_of\b(?!\()", "", code(path))))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_that_decides_has_a_unit_test(path: Path) -> None:
    found = conditions(path)
    is_shown = "staging" in path.parts and found == {"known_by"}
    assert not found or path.stem in unit_tested() or is_shown, f"{path.stem} has {sorted(found)} and no unit test"


def test_no_exception_outlives_its_reason() -> None:
    file, _, test = KNOWN_BY_ALONE.partition("::")
    assert f"def {test}(" in (PROJECT.parent / file).read_text(encoding="utf-8")


def test_a_model_without_one_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "int_planted.sql"
    for text, found in (
        ("select leads.as_of, extracted_at as as_of from leads", set()),
        ("select * from rules where {{ is_in_force() }}", {"is_in_force"}),
        ("select * from leads where at > {{ as_of() }}", {"as_of"}),
        ("select case when score > 1 then 2 end as x -- interval", {"case"}),
        ("select at + make_interval(days => 1) as x, '1 day'::interval as y", {"make_interval", "interval"}),
        (
            "select {{ decayed('points', 'at') }}, {{ tier_of('decided') }} from acts",
            {"decayed", "tier_of"},
        ),
        (
            "select {{ fact_matches('a', 'b', 'c') }} from acts where {{ subject_matches('a', 'b', 'c') }}",
            {"fact_matches", "subject_matches"},
        ),
    ):
        planted.write_text(text, encoding="utf-8")
        assert conditions(planted) == found
