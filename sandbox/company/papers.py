"""What sales wrote down about a lead in the past: its deal, a note, a task."""

from dataclasses import dataclass
from random import Random

from sandbox import clock
from sandbox.company.lead import Lead
from sandbox.hubspot.types import DEAL, FIRST_IDS, NOTE, TASK

_OPEN_STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin")


@dataclass(frozen=True)
class Paper:
    """A record beside a contact."""

    type: str
    id: int
    created: int
    modified: int
    properties: dict[str, str]


def papers(made: Lead, seed: int) -> list[Paper]:
    """A deal for an opportunity or customer, a task for half of those with an owner, a note for who was turned down."""
    owner = made.properties.get("hubspot_owner_id")
    if owner is None:
        return []
    random = Random(f"{seed}:papers:{made.index}")
    stages = dict(made.stages)
    begun, won = stages.get("opportunity", stages.get("customer")), stages.get("customer")
    found: list[Paper] = []
    if begun is not None:
        found.append(_paper(made, DEAL, begun, won or begun, _deal(made, random, won)))
    at = clock.parse(made.properties["hubspot_owner_assigneddate"])
    if random.random() < 0.5:
        task = {
            "hs_task_subject": f"Call {made.properties.get('firstname', '').strip() or 'the lead'}",
            "hs_task_status": "COMPLETED" if made.engagements else "NOT_STARTED",
            "hs_task_type": "CALL",
            "hs_task_priority": "HIGH",
            "hs_timestamp": clock.iso(at + clock.DAY),
        }
        found.append(_paper(made, TASK, at, at, task))
    if made.properties.get("hs_lead_status") == "UNQUALIFIED":
        note = {"hs_note_body": "Not now; they will come back to us.", "hs_timestamp": clock.iso(at)}
        found.append(_paper(made, NOTE, at, at, note))
    return found


def _paper(made: Lead, kind: str, created: int, modified: int, facts: dict[str, str]) -> Paper:
    common = {"hubspot_owner_id": made.properties["hubspot_owner_id"], "hs_object_source": "CRM_UI"}
    return Paper(kind, FIRST_IDS[kind] + made.index + 1, created, modified, common | facts)


def _deal(made: Lead, random: Random, won: int | None) -> dict[str, str]:
    stage = "closedwon" if won is not None else random.choice(_OPEN_STAGES)
    amount = str(random.randrange(6_000, 90_000, 500))
    return {
        "dealname": f"{made.properties.get('company') or made.domain}: Brightwell",
        "pipeline": "default",
        "dealstage": stage,
        "amount": amount,
        "amount_in_home_currency": amount,
        "hs_is_closed": str(won is not None).lower(),
        "hs_is_closed_won": str(won is not None).lower(),
        **({"closedate": clock.iso(won)} if won is not None else {}),
    }
