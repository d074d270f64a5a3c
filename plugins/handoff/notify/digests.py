"""One message instead of many, when a rep would get a flood: what the agreement allows goes out as cards, the hottest
first, and the rest at the end of the window as one digest, with the same buttons.

A card in a digest stands where the digest stands: the ledger has the digest's message for it, so that its clock, its
updates and its answers are those of any card. Until the digest is sent it counts as tried, because it may be seen.
"""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from handoff import crash
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.ledger.outbox import Done, Permanent
from handoff.notify.cards import DM

DIGEST = "slack_digest"
"""Outbox kind with payload `slack_user_id` and `cards`, the dedupe keys of the cards in it, hottest first."""
HELD = "held"
"""Key of a card's payload: until when it waits for others, as an ISO instant."""
MOST = 12
"""Leads in one digest: a message holds 50 blocks, and a phone fewer."""


def gather(connection: Connection, as_of: datetime) -> int:
    """Hold the cards that are too many for their reps, and put those whose window is over into digests; returns how
    many cards went into one.

    A rep's window begins with the first card of the last `card_window_minutes`. What is too much in it waits for its
    end, but no card longer than a window; then all that waits goes out together. Leads of hand-raisers, and such as are
    promised an answer within a window, never wait. A card is put into a digest once at the most; two cards at the least
    make one.
    """
    users = [row["slack_user_id"] for row in connection.execute(_WAITING, {"at": as_of})]
    if not users:
        return 0
    with connection.transaction():
        over = connection.execute(_OVER, {"at": as_of, "users": users}).fetchall()
        mine: dict[str, list[Row]] = {}
        for row in over:
            if row["until"] > as_of:
                _hold(connection, row)
            else:
                mine.setdefault(row["slack_user_id"], []).append(row)
        gathered = 0
        for user_id, cards in mine.items():
            for first in range(0, len(cards), MOST):
                gathered += _put(connection, user_id, cards[first : first + MOST], as_of)
    if over:
        crash.point("notify.digest.gathered")
    return gathered


def _hold(connection: Connection, row: Row) -> None:
    connection.execute(
        "update handoff.outbox set payload = payload || %s, not_before = %s where outbox_id = %s",
        (Jsonb({HELD: row["until"].isoformat()}), row["until"], row["outbox_id"]),
    )


def _put(connection: Connection, user_id: str, cards: list[Row], as_of: datetime) -> int:
    if len(cards) < 2:
        return 0
    keys = [card["dedupe_key"] for card in cards]
    digest = f"{DIGEST}:{user_id}:{cards[0]['outbox_id']}"
    payload = {"slack_user_id": user_id, "cards": keys}
    # It is of no one handoff: what is queued for a handoff is taken back with it.
    outbox.put(connection, outbox.Effect(digest, DIGEST, payload, as_of))
    connection.execute(
        """update handoff.outbox set payload = payload || %s, attempts = 1, first_attempt_at = %s, not_before = %s
        where dedupe_key = any(%s)""",
        (Jsonb({"digest": digest}), as_of, outbox.NEVER, keys),
    )
    return len(keys)


def ended(at: datetime, connection: Connection, row: Row, outcome: Done | Permanent) -> None:
    """Settle a digest's cards with it: they stand where it stands, or go out by themselves."""
    mine: dict[str, Any] = {"digest": row["dedupe_key"], "at": at}
    if isinstance(outcome, Done):
        connection.execute(
            """update handoff.outbox set state = 'sent', sent_at = %(at)s, result = %(result)s
            where payload ->> 'digest' = %(digest)s and state = 'pending'""",
            mine | {"result": Jsonb(outcome.result)},
        )
        return
    connection.execute(_BY_THEMSELVES, mine)


