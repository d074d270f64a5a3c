"""The proposed change applies, is sound, keeps the past, and leaves everything else as it stands."""

import csv
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from handoff.agreement import source
from handoff.agreement.check import problems
from handoff.agreement.diff import changes
from handoff.agreement.source import read
from handoff.settings import settings
from handoff.suggest.model import CannotSuggest
from handoff.suggest.patch import propose
from handoff.suggest.rules import Rules, rules
from handoff.suggest.sheet import Reach, Sheet, Suggestion

TODAY, ON = date(2026, 11, 25), date(2026, 12, 1)
LEARNED = "learned from 700 handoffs"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the dbt project's seeds and models, which the settings name."""
    there = settings().dbt_project
    for folder in ("seeds", "models"):
        shutil.copytree(there / folder, tmp_path / "dbt_project" / folder)
    monkeypatch.setenv("HANDOFF_DBT_PROJECT", str(tmp_path / "dbt_project"))
    settings.cache_clear()
    yield tmp_path / "dbt_project"
    monkeypatch.undo()
    settings.cache_clear()


def sheet(found: Rules, threshold: float = 65.0, **points: float) -> Sheet:
    """Suggestions for every rule; changed are those that are named, with `_` for `-`."""
    new = {name.replace("_", "-"): value for name, value in points.items()}
    return Sheet(
        tuple(
            Suggestion(
                item,
                new.get(item.id, item.today or 0.0),
                "changed" if item.id in new else "unsure",
                *(120, 0.42, 0.2, 0.61, 0.3, 0.92),
            )
            for item in found.items
        ),
        0.0,
        12.0,
        threshold,
        Reach(900, 120, 118),
    )


def apply(patch: str, where: Path) -> None:
    (where / "change.patch").write_text(patch, encoding="utf-8")
    subprocess.run(["git", "apply", "--verbose", "change.patch"], cwd=where, check=True, capture_output=True)


def test_it_applies_is_sound_and_changes_what_it_says(project: Path) -> None:
    before = source()
    found = rules(before, TODAY)
    patch = propose(before, found, sheet(found, sig_page_docs=9, sig_page_blog=-2, fit_region_core=7), ON, LEARNED)
    apply(patch, project.parent)
    after = read(project)
    assert list(problems(after)) == []
    told = [str(each) for each in changes(before, after, TODAY)]
    assert [each.partition(" (")[0] for each in told] == [
        "definitions platform-mql: version 1 → 2, agreed_by Maya Lind",
        "fit_points fit-region-core: points 5 → 7 from 2026-12-01",
        "signals sig-page-blog: points 1 → -2 from 2026-12-01",
        "signals sig-page-docs: points 4 → 9 from 2026-12-01",
    ]
    assert not any("what was in force" in each for each in told)
    (row,) = after.in_force("signals", ON, rule_id="sig-page-docs")
    assert row["why"] == (
        "Was 4. Ended well: 42% with it and 20% without it, of 120 that had it; all else equal log-odds +0.61 "
        "(+0.30 to +0.92), learned from 700 handoffs"
    )
    assert (row["half_life_days"], row["cap_group"], row["match_value"]) == (7, "pages", "/docs")
    (old,) = after.in_force("signals", date(2026, 11, 30), rule_id="sig-page-docs")
    assert (old["points"], old["valid_to"]) == (4, ON)
    first, second = after.rows("definitions")
    assert (second["version"], second["threshold"], second["valid_from"]) == ("2", 65, ON)
    assert second["agreed_by"] == f"to be signed by {first['agreed_by']}"
    assert second["why"] == f"Other points of 3 rules from {ON} on, {LEARNED}"


