"""How a table holds people, and what becomes of its rows when one is erased."""

from dataclasses import dataclass
from typing import LiteralString

Sql = LiteralString
"""With the parameters of `person.Traces`: ids, emails, mentions, handoffs, effects, answers, alias."""
ERASED = "[erased]"
"""What stands where a text about the person stood."""


@dataclass(frozen=True)
class Table:
    """One table of `raw` or `handoff`.

    Attributes:
        because: what it holds of a lead; or, when it has no personal column, why it holds nothing of one.
        personal: columns that may tell who a lead is.
        plain: the other columns.
        find: SQL condition for a person's rows; "" when no column is personal.
        erase: statements in their order; each is idempotent.
    """

    name: str
    because: str
    plain: tuple[str, ...]
    personal: tuple[str, ...] = ()
    find: Sql = ""
    erase: tuple[Sql, ...] = ()


def plain(name: str, columns: str, because: str) -> Table:
    """A table without anything personal about a lead."""
    return Table(name, because, tuple(columns.split()))


def deleted(name: str, personal: str, columns: str, find: Sql, because: str) -> Table:
    """A table whose rows about the person are deleted."""
    erase: Sql = f"delete from {name} where {find}"
    return Table(name, because, tuple(columns.split()), tuple(personal.split()), find, (erase,))


def blanked(name: str, personal: str, columns: str, find: Sql, assignments: Sql, because: str) -> Table:
    """A table whose rows stay for the figures, without the person."""
    erase: Sql = f"update {name} set {assignments} where {find}"
    return Table(name, because, tuple(columns.split()), tuple(personal.split()), find, (erase,))


def shared(name: str) -> Table:
    """Records that may concern several contacts: deleted when all that ever were theirs are, else stripped of them.

    Stripped versions may become equal; one of those is kept, of the person's rather than another.
    """
    find: Sql = f"id in (select id from {name} where contact_ids && %(ids)s)"
    alone: Sql = f"""delete from {name} as record where {find} and not exists (
        select from {name} as version where version.id = record.id and not version.contact_ids <@ %(ids)s
    )"""
    twins: Sql = f"""delete from {name} where version_id in (
        select version_id from (
            select version_id, row_number() over (
                partition by id, updated_at, handoff.without_contacts(payload, %(ids)s)
                order by contact_ids && %(ids)s desc, version_id
            ) as place
            from {name} where {find}
        ) as version where place > 1
    )"""
    strip: Sql = f"update {name} set payload = handoff.without_contacts(payload, %(ids)s) where {find}"
    because = "what was said and written; of one that others share, stamps, owner and states stay for them"
    return Table(name, because, RECORD, ("id", "payload", "payload_hash", "contact_ids"), find, (alone, twins, strip))


RECORD = ("version_id", "updated_at", "loaded_at", "batch_id")
"""Columns of every table of landed records that tell of no person."""
