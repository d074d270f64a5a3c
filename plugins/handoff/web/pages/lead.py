"""The page of one lead: why it is, or is not, an MQL at a moment, part by part, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from handoff.explain import ANSWERS, Explanation, explain, notes
from handoff.explain.hypotheses import Change
from handoff.identity.profiles import profile_url
from handoff.ledger.db import Connection, Row
from handoff.web.pages.marks import Mark

_CLAUSE_MARKS: dict[tuple[bool, str], Mark] = {
    (False, "held"): "fine",
    (False, "failed"): "act",
    (False, "unknown"): "note",
    (True, "held"): "act",
    (True, "failed"): "fine",
    (True, "unknown"): "note",
}
"""By whether it is a disqualifier, and its state."""
_CLAUSE_WORDS = {"held": "yes", "failed": "no", "unknown": "unknown"}


@dataclass(frozen=True)
class Clause:
    """One clause, with how it is marked: a disqualifier that holds is bad news, a requirement that does is good."""

    kind: str
    clause_id: str
    detail: str
    word: str
    mark: Mark


@dataclass(frozen=True)
class Decided:
    """What one definition said, with its parts and clauses."""

    row: Row
    answer: str
    parts: list[Row]
    clauses: list[Clause]
    changes: list[Change]


@dataclass(frozen=True)
class LeadPage:
    """What the template shows."""

    told: Explanation
    decided: list[Decided]
    notes: list[str]
    """What to know before reading on."""
    profile_url: str | None
    """Of the person, in LinkedIn."""


def read(connection: Connection, lead_id: str, at: datetime | None, newer_acts: int = 0) -> LeadPage:
    """Explain a lead for the page; of its acts those before as many newer ones.

    Raises:
        handoff.explain.UnknownLead: nothing by that id, or nothing yet at that moment.
        ValueError: the moment is in the future.
    """
    told = explain(connection, lead_id, at, newer_acts)
    profile = profile_url(told.lead["linkedin_url"] or "")
    return LeadPage(told, [_decided(told, row) for row in told.decisions], list(notes(told)), profile)


def _decided(told: Explanation, row: Row) -> Decided:
    key = row["definition_id"]
    return Decided(
        row,
        ANSWERS[row["decision"]],
        [part for part in told.parts if part["definition_id"] == key],
        [_clause(clause) for clause in told.clauses if clause["definition_id"] == key],
        [change for change in told.changes if change.definition_id == key],
    )


def _clause(row: Row) -> Clause:
    return Clause(
        row["clause_kind"],
        row["clause_id"],
        row["detail"],
        _CLAUSE_WORDS[row["state"]],
        _CLAUSE_MARKS[row["clause_kind"] == "disqualifier", row["state"]],
    )
