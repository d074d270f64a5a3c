"""Who can be told now, and of how much more each may be told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put
from handoff.notify.alert import alert
from handoff.watch.ladder import Person

NOTE = "slack_note"
KEY = f"{NOTE}:ladder:"
"""Beginning of the dedupe keys of what the ladder tells a person."""


@dataclass(frozen=True)
class Watch:
    """One look at the clocks: when it is, who is there, how many notes each was sent in the agreement's window, by
    Slack id, and how many at most; None is without end."""

    as_of: datetime
    people: Mapping[str, Person]
    told: Counter[str]
    most: int | None

    def name(self, rep_id: str) -> str:
        """A rep's name, or the id of somebody who has left."""
        person = self.people.get(rep_id)
        return person.name if person else rep_id

    def may_tell(self, whom: Person | None) -> bool:
        """Whether somebody is at work and not told too much already; the review channel can always be told."""
        return whom is None or (whom.is_at_work and (self.most is None or self.told[whom.slack_user_id] < self.most))

    def tell(self, connection: Connection, handoff_id: str, key: str, text: str, whom: Person | None) -> None:
        """Queue a note, once for each `key`, in the caller's transaction; to the review channel when there is nobody.

        Args:
            text: escaped.
        """
        if whom is None:
            alert(connection, f"ladder:{key}", text, self.as_of, handoff_id)
            return
        payload = {"slack_user_id": whom.slack_user_id, "text": text, "rep_name": whom.name}
        self.told[whom.slack_user_id] += put(connection, Effect(f"{KEY}{key}", NOTE, payload, self.as_of, handoff_id))


def look(connection: Connection, as_of: datetime) -> Watch:
    """Who is in the agreement at `as_of`, and what they were told; without a policy there is no end of notes."""
    with connection.transaction():
        connection.execute("select set_config('handoff.as_of', %s, true)", (as_of.isoformat(),))
        rows = connection.execute(_PEOPLE, {"at": as_of}).fetchall()
    people = {row["rep_id"]: Person(**row) for row in rows}
    policy = connection.execute(
        """select max_alerts, alert_window_minutes from agreement.handoff_policy
        where valid_from <= %(at)s and %(at)s < valid_to limit 1""",
        {"at": as_of},
    ).fetchone()
    if policy is None:
        return Watch(as_of, people, Counter(), None)
    rows = connection.execute(
        """select payload ->> 'slack_user_id' as slack_user_id, count(*) as notes from handoff.outbox
        where kind = %(kind)s and starts_with(dedupe_key, %(key)s)
        and created_at > %(at)s - make_interval(mins => %(minutes)s) group by 1""",
        {"kind": NOTE, "key": KEY, "at": as_of, "minutes": policy["alert_window_minutes"]},
    ).fetchall()
    return Watch(as_of, people, Counter({row["slack_user_id"]: row["notes"] for row in rows}), policy["max_alerts"])


_PEOPLE = """
select
    rep_id, name, slack_user_id, time_zone, manager_id, unavailable_because is not null as is_away,
    exists (
        select from line.int_open_intervals as shift
        where shift.calendar_id = rep.calendar_id and shift.time_zone = rep.time_zone
        and shift.opens_at <= %(at)s and %(at)s < shift.closes_at
    ) as is_at_work
from line.int_reps as rep
"""
