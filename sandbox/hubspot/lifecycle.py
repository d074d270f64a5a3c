"""The stage of a deal's contacts and companies: opportunity when it is created, customer when it is won."""

from sandbox.hubspot import records
from sandbox.hubspot.effects import backward
from sandbox.hubspot.records import Source
from sandbox.hubspot.types import COMPANY, CONTACT, DEAL
from sandbox.store import Record
from sandbox.world import World

DEALS = Source("DEALS")


def follow(world: World, deal: Record, written: dict[str, str]) -> None:
    """Move whoever is associated with a deal forward to where it stands, when its stage is among what was written."""
    if deal.type != DEAL or "dealstage" not in written:
        return
    stage = "customer" if deal.properties.get("dealstage") == "closedwon" else "opportunity"
    for kind in (CONTACT, COMPANY):
        for record in world.store.read(kind, world.store.associated(DEAL, deal.id, kind)):
            before = record.properties.get("lifecyclestage")
            if record.archived_at is None and before != stage and not backward(before, stage):
                records.update(world, record, {"lifecyclestage": stage}, DEALS)
