"""The book of questions to the enrichment vendor: written before asking, settled by the answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from handoff.ledger.db import Connection

Subject = Literal["person", "organization"]

AGAIN_AFTER = timedelta(minutes=1)
"""An unanswered question is not put again before this."""
MOST_ATTEMPTS = 5
"""In a day; after that the vendor does not seem to want to answer it."""


@dataclass(frozen=True)
class Question:
    """One thing to look up for one lead: a person by address or an organization by domain."""

    subject: Subject
    key: str
    lead_id: str


def credits_left(connection: Connection, as_of: datetime) -> dict[str, int]:
    """What the agreement's daily budget leaves, by subject; a question without an answer counts as paid.

    The day is the company's.
    """
    rows = connection.execute(
        """with today as (
            select date_trunc('day', %(at)s at time zone company.time_zone) at time zone company.time_zone as starts_at
            from agreement.company as company where company.valid_from <= %(at)s and %(at)s < company.valid_to
        )
        select policy.subject, policy.daily_credits - (
            select count(*) from handoff.lookups as lookup, today
            where lookup.subject = policy.subject and lookup.asked_at >= today.starts_at
            and lookup.outcome is distinct from 'nobody'
        ) as credits_left
        from agreement.enrichment_policy as policy
        where policy.is_enabled and policy.valid_from <= %(at)s and %(at)s < policy.valid_to""",
        {"at": as_of},
    )
    return {row["subject"]: max(0, row["credits_left"]) for row in rows}


def worth_asking(connection: Connection, questions: Sequence[Question], as_of: datetime) -> list[Question]:
    """The questions without those that were put a moment ago, or often today, and had no answer."""
    rows = connection.execute(
        """select subject, key from handoff.lookups
        where settled_at is null and asked_at > %(at)s - interval '1 day' and key = any(%(keys)s)
        group by subject, key
        having max(asked_at) > %(at)s - %(again)s or count(distinct asked_at) >= %(most)s""",
        {"at": as_of, "keys": [each.key for each in questions], "again": AGAIN_AFTER, "most": MOST_ATTEMPTS},
    )
    resting = {(row["subject"], row["key"]) for row in rows}
    return [each for each in questions if (each.subject, each.key) not in resting]


def open_questions(connection: Connection, as_of: datetime) -> list[Question]:
    """What was asked in the last day and never answered, newest first."""
    rows = connection.execute(
        """select subject, key, lead_id from handoff.lookups as lookup
        where settled_at is null and asked_at > %s - interval '1 day' and not exists (
            select from handoff.lookups as answered where answered.subject = lookup.subject
            and answered.key = lookup.key and answered.settled_at > lookup.asked_at
        )
        group by subject, key, lead_id order by max(asked_at) desc, key""",
        (as_of,),
    )
    return [Question(row["subject"], row["key"], row["lead_id"]) for row in rows]


def write(connection: Connection, questions: Iterable[Question], asked_at: datetime) -> None:
    """Note what is about to be asked; committed before the vendor hears of it."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "insert into handoff.lookups (subject, key, lead_id, asked_at) values (%s, %s, %s, %s)",
            [(each.subject, each.key, each.lead_id, asked_at) for each in questions],
        )


def settle(
    connection: Connection, subject: Subject, answers: Mapping[str, dict[str, Any] | None], settled_at: datetime
) -> list[str]:
    """Note what was answered; returns the leads that somebody was found for."""
    connection.execute(
        """update handoff.lookups as lookup set settled_at = %s, outcome = answer.outcome
        from unnest(%s::text[], %s::text[]) as answer (key, outcome)
        where lookup.subject = %s and lookup.key = answer.key and lookup.settled_at is null""",
        (
            settled_at,
            list(answers),
            ["nobody" if answer is None else "found" for answer in answers.values()],
            subject,
        ),
    )
    rows = connection.execute(
        """select distinct lead_id from handoff.lookups
        where subject = %s and key = any(%s) and settled_at = %s and outcome = 'found' order by lead_id""",
        (subject, list(answers), settled_at),
    )
    return [row["lead_id"] for row in rows]
