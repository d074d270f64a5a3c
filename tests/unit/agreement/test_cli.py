"""`handoff agreement check | show | diff`: what is printed, and how it ends."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from handoff.cli import app

from .conftest import Seeds
from .test_diff import raise_pricing

LATER = "2190-01-01"
"""Not past, whenever the tests run."""


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["agreement", *words])


def test_check_of_the_checkout_says_that_it_is_sound() -> None:
    done = run("check")
    assert done.exit_code == 0
    assert done.output.startswith("Sound: ")
    assert run("check", "--json").output == "[]\n"


def test_check_ends_with_1_and_names_the_place(seeds: Seeds) -> None:
    seeds.change("pool_members", "na-ben", weight="two")
    done = run("check", str(seeds.directory))
    assert done.exit_code == 1
    line = seeds.line("pool_members", "na-ben")
    assert done.output.startswith(
        f"seeds/agreement/pool_members.csv:{line}: weight 'two' of pool member na-ben is no whole"
    )
    assert "1 errors, 0 warnings" in done.output
    records = json.loads(run("check", str(seeds.directory), "--json").output)
    assert [(each["line"], each["column"], each["found"], each["severity"]) for each in records] == [
        (line, "weight", "two", "error")
    ]


def test_a_warning_does_not_fail_the_check(seeds: Seeds) -> None:
    for step in ("remind", "warn", "breach"):
        seeds.remove("escalations", f"esc-standard-{step}")
    done = run("check", str(seeds.directory))
    assert done.exit_code == 0
    assert "0 errors, 1 warnings" in done.output


def test_what_is_not_there_is_one_sentence() -> None:
    done = run("check", "nonsense")
    assert done.exit_code == 1
    assert done.output == "'nonsense' is neither a directory nor a revision of git here.\n"


def test_show_prints_the_day_that_is_asked_for(seeds: Seeds) -> None:
    raise_pricing(seeds, "2026-12-01")
    for day, points in (("2026-11-30", 12), ("2026-12-01", 15)):
        assert f"/pricing and below | {points} |" in run("show", str(seeds.directory), "--at", day).output
    assert run("show", str(seeds.directory), "--format", "html").output.startswith("<!doctype html>")


def test_diff_prints_words_json_and_markdown(seeds: Seeds, tmp_path: Path) -> None:
    before, after = str(tmp_path / "before"), str(seeds.directory)
    shutil.copytree(after, before)
    assert run("diff", before, after).output == "The agreement is the same.\n"
    raise_pricing(seeds, LATER)
    words = f"points 12 → 15 from {LATER} (Won deals)"
    assert run("diff", before, after).output == f"signals sig-page-pricing: {words}\n1 changes\n"
    assert run("diff", before, after, "--markdown").output == f"**signals**\n\n- sig-page-pricing: {words}\n"
    told = json.loads(run("diff", before, after, "--json").output)
    assert [(each["table"], each["id"], each["from_day"], each["rewrites_since"]) for each in told] == [
        ("signals", "sig-page-pricing", LATER, None)
    ]


def test_diff_is_with_the_checkout_when_nothing_else_is_named(seeds: Seeds) -> None:
    raise_pricing(seeds, LATER)
    assert f"points 15 → 12 from {LATER}" in run("diff", str(seeds.directory)).output


def test_diff_refuses_what_it_cannot_read(seeds: Seeds) -> None:
    seeds.edit("reps", lambda text: text + b"x\n")
    done = run("diff", str(seeds.directory))
    assert done.exit_code == 1
    assert "reps.csv:8: the line has 1 cells, and there are 15 columns" in done.output
