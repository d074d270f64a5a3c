"""How many leads a rep may reject in a day, for those rejected in the CRM, which nobody can refuse there."""

from datetime import datetime

from handoff.ledger.db import Connection
from handoff.notify.alert import alert
from handoff.notify.text import slack_text

KINDS = ("rejected", "declined")
"""Kinds of `handoff.dispositions` that count."""


def look(connection: Connection, owner_id: str, rejected_at: datetime, as_of: datetime) -> None:
    """Tell the review channel, once a day and rep, when a rejection is one more than the agreement lets a rep give in a
    day of their own zone; it stands all the same. In the transaction that records it."""
    row = connection.execute(_DAY, {"owner": owner_id, "at": rejected_at, "kinds": list(KINDS)}).fetchone()
    if row is None or row["rejections"] <= row["most"]:
        return
    text = (
        f"{slack_text(row['name'], 60)} has rejected {row['rejections']} leads on {row['day']:%Y-%m-%d}, the last ones "
        f"in HubSpot: more than the {row['most']} that the agreement lets a rep reject in a day. They stand."
    )
    alert(connection, f"rejections:{row['rep_id']}:{row['day']}", text, as_of)


_DAY = """
select rep.rep_id, rep.name, day.day, policy.max_rejections_per_day as most, given.rejections
from agreement.reps as rep
cross join agreement.handoff_policy as policy
cross join lateral (select (%(at)s at time zone rep.time_zone)::date as day) as day
cross join lateral (
    select count(*) as rejections from handoff.dispositions as answer
    where answer.owner_id = rep.crm_owner_id and answer.kind = any(%(kinds)s)
    and (answer.occurred_at at time zone rep.time_zone)::date = day.day
) as given
where rep.crm_owner_id = %(owner)s and rep.valid_from <= %(at)s and %(at)s < rep.valid_to
and policy.valid_from <= %(at)s and %(at)s < policy.valid_to
limit 1
"""
