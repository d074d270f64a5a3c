"""The reference seeds that Python applies, as they stand in git: `dbt_project/seeds/reference`."""

import csv
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from handoff.settings import settings

EMAIL_FOLDING = "email_folding"
LEGAL_FORMS = "company_legal_forms"


@dataclass(frozen=True)
class MailProvider:
    """What a mail provider ignores in an address of one of its domains."""

    domain: str
    canonical_domain: str
    """The domain that stands for it in keys: another one when both lead to the same mailbox."""
    separator: str
    """What begins a sub-address; empty when there are none."""
    ignores_dots: bool
    takes_subdomains: bool
    """Whether user@name.domain reaches the mailbox name@domain."""


@dataclass(frozen=True)
class LegalForm:
    """A company's legal form, or a word that the library takes for one and that is none."""

    words: str
    places: frozenset[str]
    """Where it is left out: `front`, `middle`, `end`; or `attached`, which is without a blank before or after."""
    is_legal_form: bool


@cache
def mail_providers() -> dict[str, MailProvider]:
    """Mail providers by domain."""
    return {
        row["domain"]: MailProvider(
            row["domain"],
            row["canonical_domain"],
            # A seed has no blank cell.
            "" if row["separator"] == "none" else row["separator"],
            row["ignores_dots"] == "true",
            row["takes_subdomains"] == "true",
        )
        for row in _read(EMAIL_FOLDING)
    }


@cache
def legal_forms() -> tuple[LegalForm, ...]:
    """Legal forms beyond the library's, and exceptions from it."""
    return tuple(
        LegalForm(row["legal_form"], frozenset(row["places"].split(";")), row["is_legal_form"] == "true")
        for row in _read(LEGAL_FORMS)
    )


@cache
def fingerprint(seed: str) -> str:
    """Eight hexadecimal digits that change with the file, to note beside what was computed by it."""
    return sha256(_path(seed).read_bytes()).hexdigest()[:8]


def _read(seed: str) -> list[dict[str, str]]:
    with _path(seed).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _path(seed: str) -> Path:
    return settings().dbt_project / "seeds" / "reference" / f"{seed}.csv"
