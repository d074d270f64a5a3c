"""`handoff backtest --change`: a change of one row, tried before anybody edits a file."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from handoff import clock
from handoff.agreement import source, what_if
from handoff.cli import app
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.review.pack.tried import tried
from tests.agreement.acting import END, Admin, live
from tests.agreement.conftest import SEEDS
from tests.unit.agreement.conftest import Seeds
from tests.unit.agreement.test_source import git

LEADS = 200
SOON = END.date() + timedelta(days=1)


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    with db.connect() as connection:
        live(admin, connection, LEADS)
        yield connection


@pytest.fixture
def at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: END)


def backtest(*words: str) -> Result:
    return CliRunner().invoke(app, ["backtest", *words])


def told(*words: str) -> dict[str, Any]:
    done = backtest(*words, "--days", "61", "--json")
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = json.loads(done.output)
    return report


def test_a_change_is_what_the_same_edit_of_the_file_is(
    connection: Connection, at_the_end: None, tmp_path: Path
) -> None:
    edited = tmp_path / "agreement"
    shutil.copytree(SEEDS, edited)
    path = edited / "definitions.csv"
    path.write_text(path.read_text().replace("live,65,", "live,75,"))
    by_file = told("--from", str(SEEDS), "--to", str(edited))
    by_change = told("--change", "platform-mql:threshold=75")
    assert by_change["before"]["label"] == "this checkout"
    assert by_change["after"]["label"] == "this checkout with platform-mql:threshold=75"
    assert by_change["lost"] == by_file["lost"] != []
    assert by_change["by_rule"] == [["platform-mql", 0, len(by_change["lost"])]]
    assert by_change["gained"] == []


def test_the_weekly_pack_says_what_the_command_would(connection: Connection, at_the_end: None) -> None:
    for change, said in (("platform-mql:threshold=75", "lost"), ("platform-mql:threshold=55", "gained")):
        report = json.loads(backtest("--change", change, "--json").output)
        before, after = report["before"]["mqls"], report["after"]["mqls"]
        told_there = tried(connection, source(), what_if.parse(change), END)
        assert told_there.startswith(f"{before} → {after} MQLs in 90 days; ")
        assert f"{len(report[said])} {said}, 0 of them SQL" in told_there
        assert len(report[said]) > 0


def test_changes_add_up_on_the_to_side_alone(connection: Connection, at_the_end: None, tmp_path: Path) -> None:
    edited = tmp_path / "agreement"
    shutil.copytree(SEEDS, edited)
    path = edited / "definitions.csv"
    path.write_text(path.read_text().replace("live,65,", "live,75,"))
    back = told("--to", str(edited), "--change", "platform-mql:threshold=65", "--change", "dq-country:value=US")
    assert back["gained"] == []
    assert {rule for rule, _, _ in back["by_rule"]} == {"dq-country"}
    assert path.read_text().count("live,75,") == 1


@pytest.fixture
def stricter_soon(tmp_path: Path) -> Path:
    """As the docs have it: the row ends, and a new one begins, on a day that is still to come."""
    edited = tmp_path / "soon"
    shutil.copytree(SEEDS, edited)
    path = edited / "definitions.csv"
    header, old, *rest = path.read_text().splitlines()
    assert old.count(",live,65,") == old.count("9999-12-31") == 1
    new = old.replace(",1,", ",2,", 1).replace(",live,65,", ",live,75,").replace("2026-01-01", f"{SOON}")
    ended = old.replace("9999-12-31", f"{SOON}")
    path.write_text("\n".join([header, ended, new, *rest]) + "\n")
    return edited


def test_a_change_that_begins_later_is_seen(connection: Connection, at_the_end: None, stricter_soon: Path) -> None:
    at_once = told("--change", "platform-mql:threshold=75")
    later = told("--from", str(SEEDS), "--to", str(stricter_soon))
    assert (at_once["on"], later["on"]) == (f"{END:%Y-%m-%d}", f"{SOON}")
    assert [each["lead_id"] for each in later["lost"]] == [each["lead_id"] for each in at_once["lost"]] != []
    assert later["gained"] == []
    today = told("--from", str(SEEDS), "--to", str(stricter_soon), "--on", f"{END:%Y-%m-%d}")
    assert today["on"] == f"{END:%Y-%m-%d}"
    assert today["lost"] == []


def test_a_change_is_of_the_row_in_force_on_that_day(
    connection: Connection, at_the_end: None, stricter_soon: Path
) -> None:
    back = told("--to", str(stricter_soon), "--change", "platform-mql:threshold=65")
    assert (back["on"], back["lost"], back["gained"]) == (f"{SOON}", [], [])
    both = str(stricter_soon)
    later = told("--from", both, "--to", both, "--change", "platform-mql:threshold=85", "--on", f"{SOON}")
    assert later["lost"]
    assert all(75 <= each["score_before"] < 85 for each in later["lost"])


def test_the_report_and_the_page_say_the_day(
    connection: Connection, at_the_end: None, stricter_soon: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = backtest("--from", str(SEEDS), "--to", str(stricter_soon), "--days", "5", "--page", str(page))
    assert done.exit_code == 0, done.output
    for text in (done.output, page.read_text()):
        assert f"all of them by the rows in force on {SOON}" in " ".join(text.split())
    refused = backtest("--change", "platform-mql:threshold=75", "--on", "soon")
    assert refused.exit_code == 2
    assert "'soon' does not match the format" in " ".join(refused.output.split())


def test_what_a_change_alters_and_a_backtest_cannot_show_is_said(
    connection: Connection, at_the_end: None, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    change = "platform-mql:requalify_cooling_off_days=90"
    done = backtest("--change", change, "--days", "5", "--page", str(page))
    assert done.exit_code == 0, done.output
    for text in (done.output, page.read_text()):
        assert "this cannot show here: definitions.requalify_cooling_off_days." in " ".join(text.split())


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seeds:
    """The seeds in a repository that git takes for this checkout's, with one commit."""
    shutil.copytree(SEEDS.parent, tmp_path / "seeds")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    return Seeds(tmp_path / "seeds")


