"""Company names: one key for the spellings of one name, its legal form left out."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cleanco.clean import get_unique_terms  # type: ignore[import-untyped]
from cleanco.non_nfkd_map import NON_NFKD_MAP  # type: ignore[import-untyped]

from handoff.identity import rows

PACKAGES = ("cleanco",)

Words = tuple[str, ...]

_APOSTROPHES = re.compile("['’‘ʼ`´]")
_NO_WORD = re.compile(r"[\W_]+")
# As in `Schmidt + Partner` and `A+M`; the sign of `A+ Schools` and `Canal+` belongs to its word.
_PLUS = re.compile(r"(?<=\w)(\s*)\+\1(?=\w)")
# Marks above and below a letter have classes from 200 on; below that they are letters of their scripts, as the vowels
# of Thai and the voicing of Japanese are.
_ACCENTS_FROM = 200


@dataclass(frozen=True)
class _Forms:
    """Legal forms by where they are left out, each as its words."""

    places: Mapping[Words, frozenset[str]]
    attached: tuple[str, ...]
    longest: int

    def are_left_out(self, words: Words, place: str) -> bool:
        return place in self.places.get(words, ())


def company_key(name: str) -> str | None:
    """The key under which a company is recognised by its name.

    Case, accents, punctuation and legal forms are left out; every other word stays, so that `Acme Germany` and `Acme
    France` are two. The key of a key is the key.

    Returns: words in lower case with single blanks between them; None when nothing but legal forms is there.
    """
    words, before = _words(name), None
    while words != before:
        before = words
        words = _joined_initials(_without_legal_forms(words))
    return " ".join(words) or None


def _words(text: str) -> Words:
    with_and = _PLUS.sub(" and ", _folded(text).replace("&", " and "))
    plain = _NO_WORD.sub(" ", _APOSTROPHES.sub("", with_and))
    return _joined_initials(tuple(plain.split()))


def _folded(text: str) -> str:
    """Lower case, compatibility forms resolved, and letters without accents."""
    before = None
    while text != before:
        before = text
        apart = unicodedata.normalize("NFKD", text.casefold())
        plain = (NON_NFKD_MAP.get(each, each) for each in apart if unicodedata.combining(each) < _ACCENTS_FROM)
        text = unicodedata.normalize("NFKC", "".join(plain))
    return text


def _joined_initials(words: Words) -> Words:
    """`s`, `a` as one word `sa`: initials are written with and without dots and blanks."""
    joined: list[str] = []
    is_run = False
    for word in words:
        is_initial = len(word) == 1 and word.isalpha()
        if is_initial and is_run:
            joined[-1] += word
        else:
            joined.append(word)
        is_run = is_initial
    return tuple(joined)


def _without_legal_forms(words: Words) -> Words:
    """Without one of them, the longest first; the caller asks again until nothing changes."""
    forms = _forms()
    words = _unattached(words, forms.attached)
    for size in range(min(forms.longest, len(words)), 0, -1):
        if forms.are_left_out(words[-size:], "end"):
            return words[:-size]
        if forms.are_left_out(words[:size], "front"):
            return words[size:]
        for at in range(1, len(words) - size):
            if forms.are_left_out(words[at : at + size], "middle"):
                return words[:at] + words[at + size :]
    return words


def _unattached(words: Words, attached: Words) -> Words:
    """Without what scripts that put no blanks between words attach to a name."""
    name = " ".join(words)
    for form in attached:
        name = name.removeprefix(form).removesuffix(form).strip()
    return tuple(name.split())


@cache
def _forms() -> _Forms:
    places = {_words(term): frozenset({"end"}) for term in get_unique_terms()}
    attached = []
    for row in rows.legal_forms():
        words = _words(row.words)
        if "attached" in row.places:
            attached.append(" ".join(words))
        elif row.is_legal_form:
            places[words] = row.places
        else:
            places.pop(words, None)
    return _Forms(places, tuple(sorted(attached, key=len, reverse=True)), longest=max(map(len, places)))
