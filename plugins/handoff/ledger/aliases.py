"""Ids that were merged away. HubSpot gives the result of a merge a new id; both old ones lead to it from then on."""

from collections.abc import Mapping
from datetime import datetime

from handoff.ledger.db import Connection


def learn(connection: Connection, object_type: str, into: Mapping[str, str], at: datetime) -> None:
    """Note that each key of `into` is now the record named by its value; chains always end at the newest record."""
    with connection.transaction():
        with connection.cursor() as cursor:
            cursor.executemany(
                """insert into handoff.aliases (object_type, old_id, id, noticed_at) values (%s, %s, %s, %s)
                on conflict (object_type, old_id) do update set id = excluded.id, noticed_at = excluded.noticed_at
                where aliases.id <> excluded.id""",
                [(object_type, old, new, at) for old, new in into.items()],
            )
        # A record that was merged away may itself be the result of an earlier merge.
        connection.execute(
            """update handoff.aliases as earlier set id = later.id, noticed_at = later.noticed_at
            from handoff.aliases as later
            where earlier.object_type = %(type)s and later.object_type = %(type)s and earlier.id = later.old_id""",
            {"type": object_type},
        )


def ids_of(connection: Connection, object_type: str, record_id: str, at: datetime | None = None) -> list[str]:
    """The id that answers for a record, then all ids it ever had; now, or as it was known at a moment.

    Args:
        record_id: of a moment, an id that the record had by then.
    """
    rows = connection.execute(_IDS, {"type": object_type, "id": record_id, "at": at or "infinity"})
    return [row["id"] for row in rows]


_IDS = """
with present as (
    select coalesce(
        (
            select id from handoff.aliases
            where object_type = %(type)s and old_id = %(id)s and noticed_at <= %(at)s::timestamptz
        ),
        (
            select id from handoff.former_aliases
            where object_type = %(type)s and old_id = %(id)s
            and noticed_at <= %(at)s::timestamptz and replaced_at > %(at)s::timestamptz
        ),
        %(id)s
    ) as id
)
select id from present
union all
select old_id from handoff.aliases
where object_type = %(type)s and id = (select id from present) and noticed_at <= %(at)s::timestamptz
union all
select old_id from handoff.former_aliases
where object_type = %(type)s and id = (select id from present)
and noticed_at <= %(at)s::timestamptz and replaced_at > %(at)s::timestamptz
"""
