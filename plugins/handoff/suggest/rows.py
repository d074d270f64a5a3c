"""A CSV file of anybody's as rows of text."""

import csv
import io
from pathlib import Path

from handoff.suggest.model import CannotSuggest

LARGEST_CELL = 10_000_000


def read_rows(path: Path) -> tuple[list[str], list[list[str]], int]:
    """Header, rows, and how many rows were left out because they have another number of cells than the header.

    Reads UTF-8, else Windows-1252; separated by commas, semicolons, tabs or bars.

    Raises:
        CannotSuggest: there is no such file, nothing in it, or its quoting is broken.
    """
    try:
        raw = path.read_bytes()
    except OSError as missing:
        raise CannotSuggest(f"{path} cannot be read: {missing.strerror}") from missing
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    csv.field_size_limit(LARGEST_CELL)
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    # Strict, because a quote that is never closed would swallow the rows after it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        every = [row for row in reader if any(row)]
    except csv.Error as broken:
        raise CannotSuggest(f"{path.name}, line {reader.line_num}: {broken}; correct the quotes there") from broken
    if not every:
        raise CannotSuggest(f"{path.name} is empty: its first line must name the columns")
    header = [name.strip() for name in every[0]]
    rows = [row for row in every[1:] if len(row) == len(header)]
    return header, rows, len(every) - 1 - len(rows)
