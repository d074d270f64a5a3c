"""What a stored context may lack, and what it keeps."""

from typing import Any

from handoff.notify.context import Clause, Context, ScorePart

BEFORE_CLAUSES: dict[str, Any] = {
    "lead": {"lead_id": "1"},
    "trigger": {"kind": "page_viewed", "summary": "Viewed /pricing", "occurred_at": "2026-03-01T10:00:00Z"},
    "attribution": {},
    "company": {},
    "score": {
        **{"total": 70, "fit": 20, "engagement": 50, "threshold": 65},
        "parts": [{"label": "Viewed pricing", "points": 70}],
    },
    "tier": {"id": "high", "name": "High intent", "response_minutes": 240},
    "definition": {"id": "platform-mql", "version": "1"},
}
"""A context as it was stored before it named rules and clauses."""


def test_an_older_context_names_no_rule_and_no_clause() -> None:
    context = Context.from_json(BEFORE_CLAUSES)
    assert context.score.parts == (ScorePart("Viewed pricing", 70, None),)
    assert context.clauses == ()


def test_rules_and_clauses_are_stored_as_they_stood() -> None:
    clause = {"kind": "requirement", "clause_id": "req-size", "state": "held", "detail": "Size: 300"}
    score = {**BEFORE_CLAUSES["score"], "parts": [{"label": "Mid size", "points": 20, "rule_id": "fit-mid"}]}
    context = Context.from_json({**BEFORE_CLAUSES, "score": score, "clauses": [clause]})
    assert context.score.parts[0].rule_id == "fit-mid"
    assert context.clauses == (Clause("requirement", "req-size", "held", "Size: 300"),)
    stored = context.to_json()
    assert stored["clauses"] == [clause]
    assert stored["score"]["parts"][0]["rule_id"] == "fit-mid"
    assert Context.from_json(stored) == context
