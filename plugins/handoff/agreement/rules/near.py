"""What somebody meant who wrote something else."""

import difflib
from collections.abc import Iterable

MANY = 12


def nearest(text: str, known: Iterable[str], where: str = "") -> str:
    """What to write instead: the word that is like it, or those that there are; `where` they stand when many."""
    words = sorted(set(known))
    lowered = {word.lower(): word for word in words}
    close = difflib.get_close_matches(text.strip().lower(), lowered, 1)
    if close and lowered[close[0]] == text.strip():
        return f"write {close[0]} without blanks"
    if close:
        return f"did you mean {lowered[close[0]]}?"
    if not words:
        return "there is none to name: add it first"
    if len(words) > MANY and where:
        return f"write one of the {len(words)} in {where}"
    listed = ", ".join(words[:MANY]) + (", …" if len(words) > MANY else "")
    return f"write one of {listed}" if len(words) > 1 else f"write {listed}"