def test_a_threshold_is_a_version_that_nobody_has_signed(project: Path) -> None:
    before = source()
    found = rules(before, TODAY)
    apply(propose(before, found, sheet(found, 52.0, sig_page_docs=9), ON, LEARNED), project.parent)
    after = read(project)
    assert list(problems(after)) == []
    old, new = after.rows("definitions")
    assert [(row["version"], row["threshold"], row["valid_to"]) for row in (old, new)] == [
        ("1", 65, ON),
        ("2", 52, date(9999, 12, 31)),
    ]
    assert new["agreed_by"] == f"to be signed by {old['agreed_by']}"
    assert new["why"] == (
        "Was 65. By the points from 2026-12-01 on, 118 of 900 leads reach it, and 120 reached the former one; "
        "learned from 700 handoffs"
    )
    again = source()
    later = rules(again, ON)
    assert propose(again, later, sheet(later, 52.0), ON, LEARNED) == ""


def test_other_lines_stay_as_they_are(project: Path) -> None:
    before = source()
    found = rules(before, TODAY)
    patch = propose(before, found, sheet(found, sig_page_docs=9), ON, LEARNED)
    lines = [line for line in patch.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line[0] for line in lines] == ["-", "+", "+"] * 2
    for was, now in (lines[:2], lines[3:5]):
        cells = zip(*csv.reader([was[1:], now[1:]]), strict=True)
        assert [pair for pair in cells if pair[0] != pair[1]] == [("9999-12-31", "2026-12-01")]
    assert propose(before, found, sheet(found), ON, LEARNED) == ""


def test_nothing_is_written(project: Path) -> None:
    content = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    before = source()
    found = rules(before, TODAY)
    assert propose(before, found, sheet(found, sig_page_docs=9), ON, LEARNED)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == content


def test_a_row_that_begins_on_that_day_is_replaced(project: Path) -> None:
    before = source()
    found = rules(before, TODAY)
    apply(propose(before, found, sheet(found, sig_page_docs=9), ON, LEARNED), project.parent)
    again = source()
    later = rules(again, ON)
    apply(propose(again, later, sheet(later, sig_page_docs=11), ON, LEARNED), project.parent)
    versions = read(project).rows("signals", rule_id="sig-page-docs")
    assert [(row["points"], row["valid_from"], row["valid_to"]) for row in versions] == [
        (4, date(2026, 1, 1), ON),
        (11, ON, date(9999, 12, 31)),
    ]
    assert [row["version"] for row in read(project).rows("definitions")] == ["1", "2"]
    assert list(problems(read(project))) == []


def test_a_file_without_a_last_line_end(project: Path) -> None:
    path = project / "seeds" / "agreement" / "fit_points.csv"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    before = source()
    found = rules(before, TODAY)
    for rule in ("fit_region_core", "fit_size_tiny"):
        copy = project.parent / rule
        shutil.copytree(project, copy / "dbt_project")
        apply(propose(before, found, sheet(found, **{rule: 3}), ON, LEARNED), copy)
        (row,) = read(copy / "dbt_project").in_force("fit_points", ON, rule_id=rule.replace("_", "-"))
        assert row["points"] == 3


def test_points_that_make_no_sound_agreement_are_refused(project: Path) -> None:
    before = source()
    found = rules(before, TODAY)
    with pytest.raises(CannotSuggest, match=r"no sound agreement.*\n.*cap-pages is below the 31 points"):
        propose(before, found, sheet(found, sig_page_docs=31), ON, LEARNED)
    none = {row.key.replace("-", "_"): 0.0 for row in found.rows}
    with pytest.raises(CannotSuggest, match=r"threshold 65 .* can never be reached"):
        propose(before, found, sheet(found, **none), ON, LEARNED)


def test_an_agreement_with_errors_is_not_changed(project: Path) -> None:
    before = source()
    found = rules(before, TODAY)
    path = project / "seeds" / "agreement" / "signals.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",page_viewed,", ",page_vewed,", 1), encoding="utf-8")
    with pytest.raises(CannotSuggest, match=r"the agreement has errors.*\n.*page_vewed"):
        propose(before, found, sheet(found, sig_page_docs=9), ON, LEARNED)


def test_which_definition_is_meant(project: Path) -> None:
    with pytest.raises(CannotSuggest, match=r"there is no definition 'other' on 2026-11-25: name one of platform-mql"):
        rules(source(), TODAY, "other")
    with pytest.raises(CannotSuggest, match="0 definitions are live on 2025-01-01"):
        rules(source(), date(2025, 1, 1))
