"""Several effects that wait for one contact: what a later one says is left to it, and what an earlier one read is what
it finds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from handoff.ledger.db import Connection

KEY = "overtaken"
"""Key of an effect's result: the properties that were left to a later effect."""

Earlier = Mapping[str, Sequence[Mapping[str, Any]]]
"""By property, the `expected` of effects that were to write it first and have not."""


def later(connection: Connection, dedupe_key: str, contact_id: str) -> set[str]:
    """The properties of which a later effect for the same contact says otherwise."""
    rows = connection.execute(
        """select distinct jsonb_object_keys(later.payload -> 'properties') as name from handoff.outbox as later
        where later.outbox_id > (select outbox_id from handoff.outbox where dedupe_key = %s)
        and later.kind = 'hubspot_contact' and later.state in ('pending', 'sent')
        and later.payload ->> 'contact_id' = %s""",
        (dedupe_key, contact_id),
    )
    return {row["name"] for row in rows}


def earlier(connection: Connection, dedupe_key: str, contact_id: str, wanted: Iterable[str]) -> Earlier:
    """What was read before an effect that takes an earlier one of its handoff for written.

    A rep who hands a lead on before it was written that they own it leaves the owner from before them. An earlier
    effect that did compare a property ends the search: what it found is what counts from then on.

    Args:
        wanted: the properties that the effect is about to write.
    """
    rows = connection.execute(
        """select earlier.payload, earlier.state = 'sent' as is_sent,
            coalesce(earlier.result -> 'overtaken', '[]') as overtaken
        from handoff.outbox as this
        inner join handoff.outbox as earlier
            on earlier.handoff_id = this.handoff_id and earlier.outbox_id < this.outbox_id
        where this.dedupe_key = %s and earlier.kind = 'hubspot_contact' and earlier.payload ->> 'contact_id' = %s
        order by earlier.outbox_id desc""",
        (dedupe_key, contact_id),
    ).fetchall()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name in wanted:
        found[name] = []
        for row in rows:
            if name not in row["payload"]["properties"]:
                continue
            if row["is_sent"] and name not in row["overtaken"]:
                break
            found[name].append(row["payload"]["expected"])
    return found
