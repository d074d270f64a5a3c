"""What the agreement says about who answers: whose lead it is, who their managers are, and what they may reject."""

from dataclasses import dataclass
from datetime import datetime

from handoff.ledger.db import Connection
from handoff.notify.card_form import REROUTE, Reason


@dataclass(frozen=True)
class Person:
    """A rep in force who answers about an assignment. `is_own`: theirs; `may_answer`: theirs, or of one they manage."""

    rep_id: str
    name: str
    crm_owner_id: str
    time_zone: str
    is_own: bool
    may_answer: bool


@dataclass(frozen=True)
class Given:
    """What a rejection is held against: the reason of that id in force, and how many the rep may give in one day."""

    reason: Reason | None
    today: int = 0
    most: int | None = None


def person(connection: Connection, slack_user_id: str, rep_id: str, at: datetime) -> Person | None:
    """Who somebody in Slack is to the rep of an assignment; None for nobody of the agreement in force.

    The chain of managers begins with the rep's newest row, so that leads of somebody who left can be answered.
    """
    row = connection.execute(_PERSON, {"user": slack_user_id, "rep": rep_id, "at": at}).fetchone()
    return Person(**row) if row else None


def reasons(connection: Connection, at: datetime, *, may_reroute: bool = True) -> list[Reason]:
    """The reasons in force, in the order of their file, in which a seed is loaded; without those that hand a lead on
    where nobody else may have it."""
    rows = connection.execute(
        """select reason_id, label, next_step from agreement.rejection_reasons
        where valid_from <= %(at)s and %(at)s < valid_to order by ctid""",
        {"at": at},
    )
    return [reason for row in rows if (reason := Reason(**row)).next_step != REROUTE or may_reroute]


def given(connection: Connection, who: Person, reason_id: str, at: datetime) -> Given:
    """How things stand for a rejection at a moment; the day is the rep's own.

    One rejection of a rep at a time until the transaction ends, so that two at once do not both count as the last.
    """
    connection.execute("select pg_advisory_xact_lock(hashtextextended('rejections:' || %s, 0))", (who.rep_id,))
    row = connection.execute(
        """select
            (select count(*) from handoff.dispositions as answer
            where answer.owner_id = %(owner)s and answer.kind in ('rejected', 'declined')
            and (answer.occurred_at at time zone %(zone)s)::date = (%(at)s at time zone %(zone)s)::date) as today,
            (select max_rejections_per_day from agreement.handoff_policy
            where valid_from <= %(at)s and %(at)s < valid_to limit 1) as most""",
        {"owner": who.crm_owner_id, "zone": who.time_zone, "at": at},
    ).fetchone()
    assert row is not None
    found = next((each for each in reasons(connection, at) if each.reason_id == reason_id), None)
    return Given(found, row["today"], row["most"])


_PERSON = """
with recursive newest as (
    select distinct on (rep_id)
        rep_id, name, crm_owner_id, slack_user_id, time_zone, manager_id, %(at)s < valid_to as is_in_force
    from agreement.reps where valid_from <= %(at)s order by rep_id, valid_from desc
),
chain (rep_id) as (
    select %(rep)s::text
    union
    select newest.manager_id from chain inner join newest on newest.rep_id = chain.rep_id
    where newest.manager_id is not null
)
select
    rep_id, name, crm_owner_id, time_zone, rep_id = %(rep)s as is_own,
    rep_id in (select chain.rep_id from chain) as may_answer
from newest where slack_user_id = %(user)s and is_in_force
order by is_own desc, may_answer desc, rep_id limit 1
"""
