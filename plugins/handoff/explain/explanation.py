"""Everything that is told of one lead, for a terminal, a page and a script alike."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from handoff.explain.deleted import Deleted
from handoff.explain.hypotheses import Change
from handoff.explain.story import Story
from handoff.ledger.db import Row
from handoff.qualify.loads import Load


@dataclass(frozen=True)
class Explanation:
    """Everything that decided about one lead, as rows of the line's models and of the ledger.

    Attributes:
        at: the moment it holds for.
        load: which agreement and models decided; None before the first was loaded with a record of it.
        newer: what was loaded since and has not judged the lead yet; None when there is nothing, or of a past moment.
        asked_for: the contact id that was asked for, or that an address or a handoff led to.
        merged_from: that id, where it is a former one and the present contact is told.
        then_known_as: of a moment before the contact asked for was known, the former ids that were known, of which
            the first is told; empty otherwise.
        decisions: one row per definition, shadows included (`is_shadow`).
        changes: single acts or facts that would have made it an MQL, or would have kept it from being one.
        story: what happened up to the moment, or up to now.
        waits: what the lead waits for: the next run, or, held, whoever or whatever must come first; None when decided.
        perhaps_gone: which records of a past moment are kept no longer, as a sentence; None when all are.
        deleted: of a contact that was deleted in the CRM, when; no decision is left of it then. None of all others.
    """

    at: datetime
    lead: Row
    load: Load | None
    newer: Load | None
    asked_for: str
    merged_from: str | None
    then_known_as: list[str]
    decisions: list[Row]
    parts: list[Row]
    clauses: list[Row]
    changes: list[Change]
    story: Story
    waits: str | None
    perhaps_gone: str | None
    deleted: Deleted | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
