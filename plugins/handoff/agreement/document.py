"""A page as data, which Markdown and HTML are written from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of text; the column `Id`, where there is one, names the rule."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[tuple[str, ...], ...] = ()
    """For each row the pages behind its first cells, below the web app's address; "" for none."""


@dataclass(frozen=True)
class Picture:
    """A chart. `name` is a file's name without its ending; `says` tells in words what the chart shows."""

    name: str
    caption: str
    says: str
    definition: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Document:
    """One page: what it is about, and where to sign, if anybody is to."""

    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    signatories: tuple[str, ...]
    stamp: str
    """Small print: version and content hash, or how it was made."""


def markdown(document: Document) -> str:
    """The page in Markdown, ending in a newline."""
    parts = [f"# {_text(document.title)}", *map(_text, document.summary)]
    for section in document.sections:
        parts += [f"## {_text(section.title)}", *map(_text, section.paragraphs)]
        parts += [f"{_text(each.caption)}: {_text(each.says)}" for each in section.pictures]
        parts += map(_table, section.tables)
    lines = [f"{_text(name)}: {'_' * 24} on {'_' * 12}" for name in document.signatories]
    signatures = ["## Signatures", *lines] if lines else []
    return "\n\n".join([*parts, *signatures, "---", _text(document.stamp)]) + "\n"


def _table(table: Table) -> str:
    head = [f"**{_text(table.caption)}**", "", _line(table.columns), _line("---" for _ in table.columns)]
    codes = {place for place, name in enumerate(table.columns) if name == "Id"}
    rows = [
        _line(f"`{cell}`" if place in codes else _text(cell) for place, cell in enumerate(row)) for row in table.rows
    ]
    return "\n".join([*head, *rows] if rows else [head[0], "", "None."])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Text that means nothing to Markdown."""
    return re.sub(r"([\\`*|<>\[\]]|(?<!\w)[_#]|_(?!\w))", r"\\\1", " ".join(text.split()))
