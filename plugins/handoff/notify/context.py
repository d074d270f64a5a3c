"""What a handoff knew when it was decided: the JSON in `handoff.handoffs.context` and in every message about it.

Instants are aware; points are plain numbers. Texts are the vendors' words, untrusted: they go through `slack_text`
when shown, never earlier.
"""

from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass


class BadContext(ValueError):
    """A stored context that cannot be read; the message names the field and the remedy."""


@dataclass(frozen=True)
class Lead:
    """The person. `lead_id` is the CRM's contact id."""

    lead_id: str
    name: str | None = None
    email: str | None = None
    title: str | None = None
    seniority: str | None = None
    phone: str | None = None
    linkedin_url: str | None = None
    country: str | None = None
    lifecycle_stage: str | None = None


@dataclass(frozen=True)
class Trigger:
    """What the lead just did: the activity that started this handoff."""

    kind: str
    summary: str
    occurred_at: AwareDatetime
    activity_id: str | None = None


@dataclass(frozen=True)
class Attribution:
    """Where the lead came from."""

    first_source: str | None = None
    first_source_detail: str | None = None
    latest_source: str | None = None
    latest_source_detail: str | None = None
    campaign: str | None = None


@dataclass(frozen=True)
class Company:
    """The lead's employer. `employees` is a head count."""

    name: str | None = None
    domain: str | None = None
    industry: str | None = None
    employees: int | None = None
    country: str | None = None


@dataclass(frozen=True)
class ScorePart:
    """One rule's contribution to the score. `rule_id` is None in contexts that were stored before it was kept."""

    label: str
    points: float
    rule_id: str | None = None


@dataclass(frozen=True)
class Score:
    """`total` = `fit` + `engagement` = the sum of every part; `parts` holds the largest first."""

    total: float
    fit: float
    engagement: float
    threshold: float
    parts: tuple[ScorePart, ...] = ()


@dataclass(frozen=True)
class Activity:
    """One engagement; `Context.activities` holds the newest first."""

    occurred_at: AwareDatetime
    summary: str


@dataclass(frozen=True)
class Tier:
    """How fast sales agreed to answer. `response_minutes` are business minutes."""

    id: str
    name: str
    response_minutes: int


@dataclass(frozen=True)
class Definition:
    """The MQL definition, as agreed, that let the lead through."""

    id: str
    version: str


@dataclass(frozen=True)
class Clause:
    """One clause of the definition as it stood: `kind` is requirement, behaviour, threshold or disqualifier, `state`
    held, failed or unknown."""

    kind: str
    clause_id: str
    state: str
    detail: str


@dataclass(frozen=True)
class Context:
    """Everything a rep is shown, and the clauses that a verdict is traced to. `reason` says in one line why the lead
    qualified; `clauses` is empty in contexts that were stored before they were kept."""

    lead: Lead
    trigger: Trigger
    attribution: Attribution
    company: Company
    score: Score
    tier: Tier
    definition: Definition
    record_url: str | None = None
    reason: str | None = None
    activities: tuple[Activity, ...] = ()
    clauses: tuple[Clause, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, for a jsonb column."""
        value: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return value

    @staticmethod
    def from_json(value: Any) -> "Context":
        """Read what `to_json` wrote. Keys it does not know are left out, so that rows of a newer release stay readable.

        Raises:
            BadContext: a field is missing or of another type.
        """
        try:
            return _ADAPTER.validate_python(value)
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(step) for step in first["loc"]) or "context"
            raise BadContext(f"stored context: {field}: {first['msg']}; correct the payload and replay it") from problem


_ADAPTER = TypeAdapter(Context)
