"""`handoff agreement suggest --from FILE`: what is printed, what is refused, and that nothing changes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from handoff.agreement.check import problems
from handoff.agreement.source import read
from handoff.cli import app
from handoff.settings import settings

from .conftest import Leads, make
from .test_leaks import REAL
from .test_patch import apply, project

__all__ = ["project"]

ON = "2190-01-01"
"""Not past, whenever the tests run."""


def run(path: Path, *words: str, outcome: str = "Ended") -> Result:
    return CliRunner().invoke(
        app, ["agreement", "suggest", "--from", str(path), "--outcome", outcome, "--on", ON, *words]
    )


def found(path: Path, *words: str, **more: str) -> dict[str, Any]:
    done = run(path, "--json", *words, **more)
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.output)
    return answer


def points(answer: dict[str, Any]) -> dict[str, float]:
    return {each["item"]["id"]: each["points"] for each in answer["sheet"]["suggestions"]}


@pytest.fixture
def path(leads: Leads, tmp_path: Path) -> Path:
    tags = ["called back" if end else "no answer" for end in leads.noisy(0.03)]
    return leads.write(tmp_path / "leads.csv", **{"Field 7": tags})


def test_points_are_those_that_the_outcomes_were_made_by(path: Path) -> None:
    answer = found(path, "--id", "Number")
    worth = points(answer)
    # The commonest value is what the others are held against.
    sources = {name: worth.get(f"Came from = {name}", 0) for name in ("referral", "search", "advert")}
    assert sources["referral"] - 10 > sources["search"] > sources["advert"]
    assert not any(each for name, each in worth.items() if name.startswith("Town"))
    steps = [each for name, each in worth.items() if name.startswith("Minutes on the site ≥")]
    assert sum(steps) > 20
    assert min(steps) >= 0
    assert [each["column"] for each in answer["columns"] if each["is_left_out"]] == ["Field 7"]
    assert (answer["learned_from"], answer["judged_by"]) == (1400, 600)
    suggested, plain = (answer["ways"][name] for name in answer["compared"])
    assert suggested["auc"]["low"] > 0.7
    assert suggested["auc"]["value"] < 0.9
    assert answer["difference"]["value"] == pytest.approx(suggested["auc"]["value"] - plain["auc"]["value"])
    assert 0.8 < suggested["slope"] < 1.25
    assert sum(each["n"] for each in suggested["tenths"]) == 600
    assert suggested["tenths"][0]["lift"] > 1.5 > 0.5 > suggested["tenths"][-1]["lift"]


def test_the_same_file_gives_the_same_bytes(path: Path) -> None:
    assert run(path, "--json").output == run(path, "--json").output


def test_what_is_read_by_people_says_the_same(path: Path) -> None:
    done = run(path, "--id", "Number")
    assert done.exit_code == 0, done.output
    for text in (
        "Learned from the earlier 1400, judged by the later 600, by the number in Number",
        "it alone tells outcomes apart with AUC 0.9",
        "suggested points",
        "one point for each",
        "AUC +",
        "every lead starts with",
        "Came from = referral",
        "There is no diff of the seeds",
    ):
        assert text in done.output, text


def test_scores_of_today_are_compared_on_the_same_leads(leads: Leads, tmp_path: Path) -> None:
    today = [f"{(40 if text == 'advert' else 70)}" for text in leads.columns["Came from"]]
    path = leads.write(tmp_path / "leads.csv", Points=today)
    answer = found(path, "--today", "Points")
    assert answer["compared"] == ["suggested points", "points of today"]
    assert answer["difference"]["low"] > 0
    assert not any(each["column"] == "Points" for each in answer["columns"])


def test_the_later_leads_judge(leads: Leads, tmp_path: Path) -> None:
    """What held of the earlier leads holds no longer: points that were learned from them rank the wrong way round."""
    n = len(leads.outcome)
    turned = [("a" if end else "b") if leads.random.random() < 0.6 else "c" for end in leads.outcome]
    late = [{"a": "b", "b": "a"}.get(text, text) for text in turned]
    cells = [late[place] if place % 10 < 3 else turned[place] for place in range(n)]
    days = [f"2026-{'09' if place % 10 < 3 else '02'}-{1 + place % 28:02}T10:00:00Z" for place in range(n)]
    path = Leads({"Field 7": cells, "Day": days}, leads.outcome, leads.random).write(tmp_path / "leads.csv")
    answer = found(path, "--at", "Day", "--keep", "Field 7")
    assert answer["judged_by"] == 600
    assert answer["ways"]["suggested points"]["auc"]["high"] < 0.5


def test_without_a_moment_the_number_of_each_lead_orders_them(leads: Leads, tmp_path: Path) -> None:
    path = leads.write(tmp_path / "leads.csv")
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    answer = found(path)
    assert answer["order"].startswith("the number in Number, because")
    path.write_text("".join([header, *reversed(rows)]), encoding="utf-8")
    assert found(path) == answer
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.partition(",")[2] for line in text.splitlines()), encoding="utf-8")
    assert found(path)["order"].startswith("the order of the file, because")


def test_a_person_decides_about_columns(path: Path) -> None:
    kept = found(path, "--keep", "Field 7")
    assert kept["ways"]["suggested points"]["auc"]["low"] > 0.9
    (told,) = [each for each in kept["columns"] if each["column"] == "Field 7"]
    assert (told["is_left_out"], told["is_by_hand"]) == (False, True)
    left = found(path, "--leave-out", "Came from")
    assert not any(name.startswith("Came from") for name in points(left))


def test_columns_that_are_facts_become_rows(leads: Leads, tmp_path: Path, project: Path) -> None:
    path = leads.write(tmp_path / "leads.csv", Industry=leads.columns["Came from"])
    patch = tmp_path / "points.patch"
    done = run(path, "--as", "Came from=first_source", "--write", str(patch))
    assert done.exit_code == 0, done.output
    assert "No row for “Industry = " not in done.output.replace("first_source", "")
    apply(patch.read_text(encoding="utf-8"), project.parent)
    after = read(project)
    assert list(problems(after)) == []
    assert [row["version"] for row in after.rows("definitions")] == ["1", "2"]
    (row,) = after.rows("fit_points", rule_id="fit-first-source-referral")
    assert (row["field"], row["operator"], row["value"]) == ("first_source", "equals", "referral")
    assert row["points"] > 10
    assert str(row["valid_from"]) == ON
    assert "with it and" in row["why"]


def test_a_value_that_the_agreement_does_not_know_becomes_no_row(leads: Leads, tmp_path: Path) -> None:
    path = Leads({"Industry": leads.columns["Came from"]}, leads.outcome, leads.random).write(tmp_path / "leads.csv")
    answer = found(path)
    assert answer["patch"] == ""
    assert any(each.startswith("No row for “Industry = referral”: ") for each in answer["notes"])


def test_nothing_changes_but_the_new_file(path: Path, tmp_path: Path) -> None:
    tree = settings().dbt_project
    before = {each: each.read_bytes() for each in (tree / "seeds").rglob("*") if each.is_file()}
    patch = tmp_path / "points.patch"
    assert run(path, "--as", "Came from=first_source", "--write", str(patch)).exit_code == 0
    assert {each: each.read_bytes() for each in (tree / "seeds").rglob("*") if each.is_file()} == before
    written = patch.read_bytes()
    done = run(path, "--as", "Came from=first_source", "--write", str(patch))
    assert (done.exit_code, patch.read_bytes()) == (1, written)
    assert "is there already: name a new file" in done.output


@pytest.mark.parametrize(
    ("content", "words", "says"),
    [
        ("", (), "is empty: its first line must name the columns"),
        ("A,B\n1,2\n", (), "has no column 'Ended': it has A, B"),
        ('Ended,A\nwon,"x\n', (), "line 2"),
        ("Ended,A\nperhaps,x\nmaybe,y\n", (), "nobody can tell which values are good"),
        ("Ended,A\nwon,x\nlost,y\n", (), "too few outcomes to learn from"),
        ("Ended,A\nwon,x\nlost,y\n", ("--at", "A"), "'x' in A is no moment"),
        ("Ended,A\nwon,x\nlost,y\n", ("--today", "A"), "A is to be the score of now"),
        ("Ended,A\nwon,x\nlost,y\n", ("--as", "A"), "'A' names no column and fact"),
        ("Ended,A\nwon,x\nlost,y\n", ("--on", "2020-01-01"), "2020-01-01 is not in the future"),
    ],
)
def test_what_cannot_be_is_one_sentence(content: str, words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(content)
    done = run(path, *words)
    assert done.exit_code == 1
    assert says in done.output
    assert "Traceback" not in done.output


def test_a_fact_that_is_none_and_nothing_to_learn_from(leads: Leads, tmp_path: Path) -> None:
    path = leads.write(tmp_path / "leads.csv")
    assert "'colour' is no fact of the agreement" in run(path, "--as", "Town=colour").output
    same = Leads({"Town": ["Bern"] * len(leads.outcome)}, leads.outcome, leads.random).write(tmp_path / "same.csv")
    assert "no column may be learned from" in run(same).output
    alone = CliRunner().invoke(app, ["agreement", "suggest", "--outcome", "Ended"])
    assert "--from FILE --outcome COLUMN" in alone.output


def test_files_as_others_write_them(leads: Leads, tmp_path: Path) -> None:
    path = leads.write(tmp_path / "leads.csv")
    text = path.read_text(encoding="utf-8").replace("Bern", "Zürich").replace("lost", "")
    lost = text.replace(",\n", ",Nein\n").replace(",", ";")
    path.write_text(lost.replace("won", "Ja") + "only;two\n5;Bern;2;advert;\n", encoding="cp1252")
    answer = found(path, "--good", "Ja")
    assert answer["left_out"] == {"row with another number of cells": 1, "outcome unknown": 1}
    assert answer["learned_from"] + answer["judged_by"] == len(leads.outcome)
    assert any("Zürich" in name for name in points(answer)) or "Zürich" in path.read_text(encoding="cp1252")


def test_made_up_noise_is_given_no_points(tmp_path: Path) -> None:
    leads = make(seed=9)
    shuffled = Leads(leads.columns, leads.random.permutation(leads.outcome), leads.random)
    answer = found(shuffled.write(tmp_path / "leads.csv"))
    assert sum(each != 0 for each in points(answer).values()) <= 1
    assert answer["ways"]["suggested points"]["auc"]["low"] <= 0.5


def test_values_of_hardly_anybody_are_no_conditions(leads: Leads, tmp_path: Path) -> None:
    many = [f"v{place % 400}" for place in range(len(leads.outcome))]
    few = ["often" if place % 5 else f"rare {place % 3}" for place in range(len(leads.outcome))]
    answer = found(leads.write(tmp_path / "leads.csv", Many=many, Few=few))
    assert {name for name in points(answer) if name.startswith(("Many", "Few"))} == {
        f"Few = rare {n}" for n in range(3)
    }


if REAL.exists():

    def test_real_leads_rank_clearly_better_than_by_plain_points(capsys: pytest.CaptureFixture[str]) -> None:
        answer = found(REAL, "--id", "Lead Number", outcome="Converted")
        ways, gain = answer["ways"], answer["difference"]
        with capsys.disabled():
            told = ", ".join(f"{name} {each['auc']['value']:.3f}" for name, each in ways.items())
            print(f"\nAUC on the later {answer['judged_by']} leads: {told}")
            print(f"gain {gain['low']:+.3f} to {gain['high']:+.3f}")
        assert gain["low"] > 0.1
        assert ways["suggested points"]["auc"]["low"] > 0.85
        assert 0.85 < ways["suggested points"]["slope"] < 1.15
