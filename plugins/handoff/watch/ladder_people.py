"""Who can be told now, and of how much more each may be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, has, put
from handoff.notify import cards, lines
from handoff.notify.alert import REVIEW, alert
from handoff.notify.lines import Room
from handoff.watch.ladder import Person

NOTE = "slack_note"


@dataclass(frozen=True)
class Watch:
    """One look at the clocks: when it is, who is there, and how much more each may be told.

    Attributes:
        waiting: assignments of leads that another rep is to have, and none had room for in this look.
    """

    as_of: datetime
    people: Mapping[str, Person]
    room: Room
    waiting: set[int] = field(default_factory=set)

    def name(self, rep_id: str) -> str:
        """A rep's name, or the id of somebody who was never in force."""
        person = self.people.get(rep_id)
        return person.name if person else rep_id

    def there(self, rep_id: str | None) -> Person | None:
        """Somebody who can be told; None for whoever has left."""
        person = self.people.get(rep_id or "")
        return None if person is None or person.has_left else person

    def may_tell(self, whom: Person | None) -> bool:
        """Whether somebody is at work and not told too much already; the review channel can always be told."""
        return whom is None or (whom.is_at_work and self.room.for_note(whom.slack_user_id))

    def tell(self, connection: Connection, handoff_id: str, key: str, text: str, whom: Person | None) -> None:
        """Queue a note, once for each `key`, in the caller's transaction; to the review channel when there is nobody.

        Args:
            text: escaped.
        """
        if whom is None:
            alert(connection, f"ladder:{key}", text, self.as_of, handoff_id)
            return
        payload = {"slack_user_id": whom.slack_user_id, "rep_id": whom.rep_id, "text": text, "rep_name": whom.name}
        note = Effect(f"{cards.LADDER}{key}", NOTE, payload, self.as_of, handoff_id)
        self.room.told[whom.slack_user_id] += put(connection, note)

    def has_told(self, connection: Connection, key: str) -> bool:
        """Whether anybody was told under a `key`, or the review channel was."""
        return has(connection, f"{cards.LADDER}{key}", f"{REVIEW}:ladder:{key}")

    def remind(
        self, connection: Connection, handoff_id: str, assignment_id: int, key: str, text: str, whom: Person
    ) -> None:
        """Tell a rep below their card, by name, in the caller's transaction; a card that was given up has no thread."""
        kinds = (cards.DM,)
        name = f"ladder:{key}"
        if cards.say(connection, handoff_id, assignment_id, name, text, self.as_of, kinds, mentions=True):
            self.room.told[whom.slack_user_id] += 1
        else:
            self.tell(connection, handoff_id, key, text, whom)


def look(connection: Connection, as_of: datetime) -> Watch:
    """Who is in the agreement at `as_of` or was before, and what they were told."""
    with connection.transaction():
        connection.execute("select set_config('handoff.as_of', %s, true)", (as_of.isoformat(),))
        rows = connection.execute(_PEOPLE, {"at": as_of}).fetchall()
    people = {row["rep_id"]: Person(**row) for row in rows}
    return Watch(as_of, people, lines.room(connection, as_of))


# Whoever left has leads until somebody else takes them, and a manager. Absent without end is who HubSpot has archived.
_PEOPLE = """
with everybody as (
    select
        rep_id, name, slack_user_id, time_zone, calendar_id, manager_id, unavailable_because is not null as is_away,
        coalesce(unavailable_until = 'infinity', false) as has_left, nullif(unavailable_until, 'infinity') as away_until
    from line.int_reps
    union all
    (
        select distinct on (rep_id) rep_id, name, slack_user_id, time_zone, calendar_id, manager_id, true, true, null
        from agreement.reps as former
        where valid_from <= %(at)s and not exists (select from line.int_reps as rep where rep.rep_id = former.rep_id)
        order by rep_id, valid_from desc
    )
)
select
    rep_id, name, slack_user_id, time_zone, manager_id, is_away, has_left, away_until,
    exists (
        select from line.int_open_intervals as shift
        where shift.calendar_id = rep.calendar_id and shift.time_zone = rep.time_zone
        and shift.opens_at <= %(at)s and %(at)s < shift.closes_at
    ) as is_at_work
from everybody as rep
"""
