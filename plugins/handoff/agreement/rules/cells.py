"""Each cell by itself: filled in, visible, of its type, and of its column's form."""

import re
import unicodedata
from collections.abc import Iterator

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules import forms
from handoff.agreement.rules.near import nearest
from handoff.agreement.seeds import Column

# Control characters and marks that no editor shows.
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
LONGEST = 1000


def problems(agreement: Agreement) -> Iterator[Problem]:
    """At most one problem for each cell."""
    for row in agreement:
        for name, text in row.cells.items():
            column = row.seed.columns[name]
            found = _blank(row, column, text) or _hidden(row, column, text) or _formed(row, column, text)
            if found:
                yield found


def _blank(row: Row, column: Column, text: str) -> Problem | None:
    name, form = column.name, forms.FORMS.get((row.seed.name, column.name))
    subject = f"{name} is blank for {row.label}"
    if not text.strip():
        meaning = f"{name} is {column.description[:1].lower()}{column.description[1:]}" if column.description else ""
        remedy = forms.OF_TYPE[column.type][1] if column.type in forms.OF_TYPE else f"fill it in: {meaning}"
        if name == "valid_to":
            remedy = "write 9999-12-31 while the row is open"
        return row.problem(name, subject, form.remedy if form else remedy)
    if text.lower() == "null":
        return row.problem(name, f"{name} {text!r} of {row.label} loads as nothing at all", "write another word: none")
    if text != text.strip():
        return row.problem(
            name, f"{name} {text!r} of {row.label} begins or ends with a blank", f"write {text.strip()!r} without it"
        )
    return None


def _hidden(row: Row, column: Column, text: str) -> Problem | None:
    # So is nearly every cell.
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return None
    for character in text if column.name != "why" else text.replace("\n", " "):
        is_key = column.name == row.seed.key and row.seed.folder == "agreement"
        if unicodedata.category(character) in _HIDDEN or character == "\u00a0" or (is_key and ord(character) > 127):
            name = unicodedata.name(character, "a control character")
            looks = f"{column.name} {text!r} has U+{ord(character):04X} {name}"
            kind = "looks like another letter" if character.isalpha() else "nobody sees"
            return row.problem(column.name, f"{looks}, which {kind}", "type the cell again, with plain characters")
    if len(text) > LONGEST:
        wrong = f"{column.name} of {row.label} is {len(text)} characters long"
        return row.problem(column.name, wrong, f"write at most {LONGEST}")
    return None


def _formed(row: Row, column: Column, text: str) -> Problem | None:
    name, place, value = column.name, (row.seed.name, column.name), row[column.name]
    subject = f"{name} {text!r} of {row.label}"
    if value is None:
        wrong, remedy = forms.OF_TYPE[column.type]
        limit = forms.LIMITS.get(place)
        return row.problem(name, f"{subject} {wrong}", limit.remedy if limit else remedy)
    if column.accepted and text not in column.accepted:
        return row.problem(name, f"{subject} is not known", nearest(text, column.accepted))
    form = forms.ID if name == row.seed.key and row.seed.folder == "agreement" else forms.FORMS.get(place)
    if form and not re.fullmatch(form.pattern, text):
        return row.problem(name, f"{subject} {form.wrong}", form.remedy)
    limit = forms.LIMITS.get(place)
    if limit and value < limit.least:
        return row.problem(name, f"{subject} is below {limit.least}", limit.remedy)
    if limit and value > limit.most:
        return row.problem(name, f"{subject} is above {limit.most}", limit.remedy)
    return None
