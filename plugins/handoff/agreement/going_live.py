"""From when on each product hands over: behaviour from before that pages nobody, however well it scores."""

from datetime import datetime

from handoff.ledger.db import Connection


def note(connection: Connection, as_of: datetime) -> dict[str, datetime]:
    """Note each product that the loaded agreement makes live: from `as_of`, or from a coming day on which it begins.

    What has begun stays as it was noted, also after its definition has ended. What has not is noted anew by each load,
    so that it may be moved or taken back until its day.

    Returns: from when on, by product, of those that were not live before.
    """
    with connection.transaction():
        connection.execute("delete from handoff.go_live where live_at > %s", (as_of,))
        rows = connection.execute(_NOTE, {"at": as_of}).fetchall()
    return {row["product_id"]: row["live_at"] for row in rows}


# Days of the agreement begin at midnight UTC.
_NOTE = """
insert into handoff.go_live (product_id, live_at)
select product_id, min(greatest(valid_from::timestamp at time zone 'UTC', %(at)s::timestamptz))
from agreement.definitions
where status = 'live' and (%(at)s::timestamptz at time zone 'UTC')::date < valid_to
group by product_id
on conflict (product_id) do nothing
returning product_id, live_at
"""