def leave(connection: Connection, handoff_id: str, error: str, as_of: datetime) -> None:
    """Take a handoff's cards out of digests that nobody has tried to send, in the caller's transaction: nobody has seen
    them. Of a digest with fewer than two cards left, the other one goes out by itself."""
    # Locked: an attempt to send the digest either began before, and is seen, or begins after the caller's commit.
    digests = connection.execute(
        """select digest.dedupe_key, card.dedupe_key as card from handoff.outbox as card
        inner join handoff.outbox as digest on digest.dedupe_key = card.payload ->> 'digest'
        where card.handoff_id = %s and card.kind = %s and card.state = 'pending'
        and digest.state = 'pending' and digest.attempts = 0
        order by digest.outbox_id for update of digest""",
        (handoff_id, DM),
    ).fetchall()
    for row in digests:
        connection.execute(
            """update handoff.outbox set state = 'withdrawn', attempts = 0, first_attempt_at = null, last_error = %s
            where dedupe_key = %s""",
            (error, row["card"]),
        )
        left = connection.execute(
            """update handoff.outbox set payload = jsonb_set(payload, '{cards}', (payload -> 'cards') - %(card)s::text)
            where dedupe_key = %(digest)s returning jsonb_array_length(payload -> 'cards') as cards""",
            {"digest": row["dedupe_key"], "card": row["card"]},
        ).fetchone()
        if left is not None and left["cards"] < 2:
            connection.execute(
                "update handoff.outbox set state = 'withdrawn', last_error = %s where dedupe_key = %s",
                ("fewer than two cards are left in it", row["dedupe_key"]),
            )
            connection.execute(_BY_THEMSELVES, {"digest": row["dedupe_key"], "at": as_of})


_BY_THEMSELVES = """
update handoff.outbox set payload = payload || '{"digest": null}', attempts = 0, first_attempt_at = null,
    not_before = %(at)s
where payload ->> 'digest' = %(digest)s and state = 'pending'
"""

_IS_WAITING = f"""
card.kind = '{DM}' and card.state = 'pending' and card.attempts = 0 and card.not_before <= %(at)s
and card.payload ? 'assignment_id' and not card.payload ? 'digest'
"""

_WAITING = f"""
select distinct card.payload ->> 'slack_user_id' as slack_user_id from handoff.outbox as card where {_IS_WAITING}
"""

# Cards that went out or are in doubt count for the window they were tried in. A row that another process tries right
# now is locked, and left to it. Promises are compared as JSON, so that one that is no number only comes elsewhere.
_OVER = f"""
with policy as (
    select max_cards, card_window_minutes, make_interval(mins => card_window_minutes) as span
    from agreement.handoff_policy where valid_from <= %(at)s and %(at)s < valid_to
    limit 1
),
lately as (
    select payload ->> 'slack_user_id' as slack_user_id, count(*) as cards, min(last_attempt_at) as begins_at
    from handoff.outbox
    cross join policy
    where kind = '{DM}' and attempts > 0 and payload ->> 'digest' is null
    and last_attempt_at > %(at)s - policy.span and payload ->> 'slack_user_id' = any(%(users)s)
    group by 1
),
held as (
    select payload ->> 'slack_user_id' as slack_user_id, max((payload ->> '{HELD}')::timestamptz) as until
    from handoff.outbox
    where kind = '{DM}' and state = 'pending' and attempts = 0 and payload ? '{HELD}' and not payload ? 'digest'
    group by 1
),
waiting as (
    select card.outbox_id, card.created_at, card.payload ->> 'slack_user_id' as slack_user_id, hot.is_hot,
        row_number() over (
            partition by card.payload ->> 'slack_user_id'
            order by hot.is_hot desc, handoff.context #> '{{tier,response_minutes}}', handoff.score desc nulls last,
                card.outbox_id
        ) as place
    from handoff.outbox as card
    inner join handoff.handoffs as handoff using (handoff_id)
    cross join policy
    cross join lateral (
        select coalesce(
            handoff.context #> '{{tier,response_minutes}}' <= to_jsonb(policy.card_window_minutes), false
        ) or exists (
            select from agreement.tiers as tier
            where tier.tier_id = handoff.tier_id and tier.is_for_hand_raisers
            and tier.valid_from <= card.created_at and card.created_at < tier.valid_to
        ) as is_hot
    ) as hot
    where {_IS_WAITING}
),
over as (
    select waiting.outbox_id, waiting.slack_user_id, waiting.place, coalesce(
        held.until,
        policy.span + least(
            coalesce(lately.begins_at, %(at)s), min(waiting.created_at) over (partition by waiting.slack_user_id)
        )
    ) as until
    from waiting
    cross join policy
    left join lately using (slack_user_id)
    left join held using (slack_user_id)
    where not waiting.is_hot and (
        waiting.place > policy.max_cards - coalesce(lately.cards, 0) or coalesce(held.until <= %(at)s, false)
    )
)
select card.outbox_id, card.dedupe_key, card.handoff_id, over.slack_user_id, over.until
from handoff.outbox as card
inner join over using (outbox_id)
where card.state = 'pending' and card.attempts = 0
order by over.slack_user_id, over.place
for update of card skip locked
"""
