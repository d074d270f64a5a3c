"""What HubSpot derives from a change of a record's own properties: dates of stages, of ownership, a deal's outcome."""

from sandbox import clock
from sandbox.hubspot.definitions import DEAL_STAGES, STAGES
from sandbox.hubspot.types import CONTACT, DEAL
from sandbox.store import Record

_PROBABILITIES = {stage: probability for stage, _, probability in DEAL_STAGES}


def backward(before: str | None, after: str) -> bool:
    """Whether a lifecycle stage would move back.

    A custom stage's value is not in the list; its place is not known, so it may move either way.
    """
    if not before or not after or before not in STAGES or after not in STAGES:
        return False
    return STAGES.index(after) < STAGES.index(before)


def derived(record: Record, changed: dict[str, str], at: int) -> dict[str, str]:
    """Further values that follow from `changed` at an instant; an empty string clears."""
    stamp = clock.iso(at)
    extra: dict[str, str] = {}
    if "lifecyclestage" in changed and record.type == CONTACT:
        extra |= _lifecycle(record, changed["lifecyclestage"], stamp)
    if "hubspot_owner_id" in changed:
        extra["hubspot_owner_assigneddate"] = stamp if changed["hubspot_owner_id"] else ""
        if record.type == CONTACT:
            extra |= {"hs_sa_first_engagement_date": "", "hs_time_to_first_engagement": ""}
            extra["hs_is_unworked"] = "true"
    if changed.get("email") and record.type == CONTACT:
        extra["hs_email_domain"] = changed["email"].rpartition("@")[2]
    if record.type == DEAL and changed.get("dealstage"):
        extra |= _deal(record, changed, stamp)
    return extra


def _lifecycle(record: Record, stage: str, stamp: str) -> dict[str, str]:
    extra: dict[str, str] = {}
    before = record.properties.get("lifecyclestage")
    if before in STAGES:
        extra[f"hs_v2_date_exited_{before}"] = stamp
        if not stage:
            extra[f"hs_lifecyclestage_{before}_date"] = ""
    if stage in STAGES:
        extra |= {f"hs_lifecyclestage_{stage}_date": stamp, f"hs_v2_date_entered_{stage}": stamp}
    return extra


def _deal(record: Record, changed: dict[str, str], stamp: str) -> dict[str, str]:
    stage = changed["dealstage"]
    closed = stage.startswith("closed")
    extra = {
        "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(stage == "closedwon").lower(),
        f"hs_v2_date_entered_{stage}": stamp,
    }
    if stage in _PROBABILITIES:
        extra["hs_deal_stage_probability"] = _PROBABILITIES[stage]
    if closed and "closedate" not in changed:
        extra["closedate"] = stamp
    return extra
