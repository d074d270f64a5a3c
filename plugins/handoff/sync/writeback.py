"""Write back to the CRM what the outbox holds for it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.ledger.db import Connection
from handoff.ledger.drain import drain
from handoff.notify.given_up import tell
from handoff.sync import choices, conflicts
from handoff.sync.contact import KIND, ContactSender

LABELS = ("written", "unchanged", "drift", "rejected_silently")


def write_back(
    connection: Connection,
    hubspot: HubSpotHook | None = None,
    reasons: Sequence[tuple[str, str]] = (),
    now: Callable[[], datetime] = clock.now,
) -> dict[str, int]:
    """Bring every contact that is due to its target and return counts.

    `written`, `unchanged` (it said so already), `drift` (a person's change stayed), `rejected_silently` (HubSpot
    accepted and ignored a value), `dead` (given up now, told to the review channel), `pending` (still waiting).

    Args:
        reasons: the agreement's rejection reasons as (id, label), for the property that offers them.
    """
    choices.tell(connection, now())
    conflicts.look_again(connection, now())
    sender = ContactSender(connection, hubspot or HubSpotHook(), reasons, now)
    drained = drain(connection, KIND, sender, now, on_end=partial(tell, now()))
    return {name: drained.get(name, 0) for name in (*LABELS, "dead", "pending")}
