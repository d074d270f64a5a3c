"""What sales did with a lead in the past: who was given it, calls, e-mails, meetings, and how far it came."""

from random import Random
from typing import TYPE_CHECKING

from sandbox import clock
from sandbox.company.reference import DEMO_FORM, OWNERS, QUOTE_FORM, SALES_FORM

if TYPE_CHECKING:
    from sandbox.company.lead import Lead

_PATHS = (
    (("marketingqualifiedlead",), 30),
    (("marketingqualifiedlead", "salesqualifiedlead"), 35),
    (("marketingqualifiedlead", "salesqualifiedlead", "opportunity"), 25),
    (("marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"), 10),
)
_SUBJECTS = ("Your question about Brightwell", "Ten minutes this week?", "Following up")


def work(made: "Lead", random: Random, until: int) -> None:
    """Add stages, owner and activities to a lead's history."""
    raised = [at for _, form, at, _, _ in made.submissions if form in (DEMO_FORM, SALES_FORM, QUOTE_FORM)]
    made.stages = [("subscriber" if random.random() < 0.25 else "lead", made.created)]
    if made.kind == "customer":
        bought = min(made.created + int(random.random() * clock.DAY), until - clock.HOUR)
        made.stages.append(("customer", bought))
        _own(made, random, bought)
    elif raised and until - raised[0] > 3 * clock.DAY and random.random() < 0.45:
        _handle(made, random, raised[0], until)
    elif random.random() < 0.06:
        _own(made, random, made.created + 30 * clock.MINUTE)
    made.properties["lifecyclestage"] = made.stages[-1][0]


def _own(made: "Lead", random: Random, at: int) -> str:
    # One in forty still points at somebody who left.
    owner = "1007" if random.random() < 0.025 else random.choice(OWNERS[:5]).id
    made.properties |= {"hubspot_owner_id": owner, "hubspot_owner_assigneddate": clock.iso(at)}
    return owner


def _handle(made: "Lead", random: Random, raised: int, until: int) -> None:
    """From the hand raised to the stage that the lead has reached."""
    at = raised + random.randint(2, 300) * clock.MINUTE
    owner = _own(made, random, at)
    stages = random.choices([path for path, _ in _PATHS], [weight for _, weight in _PATHS])[0]
    for stage in stages:
        if at < until - clock.HOUR and stage not in [name for name, _ in made.stages]:
            made.stages.append((stage, at))
        at += random.randint(1, 6) * clock.DAY
    touched = raised + int(random.lognormvariate(8.5, 1.3)) * 1000
    touches: list[tuple[str, int, dict[str, str]]] = []
    for _ in range(random.randint(0, 5)):
        kind = random.choices(("calls", "emails", "meetings", "communications"), (45, 35, 15, 5))[0]
        touches.append((kind, touched, _activity(kind, made, random, touched)))
        touched += random.randint(3, 80) * clock.HOUR
    kept = [touch for touch in touches if touch[1] < until - clock.HOUR]
    made.engagements = [
        (kind, made.index * 10 + n + 1, when, facts | {"hubspot_owner_id": owner, "hs_timestamp": clock.iso(when)})
        for n, (kind, when, facts) in enumerate(kept)
    ]
    if kept:
        made.properties |= {"hs_first_outreach_date": clock.iso(kept[0][1]), "num_notes": str(len(kept))}
        made.properties |= {"notes_last_contacted": clock.iso(kept[-1][1]), "hs_lead_status": "IN_PROGRESS"}
    if len(made.stages) == 2 and random.random() < 0.3:
        made.properties["hs_lead_status"] = "UNQUALIFIED"


def _activity(kind: str, made: "Lead", random: Random, at: int) -> dict[str, str]:
    name = made.properties.get("firstname", "").strip() or "there"
    if kind == "calls":
        status = random.choices(("COMPLETED", "NO_ANSWER", "BUSY"), (55, 35, 10))[0]
        inbound = random.random() < 0.1
        return {
            "hs_call_title": f"Call with {name}",
            "hs_call_direction": "INBOUND" if inbound else "OUTBOUND",
            "hs_call_status": status,
            "hs_call_duration": str(random.randint(20, 1500) * 1000 if status == "COMPLETED" else 0),
        }
    if kind == "emails":
        incoming = random.random() < 0.25
        return {
            "hs_email_subject": ("Re: " if incoming else "") + random.choice(_SUBJECTS),
            "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
            "hs_email_status": "SENT",
        }
    if kind == "meetings":
        start = at + 24 * clock.HOUR
        return {
            "hs_meeting_title": f"Brightwell and {name}",
            "hs_meeting_start_time": clock.iso(start),
            "hs_meeting_end_time": clock.iso(start + 30 * clock.MINUTE),
            "hs_meeting_outcome": random.choice(("SCHEDULED", "COMPLETED", "NO_SHOW")),
            "hs_meeting_source": random.choice(("CRM_UI", "MEETINGS_PUBLIC")),
        }
    return {
        "hs_communication_channel_type": "LINKEDIN_MESSAGE",
        "hs_communication_logged_from": "CRM",
        "hs_communication_body": f"Hi {name}, thank you for your interest in Brightwell.",
    }
