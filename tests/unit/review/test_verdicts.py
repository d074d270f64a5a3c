"""What follows from a ranking of clauses: which are faulty beyond chance, and what to try about them."""

import shlex
from datetime import date
from typing import Any

import pytest

from handoff.agreement import source
from handoff.agreement.check import problems
from handoff.agreement.document import markdown
from handoff.agreement.what_if import Edit, changed, parse
from handoff.review.performance import Performance, Share, faults, interval
from handoff.review.remedies import remedy
from handoff.review.verdicts import document, verdicts

DAY = date(2026, 6, 1)
NONE = Share(0, None, None, None, None)
BAD = Share(100, 0.4, 0.3094, 0.498, 0.1)
FINE = Share(100, 0.4, 0.3094, 0.498, 0.4)


def performance(kind: str = "signal", clause_id: str = "sig-page-pricing", **changes: Any) -> Performance:
    values: dict[str, Any] = {
        **{"definition_id": "platform-mql", "definition_version": "1", "place": 1, "label": "Viewed pricing"},
        **{"handoffs": 120, "answered": 100, "accepted": 60, "rejected": 40, "accused": 40, "matured": 100},
        **{"converted": 10, "points": 1250.5, "rejection": FINE, "accusation": FINE, "conversion": FINE},
    }
    return Performance(**values | {"clause_kind": kind, "clause_id": clause_id} | changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, []),
        ({"accusation": BAD}, ["40 % (31 to 50 %) of answers accuse it, by chance 10 % would"]),
        ({"rejection": BAD}, ["40 % (31 to 50 %) rejected, of all handoffs 10 %"]),
        ({"conversion": BAD}, []),
        ({"conversion": Share(100, 0.1, 0.0552, 0.1744, 0.3)}, ["10 % (6 to 17 %) became SQL, of all handoffs 30 %"]),
        ({"accusation": Share(100, 0.4, 0.3094, 0.498, 0.3094)}, []),
        ({"rejection": Share(19, 1.0, 0.8318, 1.0, 0.1)}, []),
        ({"accusation": NONE, "rejection": NONE, "conversion": NONE}, []),
    ],
)
def test_a_fault_is_what_the_interval_supports(changes: dict[str, Share], says: list[str]) -> None:
    assert faults(performance(**changes), 20) == says


def test_an_interval_is_read_as_per_cent() -> None:
    assert interval(Share(10, 0.0, 0.0, 0.2775, 0.1)) == "0 % (0 to 28 %)"
    assert interval(NONE) == "–"


@pytest.mark.parametrize(
    ("kind", "clause_id", "command", "says"),
    [
        ("signal", "sig-page-pricing", "sig-page-pricing:points=6", "Try points 12 → 6"),
        ("signal", "sig-page-blog", "sig-page-blog:points=0", "Try points 1 → 0"),
        ("signal", "sig-form-demo", "sig-form-demo:is_hand_raiser=false", "Try is_hand_raiser true → false"),
        ("fit", "fit-seniority-top", "fit-seniority-top:points=7", "Try points 15 → 7"),
        ("fit", "fit-size-tiny", None, "Edit seeds/agreement/fit_points.csv:12 ("),
        ("requirement", "req-company-size", "req-company-size:value=50", "Try value 20 → 50"),
        ("requirement", "req-region", None, "Edit seeds/agreement/requirements.csv:3 ("),
        ("threshold", "platform-mql", "platform-mql:threshold=70", "Try threshold 65 → 70"),
        ("disqualifier", "dq-competitor", None, "Edit seeds/agreement/disqualifiers.csv:2 (competitor: yes)"),
        ("behaviour", "beh-active-interest", "beh-active-interest:min_count=2", "Try min_count 1 → 2"),
        ("signal", "sig-gone", None, "It is no longer in force"),
        ("rule", "sig-page-blog", None, "It is no longer in force"),
    ],
)
def test_the_next_stricter_value_is_named_where_there_is_one(
    kind: str, clause_id: str, command: str | None, says: str
) -> None:
    agreement = source()
    edit, told = remedy(agreement, performance(kind, clause_id), DAY)
    assert edit == (parse(command) if command else None)
    assert told.startswith(says)
    if edit:
        assert [each for each in problems(changed(agreement, [edit], DAY)) if each.severity == "error"] == []


def test_a_size_beyond_every_class_has_no_next_value() -> None:
    agreement = changed(source(), [Edit("req-company-size", "value", "1000")], DAY)
    edit, told = remedy(agreement, performance("requirement", "req-company-size"), DAY)
    assert edit is None
    assert told == "Edit seeds/agreement/requirements.csv:2 (employees: 1000 or more) and backtest the copy with --to"


def test_a_value_that_could_not_go_live_is_not_suggested() -> None:
    """From 998 the next five points lead beyond what a threshold may be."""
    agreement = changed(source(), [Edit("platform-mql", "threshold", "998")], DAY)
    edit, told = remedy(agreement, performance("threshold", "platform-mql"), DAY)
    assert edit is None
    assert told.startswith("Edit seeds/agreement/definitions.csv:2")


def test_only_the_worst_of_the_version_in_force_are_suggested_about() -> None:
    ids = ("sig-page-blog", "sig-page-docs", "sig-page-pricing", "sig-page-demo", "sig-page-product")
    rows = [
        performance(clause_id=each, place=place, rejection=FINE if place == 2 else BAD)
        for place, each in enumerate(ids, 1)
    ]
    old = [performance(definition_version="0", clause_id="sig-page-security", rejection=BAD)]
    found = verdicts([*old, *rows], source(), DAY)
    assert [each.clause_id for each in found.suggestions] == ["sig-page-blog", "sig-page-pricing", "sig-page-demo"]
    assert [each.command for each in found.suggestions] == [
        "handoff backtest --change sig-page-blog:points=0",
        "handoff backtest --change sig-page-pricing:points=6",
        "handoff backtest --change sig-page-demo:points=5",
    ]
    assert shlex.split(found.suggestions[0].command or "")[-1] == "sig-page-blog:points=0"
    text = markdown(document(found))
    assert "## platform-mql, version 0" in text
    assert "| 3 | `sig-page-pricing` | Viewed pricing (signal) | 120 | 100 | 40 % (31 to 50 %) |" in text
    assert "sig-page-blog: 40 % (31 to 50 %) rejected, of all handoffs 10 %. Try points 1 → 0: handoff backtest" in text


def test_it_says_when_there_is_nothing_to_say() -> None:
    for rows, says in (
        ([], "Nothing: no handoff has been made"),
        ([performance(answered=19)], "Nothing yet: 19 handoffs by the version in force were answered, and it takes 20"),
        ([performance(definition_version="0", rejection=BAD)], "Nothing yet: 0 handoffs by the version in force were"),
        ([performance()], "Nothing: no clause does worse than the others"),
    ):
        found = verdicts(rows, source(), DAY)
        assert found.suggestions == ()
        assert says in markdown(document(found))
