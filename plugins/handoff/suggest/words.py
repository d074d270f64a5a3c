"""Words that speak for or against a column, from `leak_words.csv`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handoff.agreement.model import Agreement

SEED = "leak_words"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")
# No seed can hold this word as a cell: it loads as nothing at all.
_NULL = "null"


@dataclass(frozen=True)
class Word:
    """One row: what it weighs where it is found, and why."""

    word: str
    weight: str
    why: str


@dataclass(frozen=True)
class Vocabulary:
    """The rows, by the place in which they are looked for and by their word."""

    rows: dict[str, dict[str, Word]]

    def of_name(self, name: str) -> list[Word]:
        """The words that a column's name has."""
        return list(self._found("name", name))

    def of_value(self, text: str) -> list[Word]:
        """The words that a value has, grades and blanks aside."""
        return [each for each in self._found("value", text) if each.weight not in ("grade", "blank")]

    def is_blank(self, text: str) -> bool:
        """Whether a cell says nothing."""
        plain = words(text)
        found = self.rows["value"].get(plain)
        return not plain or plain == _NULL or (found is not None and found.weight == "blank")

    def is_grade(self, text: str) -> bool:
        """Whether a value is a step of a scale, whatever number stands before it, as in `02.Medium`."""
        found = self.rows["grade"].get(words(text).lstrip("0123456789 "))
        return found is not None

    def is_good(self, text: str) -> bool | None:
        """Whether an outcome is a good one; None when nothing is known about the word."""
        found = self.rows["outcome"].get(words(text)) or self.rows["outcome"].get(text.strip().lower())
        return found.weight == "good" if found else None

    def _found(self, place: str, text: str) -> Iterator[Word]:
        """The longest row that fits at each word, which it then takes."""
        tokens, rows = words(text).split(), self.rows[place]
        longest = max((row.count(" ") + 1 for row in rows), default=0)
        start = 0
        while start < len(tokens):
            for length in range(min(longest, len(tokens) - start), 0, -1):
                found = rows.get(" ".join(tokens[start : start + length]))
                if found:
                    yield found
                    start += length - 1
                    break
            start += 1


def vocabulary(agreement: Agreement) -> Vocabulary:
    """The vocabulary of an agreement."""
    rows: dict[str, dict[str, Word]] = {"name": {}, "value": {}, "outcome": {}, "grade": {}}
    for row in agreement.rows(SEED):
        # A word may be a grade and say something about the lead as well.
        place = "grade" if row["weight"] == "grade" else row["found_in"]
        rows[place][row["word"]] = Word(row["word"], row["weight"], row["why"])
    return Vocabulary(rows)


def words(text: str) -> str:
    """A text as plain words in lower case: `IsConverted`, `is_converted` and `Is converted?` are one."""
    return _NO_WORD.sub(" ", _CAMEL.sub(" ", text)).strip().lower()
