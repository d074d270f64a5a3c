"""Whatever a file holds, it is read, or told with its line; never a traceback."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handoff.agreement.check import problems
from handoff.agreement.files import read_all
from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.source import read

from .conftest import PROJECT, Seeds

ROW = b"wanda,Wanda,wanda.example,2026-01-01,9999-12-31,Buys no one\n"
DAMAGE: dict[str, tuple[Callable[[bytes], bytes], int, str, str]] = {
    "a byte order mark": (lambda text: b"\xef\xbb\xbf" + text, 1, "byte order mark", "without one"),
    "line ends of Windows": (lambda text: text.replace(b"\n", b"\r\n"), 1, "line ends of Windows", "LF"),
    "line ends of an old Mac": (lambda text: text.replace(b"\n", b"\r"), 1, "line ends", "LF"),
    "another encoding": (lambda text: text + "müller".encode("latin-1"), 4, "byte 0xfc", "save it as UTF-8"),
    "a NUL": (lambda text: text.replace(b"Copycat", b"Copy\0cat"), 3, "NUL", "take it away"),
    "nothing": (lambda text: b"", 1, "is empty", "competitor_id,name,domain,valid_from,valid_to,why"),
    "a missing column": (
        lambda text: re.sub(rb",domain|,[a-z]+\.example", b"", text),
        1,
        "domain is missing",
        "add it",
    ),
    "a misspelt column": (lambda text: text.replace(b",why", b",whyy", 1), 1, "'whyy' is not one of", "call it why"),
    "a column twice": (
        lambda text: text.replace(b"name,domain", b"name,name", 1),
        1,
        "name stands 2 times",
        "keep one",
    ),
    "a short line": (
        lambda text: text + ROW.replace(b",wanda.example", b""),
        4,
        "5 cells, and there are 6",
        "none out",
    ),
    "a long line": (lambda text: text + ROW.replace(b"no one", b"no, one"), 4, "7 cells, and there are 6", "quotation"),
    "a blank line": (lambda text: text + b"\n" + ROW, 4, "is blank", "take it away"),
    "an open quote": (lambda text: text + ROW.replace(b"Buys", b'"Buys'), 4, "is no CSV", "close each quotation"),
    "a stray quote": (lambda text: text + ROW.replace(b"Buys no one", b'"Buys" no one'), 4, "is no CSV", "quotation"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_told_with_its_line(name: str, seeds: Seeds) -> None:
    damage, line, wrong, remedy = DAMAGE[name]
    seeds.edit("competitors", damage)
    found = [each for each in seeds.problems() if wrong in each.wrong]
    assert [(each.file, each.line) for each in found] == [("seeds/agreement/competitors.csv", line)], seeds.problems()
    assert remedy in found[0].remedy
    # A column under another name is a column too many and one too few.
    assert len(seeds.problems()) == 1 + (name in ("a misspelt column", "a column twice"))


def test_the_line_of_a_record_is_where_it_begins(seeds: Seeds) -> None:
    seeds.edit("competitors", lambda text: text.replace(b"Meets us in most deals", b'"Meets us\nin most\n\ndeals"'))
    seeds.edit("competitors", lambda text: text + ROW.replace(b"wanda.example", b"Wanda Ltd"))
    assert [(each.line, each.column) for each in seeds.problems()] == [(7, "domain")]


def test_no_row_is_none(seeds: Seeds) -> None:
    seeds.edit("absences", lambda text: text.partition(b"\n")[0] + b"\n")
    assert seeds.problems() == []


def test_a_missing_file_and_a_stray_one_are_told(seeds: Seeds) -> None:
    seeds.path("competitors").rename(seeds.path("competitors").with_name("rivals.csv"))
    assert [(each.file, each.line, each.wrong) for each in seeds.problems()] == [
        ("seeds/agreement/competitors.csv", 1, "competitors.csv is missing"),
        ("seeds/agreement/rivals.csv", 1, "rivals.csv is no table of the agreement"),
    ]


@pytest.mark.parametrize("text", [b"seeds: [", b"\xff", b"seeds: 1", b"", b"seeds: [{name: reps}]"])
def test_a_description_that_cannot_be_read_is_told(text: bytes, seeds: Seeds) -> None:
    (seeds.directory / "agreement" / "_agreement__seeds.yml").write_bytes(text)
    first = seeds.problems()[0]
    assert first.file == "seeds/agreement/_agreement__seeds.yml"
    assert "cannot be read" in first.wrong


FILES = {
    path.relative_to(PROJECT / "seeds").as_posix(): path.read_bytes()
    for path in sorted((PROJECT / "seeds").glob("*/*"))
    if path.suffix in (".csv", ".yml")
}
SOUND: Agreement = read(PROJECT)
CELLS = [
    (row.seed.name, row.line, column)
    for row in SOUND
    if row.seed.folder == "agreement" and row.line < 12
    for column in row.seed.columns
]
NASTY = (
    "",
    " ",
    "null",
    "*",
    "-1",
    "0",
    "1e9",
    "9" * 40,
    "NaN",
    "٣",
    "9999-12-31",
    "0001-01-01",
    "24:00",
    "a;b;;",
    "'; --",
)
QUOTED = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(CELLS), QUOTED), min_size=1, max_size=4))
def test_any_cells_are_judged(changes: list[tuple[tuple[str, int, str], str]]) -> None:
    """Whatever stands in a cell: a problem, or a value of the cell's type."""
    written = dict(changes)
    tables = {
        name: tuple(
            Row(
                row.seed,
                row.line,
                {column: written.get((name, row.line, column), cell) for column, cell in row.cells.items()},
            )
            for row in rows
        )
        for name, rows in SOUND.tables.items()
    }
    found = problems(Agreement("fuzz", SOUND.seeds, tables, ()))
    assert all(isinstance(each, Problem) and each.wrong and each.remedy and each.line for each in found)
    told = {(each.file, each.line, each.column) for each in found}
    for table, line, column in written:
        row = next(row for row in tables[table] if row.line == line)
        assert (row.seed.file, line, column) in told or row[column] is not None
        assert not isinstance(row[column], Decimal) or row[column].is_finite()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FILES)), st.integers(0, 400), st.binary(max_size=40), st.integers(0, 40))
def test_any_bytes_are_judged(path: str, start: int, bytes_: bytes, length: int) -> None:
    """Whatever bytes replace some of a file: an agreement, with or without problems."""
    damaged = FILES[path][:start] + bytes_ + FILES[path][start + length :]
    found = problems(read_all({**FILES, path: damaged}, "fuzz"))
    assert all(each.wrong and each.remedy and each.line >= 1 for each in found)