def commit(seeds: Seeds, message: str) -> None:
    git(seeds.directory.parent, "--work-tree", ".", "commit", "--quiet", "--all", "--message", message)


def test_a_revision_is_compared_although_it_breaks_a_rule_of_today(
    connection: Connection, at_the_end: None, committed: Seeds
) -> None:
    same = backtest("--from", "main", "--days", "61")
    assert (same.exit_code, same.stderr) == (0, "")
    assert "as many MQLs" in same.stdout
    committed.change("definitions", "platform-mql", threshold="900")
    commit(committed, "Out of reach")
    done = backtest("--from", "main", "--days", "61")
    assert done.exit_code == 0, done.output
    assert "breaks rules of today's check, and is compared with all the same:\nseeds/agreement/definitions.csv:2: " in (
        done.stderr
    )
    assert "more MQLs" in done.stdout
    tried = backtest("--from", "main~1", "--to", "main")
    assert (tried.exit_code, tried.stdout) == (1, "")
    assert "breaks its own rules:\nseeds/agreement/definitions.csv:2: " in tried.stderr
    committed.change("definitions", "platform-mql", threshold="high")
    commit(committed, "No number")
    done = backtest("--from", "main")
    assert done.exit_code == 1
    assert done.stderr.endswith(
        "cannot be read:\nseeds/agreement/definitions.csv:2: threshold 'high' is not of type numeric\n"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Nothing to compare: name --from, for example main, or a --change such as sig-page-blog:points=0."),
        (["--change", "blog"], "'blog' is no change: write ID:COLUMN=VALUE, for example sig-page-blog:points=0."),
        (
            ["--change", "platform:threshold=1"],
            "no row of the agreement has the id 'platform': did you mean platform-mql?",
        ),
        (
            ["--change", "platform-mql:treshold=1"],
            "definition platform-mql has no column 'treshold': did you mean threshold?",
        ),
        (
            ["--change", "platform-mql:threshold=high"],
            "threshold of definition platform-mql cannot be 'high': it is of type numeric.",
        ),
        (["--from", "nonsense", "--change", "platform-mql:threshold=70"], "'nonsense' is neither a directory nor"),
    ],
)
def test_what_cannot_be_tried_is_one_sentence(at_the_end: None, words: list[str], says: str) -> None:
    done = backtest(*words)
    assert done.exit_code == 1
    assert done.output.startswith(says)
    assert done.output.count("\n") == 1


def test_a_change_that_could_not_go_live_is_refused_as_the_check_would(at_the_end: None) -> None:
    done = backtest("--change", "platform-mql:threshold=9000")
    assert done.exit_code == 1
    assert done.output.startswith(
        "the checkout with platform-mql:threshold=9000 breaks its own rules:\nseeds/agreement/"
    )
    assert "definitions.csv:2: threshold '9000' of definition platform-mql is above 1000" in done.output
