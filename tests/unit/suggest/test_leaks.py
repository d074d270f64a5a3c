"""Columns that tell of the outcome are found whatever their names are, and honest ones stay."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handoff.suggest.columns import Column, columns
from handoff.suggest.leaks import Verdict, judge
from handoff.suggest.limits import Limits
from handoff.suggest.table import Wanted, read
from handoff.suggest.words import Vocabulary

from .conftest import Leads, Texts, make

REAL = Path(__file__).parents[4] / "shared/data/x_education/Leads_train.csv"
NAME = "Field 7"
"""It says nothing."""


def pick(leads: Leads, good: dict[str, float], bad: dict[str, float]) -> Texts:
    """A value for each lead, drawn by these shares for those that ended well and the others."""
    draw = leads.random.choice
    drawn = {
        True: draw(list(good), len(leads.outcome), p=list(good.values())),
        False: draw(list(bad), len(leads.outcome), p=list(bad.values())),
    }
    return [str(drawn[bool(end)][place]) for place, end in enumerate(leads.outcome)]


def numbers(leads: Leads, good: float, bad: float) -> Texts:
    return [f"{(good if end else bad) + leads.random.random():.2f}" for end in leads.outcome]


Make = Callable[[Leads], Texts]
LEAKS: dict[str, tuple[str, Make]] = {
    "the outcome in other words": ("alone", lambda leads: ["a" if end else "b" for end in leads.outcome]),
    "the outcome, wrong for one in twenty": ("alone", lambda leads: ["a" if end else "b" for end in leads.noisy(0.05)]),
    "money that only those pay who bought": (
        "alone",
        lambda leads: [f"{900 + 90 * leads.random.random():.0f}" if end else "0" for end in leads.outcome],
    ),
    "numbers that lie apart": ("alone", lambda leads: numbers(leads, 1.2, 0.0)),
    "filled in for half of those that bought": (
        "blank",
        lambda leads: ["gold" if end and leads.random.random() < 0.5 else "" for end in leads.outcome],
    ),
    "filled in for those that were lost": (
        "blank",
        lambda leads: [
            "" if end or leads.random.random() < 0.4 else f"x{place % 3}" for place, end in enumerate(leads.outcome)
        ],
    ),
    "filled in for nearly all that bought, and few others": (
        "blank",
        lambda leads: ["k" if leads.random.random() < (0.9 if end else 0.05) else "" for end in leads.outcome],
    ),
    "one value for those that bought alone": (
        "pure",
        lambda leads: pick(leads, {"p": 0.5, "q": 0.25, "r": 0.25}, {"p": 0.01, "q": 0.5, "r": 0.49}),
    ),
    "verdicts at both ends": (
        "verdicts",
        lambda leads: pick(leads, {"p": 0.2, "q": 0.795, "r": 0.005}, {"p": 0.01, "q": 0.79, "r": 0.2}),
    ),
}


def judged(
    leads: Leads, known: Limits, words: Vocabulary, /, keep: tuple[str, ...] = (), **more: Texts
) -> dict[str, Verdict]:
    """Verdicts by column; `_` in a keyword is a blank."""
    cells = {**leads.columns, **{name.replace("_", " "): texts for name, texts in more.items()}}
    every = columns(cells, words)
    return {each.column: each for each in judge(every, leads.outcome, words, known, keep)}


def rules(verdict: Verdict) -> set[str]:
    return {sign.rule for sign in verdict.signs if sign.is_enough}


@pytest.mark.parametrize(("rule", "made"), LEAKS.values(), ids=LEAKS)
def test_a_leak_with_an_innocent_name_is_left_out(
    rule: str, made: Make, leads: Leads, known: Limits, words: Vocabulary
) -> None:
    found = judged(leads, known, words, Field_7=made(leads))
    assert found[NAME].is_left_out
    assert rule in rules(found[NAME])
    assert {name for name, each in found.items() if each.is_left_out} == {NAME}


@pytest.mark.parametrize("seed", range(4))
def test_honest_columns_stay_however_strong(seed: int, known: Limits, words: Vocabulary) -> None:
    leads = make(seed=seed)
    honest = {
        # Nine of ten with it ended well, as of leads that somebody recommended.
        "Asked_for": pick(leads, {"demo": 0.4, "brochure": 0.6}, {"demo": 0.04, "brochure": 0.96}),
        "Stayed": [f"{(1.6 if end else 0) + leads.random.normal():.2f}" for end in leads.outcome],
        "Employer": ["" if leads.random.random() < (0.1 if end else 0.45) else "some" for end in leads.outcome],
        "Seen_at_a_fair": pick(leads, {"yes": 0.03, "no": 0.97}, {"yes": 0.0, "no": 1.0}),
    }
    found = judged(leads, known, words, **honest)
    assert [name for name, each in found.items() if each.is_left_out] == []


def test_where_few_buy_a_good_sign_is_no_verdict(known: Limits, words: Vocabulary) -> None:
    random = np.random.default_rng(5)
    outcome = random.random(6000) < 0.04
    form = ["demo" if random.random() < (0.5 if end else 0.03) else "newsletter" for end in outcome]
    leads = Leads({"Form": form, "Town": random.choice(["Bern", "Zug"], 6000).tolist()}, outcome, random)
    assert not judged(leads, known, words)["Form"].is_left_out


@pytest.mark.parametrize(
    "name",
    [
        *("Tags", "Lead Quality", "Activity Index", "profile_score", "hs_lead_status", "LifecycleStage", "Close Date"),
        *("Rejection reason", "hubspotscore", "IsConverted", "Deal Owner Id", "Rating", "call-result"),
    ],
)
def test_a_name_that_says_it_is_enough(name: str, leads: Leads, known: Limits, words: Vocabulary) -> None:
    cells = leads.random.choice(["p", "q"], len(leads.outcome)).tolist()
    (verdict,) = judge([Column(name, tuple(cells))], leads.outcome, words, known)
    assert verdict.is_left_out
    assert "name" in rules(verdict)
    assert "its name says" in verdict.signs[0].says


@pytest.mark.parametrize(
    "name",
    ["Marital Status", "Employment status", "Company stage", "annual_revenue", "Last name", "Stagecoach", "Indexing"],
)
def test_a_name_that_only_sounds_like_it_is_not(name: str, leads: Leads, known: Limits, words: Vocabulary) -> None:
    cells = leads.random.choice(["p", "q"], len(leads.outcome)).tolist()
    (verdict,) = judge([Column(name, tuple(cells))], leads.outcome, words, known)
    assert (verdict.is_left_out, verdict.signs) == (False, ())


def test_two_doubts_leave_out_and_one_does_not(leads: Leads, known: Limits, words: Vocabulary) -> None:
    one, other = (pick(leads, {"p": 0.4, "q": 0.59, "r": 0.01}, {"p": 0.07, "q": 0.68, "r": 0.25}) for _ in range(2))
    found = judged(leads, known, words, Field_7=one, Last_note=other, Profile=leads.columns["Town"])
    assert [each.is_left_out for each in (found[NAME], found["Last note"], found["Profile"])] == [False, True, False]
    assert [sign.rule for sign in found[NAME].signs] == ["verdicts"]
    assert [sign.rule for sign in found["Profile"].signs] == ["name"]


def test_what_was_written_over_another_column_is_left_out(leads: Leads, known: Limits, words: Vocabulary) -> None:
    before = leads.random.choice(["opened", "visited", "chatted", "wrote"], len(leads.outcome)).tolist()
    after = ["edited" if leads.random.random() < 0.3 else text for text in before]
    found = judged(leads, known, words, Field_6=before, Field_7=after)
    assert rules(found[NAME]) == {"written over"}
    assert not found["Field 6"].is_left_out
    other = judged(leads, known, words, Field_6=before, Field_7=leads.random.permutation(before).tolist())
    assert not other[NAME].is_left_out


def test_a_score_and_its_grade_are_left_out(leads: Leads, known: Limits, words: Vocabulary) -> None:
    scores = leads.random.integers(5, 20, len(leads.outcome))
    grades = ["01.High" if each > 15 else "02.Medium" if each > 9 else "03.Low" for each in scores]
    sizes = ["large" if each > 15 else "small" for each in scores]
    cells = [str(each) for each in scores]
    found = judged(leads, known, words, Field_6=cells, Field_7=grades)
    assert rules(found[NAME]) == rules(found["Field 6"]) == {"bands"}
    assert not any(each.is_left_out for each in judged(leads, known, words, Field_6=cells, Field_7=sizes).values())


def test_the_twin_of_what_is_left_out_is_left_out(leads: Leads, known: Limits, words: Vocabulary) -> None:
    tags = leads.random.choice(["t1", "t2", "t3"], len(leads.outcome))
    twin = [f"code {each}" if leads.random.random() < 0.98 else "code t9" for each in tags]
    found = judged(leads, known, words, Tags=tags.tolist(), Field_7=twin)
    assert rules(found[NAME]) == {"twin"}
    assert "Tags" in found[NAME].signs[-1].says


def test_what_tells_nothing_is_left_out(leads: Leads, known: Limits, words: Vocabulary) -> None:
    n = len(leads.outcome)
    days = [f"2026-{1 + place % 12:02}-{1 + place % 28:02}" for place in range(n)]
    found = judged(leads, known, words, One=["x"] * n, Key=[f"k{place}" for place in range(n)], Day=days)
    assert {name: rules(each) for name, each in found.items() if each.is_left_out} == {
        "One": {"constant"},
        "Key": {"identifier"},
        "Day": {"moment"},
    }


def test_a_person_decides_otherwise(leads: Leads, known: Limits, words: Vocabulary) -> None:
    tags = leads.random.choice(["t1", "t2"], len(leads.outcome)).tolist()
    every = columns({**leads.columns, "Tags": tags}, words)
    found = {each.column: each for each in judge(every, leads.outcome, words, known, ["Tags"], ["Town"])}
    assert (found["Tags"].is_left_out, found["Tags"].is_by_hand, len(found["Tags"].signs)) == (False, True, 1)
    assert (found["Town"].is_left_out, found["Town"].is_by_hand) == (True, True)


def test_a_number_that_many_have_is_a_class_of_its_own() -> None:
    column = Column("Paid", tuple(["0"] * 65 + [f"{900 + place}" for place in range(35)]))
    assert set(column.codes[:65]) & set(column.codes[65:]) == set()
    assert len(set(column.codes[65:])) > 2


if REAL.exists():
    ASSESSED = (
        *("Tags", "Lead Quality", "Lead Profile", "Last Notable Activity"),
        *("Asymmetrique Activity Index", "Asymmetrique Profile Index"),
        *("Asymmetrique Activity Score", "Asymmetrique Profile Score"),
    )
    HONEST = (
        *("Lead Origin", "Lead Source", "Do Not Email", "TotalVisits", "Total Time Spent on Website", "Country"),
        *("Page Views Per Visit", "Last Activity", "Specialization", "What is your current occupation", "City"),
        "What matters most to you in choosing a course",
    )

    @pytest.mark.parametrize("is_renamed", [False, True])
    def test_the_real_columns(is_renamed: bool, known: Limits, words: Vocabulary) -> None:
        table = read(REAL, Wanted("Converted", id="Lead Number"), words)
        names = {name: f"Field {place}" if is_renamed else name for place, name in enumerate(table.columns)}
        asked = (*ASSESSED, *HONEST)
        every = [Column(names[each.name], each.cells) for each in columns(table.columns, words) if each.name in asked]
        out = {each.column for each in judge(every, table.outcome, words, known) if each.is_left_out}
        assert out == {names[name] for name in ASSESSED}
