"""What people call those that the figures know by their ids."""

from dataclasses import dataclass

from handoff.ledger.db import Connection

WORDS = {("clause", "(no clause)"): "No clause let it in by this"}
"""Of members that are nobody's id."""


@dataclass(frozen=True)
class Names:
    """Names by dimension of a figure and id; who has none keeps the id."""

    _by_id: dict[tuple[str, str], str]

    def of(self, dimension: str, member: str) -> str:
        """For example `Ben Okafor` for the rep `ben-okafor`."""
        return " > ".join(self.all_of(dimension, member))

    def all_of(self, dimension: str, member: str) -> tuple[str, ...]:
        """The same one by one: a reason and the clause that it accuses are one member of `traced`."""
        if dimension == "traced":
            reason, _, clause = member.partition(" > ")
            return self.of("reason", reason), self.of("clause", clause)
        return (self._by_id.get((dimension, member)) or WORDS.get((dimension, member), member),)


def read(connection: Connection) -> Names:
    """The last name that the agreement gave each rep, tier, reason and clause, in force or not.

    Raises:
        psycopg.errors.UndefinedTable: the marts have not been built yet.
    """
    rows = connection.execute(
        """select distinct on (kind, id) kind, id, name from (
            select 'rep' as kind, rep_id as id, name, valid_from from agreement.reps
            union all select 'tier', tier_id, name, valid_from from agreement.tiers
            union all select 'reason', reason_id, label, valid_from from agreement.rejection_reasons
            union all select 'clause', clause_id, label, '-infinity' from line.int_clause_names
        ) as named order by kind, id, valid_from desc, name"""
    )
    return Names({(row["kind"], row["id"]): row["name"] for row in rows})
