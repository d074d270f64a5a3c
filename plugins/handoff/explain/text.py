"""An explanation as a person would tell it, in plain lines that a marketer can read."""

from collections.abc import Iterator

from handoff.explain.explanation import Explanation
from handoff.explain.story import Story
from handoff.ledger.db import Row

MARKS = {"held": "yes", "failed": "no", "unknown": "unknown"}
ANSWERS = {
    "mql": "an MQL",
    "disqualified": "disqualified",
    "waiting": "waiting for a look-up",
    "not_yet": "not an MQL yet",
}
WHO = {"lead": "The lead", "handoff": "Handoff", "sales": "Sales", "crm": "HubSpot"}
"""Who did what nobody's name is known for."""


def as_text(explanation: Explanation) -> str:
    """The whole explanation, one fact a line."""
    return "\n".join(_lines(explanation))


def notes(told: Explanation) -> Iterator[str]:
    """What to know before reading on, a sentence each."""
    if told.merged_from:
        yield f"Contact {told.merged_from} was merged into {told.lead['lead_id']}, which is told here."
    if told.then_known_as:
        told_one = (
            f", of which {told.lead['lead_id']} is told here" if told.then_known_as[1:] else ", which is told here"
        )
        yield f"Contact {told.asked_for} was not there yet: then known as {' and '.join(told.then_known_as)}{told_one}."
    if told.deleted:
        noticed = f"{told.deleted.noticed_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"Deleted in the CRM, noticed {noticed}: nothing is decided about it any more, and what happened is told."
    if told.newer:
        is_other = told.load is None or told.newer.agreement_hash != told.load.agreement_hash
        yield (
            f"A newer {'agreement' if is_other else 'set of models'} has been loaded since "
            f"({told.newer.loaded_at:%Y-%m-%d %H:%M} UTC); it judges the lead with its next change."
        )
    if told.perhaps_gone:
        yield told.perhaps_gone
    if told.waits:
        yield told.waits


def _lines(told: Explanation) -> Iterator[str]:
    lead = told.lead
    title = ", ".join(str(lead[each]) for each in ("title", "company_name", "country") if lead[each])
    yield f"{lead['full_name'] or lead['email'] or '(no name)'} · contact {lead['lead_id']}" + (
        f" · {title}" if title else ""
    )
    if not told.deleted:
        yield f"account: {lead['account_match_method']} ({lead['account_match_reason']})"
    yield f"as of {told.at:%Y-%m-%d %H:%M:%S} UTC" + (
        f", by the agreement loaded {told.load.loaded_at:%Y-%m-%d %H:%M} UTC ({told.load.agreement_hash[:12]})"
        if told.load
        else ""
    )
    yield from notes(told)
    if told.deleted and told.deleted.last_known_at:
        last = told.deleted.last_known_at.isoformat().replace("+00:00", "Z")
        yield f"What decided when it was last known: handoff explain {lead['lead_id']} --at {last}"
    for each in told.decisions:
        yield from _decision(told, each)
    yield from _story(told.story)


def _decision(told: Explanation, decision: Row) -> Iterator[str]:
    key = decision["definition_id"]
    shadow = " (shadow: nobody is told)" if decision["is_shadow"] else ""
    yield ""
    yield f"{decision['product_id']}{shadow}: {decision['decision'].upper()}: {decision['reason']}"
    yield (
        f"  score {decision['score']} = fit {decision['fit_points']} + engagement {decision['engagement_points']}, by "
        f"definition {key} version {decision['definition_version']}"
    )
    for part in told.parts:
        if part["definition_id"] == key:
            when = f" on {part['occurred_at']:%Y-%m-%d %H:%M}" if part["occurred_at"] else ""
            less = f" (of {part['raw_points']}: capped)" if part["points"] != part["raw_points"] else ""
            yield f"    {part['points']:+8.2f}  {part['evidence']}{when}{less}  [{part['rule_id']}]"
    yield "  clauses"
    for clause in told.clauses:
        if clause["definition_id"] == key:
            state = MARKS[clause["state"]]
            yield f"    {state:<8} {clause['clause_kind']}: {clause['detail']}  [{clause['clause_id']}]"
    changes = [each for each in told.changes if each.definition_id == key]
    asked = "what would undo it" if decision["decision"] == "mql" else "what would change the answer"
    yield f"  {asked}" + ("" if changes else ": no single act or fact")
    for each in changes:
        yield f"    {each.what} → score {each.score:.2f}, {ANSWERS[each.decision]}  [{each.rule_id}]"


def _story(story: Story) -> Iterator[str]:
    yield ""
    yield "what happened, newest first" + ("" if story.handoffs else "; never handed over")
    for each in story.moments:
        who = each.who or WHO[each.by]
        yield f"  {each.at:%Y-%m-%d %H:%M:%S} UTC  {who}: {each.what}"
    if story.older_acts:
        yield f"  … and {story.older_acts} acts before"
