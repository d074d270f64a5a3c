"""The seeds' files as rows; whatever keeps a file or a line from being read is a problem with its place."""

import csv
import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from io import StringIO

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.seeds import NotDescribed, Seed, parse
from handoff.agreement.text import decode

FOLDERS = ("agreement", "reference")
Files = Mapping[str, bytes]
"""Content by path below `seeds`, for example `agreement/reps.csv`."""


def read_all(files: Files, name: str) -> Agreement:
    """The agreement that these files hold. Never raises: what cannot be read is in `problems`.

    Args:
        files: both folders' `*.csv`, and the `_*__seeds.yml` that describe them.
        name: where they are from, for people.
    """
    seeds: dict[str, Seed] = {}
    tables: dict[str, tuple[Row, ...]] = {}
    problems: list[Problem] = []
    for folder in FOLDERS:
        path = f"{folder}/_{folder}__seeds.yml"
        try:
            seeds.update(parse(files.get(path, b""), folder))
        except NotDescribed as reason:
            problems.append(_of_file(f"seeds/{path}", f"cannot be read: {reason}", "restore it from git"))
    for seed in seeds.values():
        path = seed.file.removeprefix("seeds/")
        if path in files:
            tables[seed.name] = _read(seed, files[path], problems)
        else:
            wrong = "is missing"
            problems.append(_of_file(seed.file, wrong, f"restore it: it has the columns {', '.join(seed.columns)}"))
    known = {seed.file.removeprefix("seeds/") for seed in seeds.values()}
    unknown, remedy = "is no table of the agreement", "describe it in the seeds' YAML, or take it away"
    strays = sorted(path for path in files if path.endswith(".csv") and path not in known)
    problems += [_of_file(f"seeds/{path}", unknown, remedy) for path in strays]
    return Agreement(name, seeds, tables, tuple(problems))


def _of_file(file: str, wrong: str, remedy: str, line: int = 1, column: str | None = None) -> Problem:
    subject = f"{file.rpartition('/')[2]} {wrong}" if column is None else wrong
    return Problem(file, line, column, None, subject, remedy)


def _read(seed: Seed, content: bytes, problems: list[Problem]) -> tuple[Row, ...]:
    text, flaws = decode(content)
    problems += [_of_file(seed.file, wrong, remedy, line) for line, wrong, remedy in flaws]
    records = _records(text or "", seed, problems)
    _, header = next(records, (1, []))
    if text is not None and not header:
        columns = ",".join(seed.columns)
        problems.append(_of_file(seed.file, "is empty", f"let its first line be {columns}"))
    if not header:
        return ()
    problems += _of_header(seed, header)
    return tuple(_row(seed, header, line, cells, problems) for line, cells in records)


def _records(text: str, seed: Seed, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The records with the line on which each begins."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as reason:
        remedy = "close each quotation mark, and write one inside a quoted cell twice"
        problems.append(_of_file(seed.file, f"is no CSV from here on: {reason}", remedy, begins))


def _of_header(seed: Seed, header: list[str]) -> Iterator[Problem]:
    for name, count in Counter(header).items():
        if count > 1:
            yield _of_file(seed.file, f"column {name} stands {count} times", "keep one of them", column=name)
        if name not in seed.columns:
            close = difflib.get_close_matches(name, [each for each in seed.columns if each not in header], 1)
            hint = f"call it {close[0]}" if close else "take it away, or describe it in the seeds' YAML"
            yield _of_file(seed.file, f"column {name!r} is not one of {seed.name}", hint, column=name)
    for name in seed.columns:
        if name not in header:
            remedy = f"add it: {seed.columns[name].description}"
            yield _of_file(seed.file, f"column {name} is missing", remedy, column=name)


def _row(seed: Seed, header: list[str], line: int, cells: list[str], problems: list[Problem]) -> Row:
    given = {name: cell for name, cell in zip(header, cells, strict=False) if name in seed.columns}
    if len(cells) == len(header):
        return Row(seed, line, given)
    # The cells after the fault stand under the wrong names: only the id is kept, so that nothing else is blamed.
    if cells:
        wrong = f"the line has {len(cells)} cells, and there are {len(header)} columns"
        remedy = "put a cell that holds a comma in quotation marks, and leave none out"
    else:
        wrong, remedy = "the line is blank", "take it away"
    problems.append(Problem(seed.file, line, None, None, wrong, remedy))
    return Row(seed, line, {name: cell for name, cell in given.items() if name == seed.key})
