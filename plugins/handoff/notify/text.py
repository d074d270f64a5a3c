"""The one way for text that we did not write to enter a Slack message.

Slack parses `&`, `<` and `>`: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import re
import unicodedata

_ABSENT = frozenset({"", "null", "NULL", "None", "undefined", "NaN", "[object Object]"})
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Control, bidi and zero-width, private use, halves of surrogate pairs."""
_BLANK = str.maketrans(dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", " "))
"""Letters by class, blank to the eye."""
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BROKEN_ESCAPE = re.compile(r"&[a-z]{0,3}$")
MOST_MARKS = 4
"""Marks on one letter; more of them paint over the lines around it."""
MOST_READ = 20_000
"""Characters; what comes after them could not be shown anyway."""


def slack_text(value: object, limit: int, empty: str = "") -> str:
    """`value` on one line, readable, with no way to mention, link or leave its place.

    Args:
        limit: longest result as Slack counts it, see `cut`.
        empty: what to say for nothing, blanks, or a program's word for nothing.
    """
    return cut((clean(value) or empty).translate(_ESCAPES), limit)


def cut(escaped: str, limit: int) -> str:
    """At most `limit` UTF-16 units of escaped text, with an ellipsis where it was cut, and no escape cut in half."""
    if len(escaped.encode("utf-16-le")) <= 2 * limit:
        return escaped
    kept = escaped.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return _BROKEN_ESCAPE.sub("", kept).rstrip() + "…"


def clean(value: object) -> str:
    """`value` as one line of visible characters, "" for nothing; not escaped."""
    text = unicodedata.normalize("NFC", " ".join(str("" if value is None else value)[:MOST_READ].split()))
    kept: list[str] = []
    marks = 0
    for each in text:
        category = unicodedata.category(each)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category not in _UNSEEN and ord(each) & 0xFFFE != 0xFFFE and marks <= MOST_MARKS:
            kept.append(each)
    words = " ".join("".join(kept).translate(_BLANK).split())
    return "" if words in _ABSENT else words


def in_words(code: str | None) -> str | None:
    """A CRM's enumeration value, such as PAID_SEARCH, as words; anything else as it is."""
    return code.replace("_", " ").capitalize() if code and re.fullmatch(r"[A-Z0-9_]+", code) else code
