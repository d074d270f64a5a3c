"""A breaker against a mass of MQLs, as a wrong rule or an import makes: some go, a person decides about the rest.

In an hour as many go through as the agreement allows: a number that is always allowed, or a multiple of the busiest
hour of the last seven days. The hottest go first. What is held waits for an answer; until it comes, and if it is to
drop them, what went through makes no busy hour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from handoff import crash
from handoff.ledger.db import Connection, Row
from handoff.notify import flood_card
from handoff.notify.alert import alert
from handoff.notify.text import slack_text
from handoff.route import flood_counts
from handoff.route.decisions import Decision

CHANNEL = "handoff_flood"
"""Postgres notification channel that makes Airflow ask."""
Answer = Literal["released", "dropped"]
CHOICES: dict[str, Answer] = {"Release": "released", "Drop": "dropped"}
"""What a person may choose, and what it does."""
EXAMPLES = 10


class NothingToAnswer(LookupError):
    """No flood is open, or it was answered before; the message says by whom."""


@dataclass(frozen=True)
class Flood:
    """An open question. `by_rule` counts what held leads qualified by, most frequent first."""

    flood_id: int
    opened_at: datetime
    allowed: int
    held: int
    by_reason: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]

    @property
    def subject(self) -> str:
        """One line."""
        return f"{self.held:,} MQLs more than usual: hand them over?"

    @property
    def body(self) -> str:
        """What a person needs to decide, in Markdown."""
        reasons = "\n".join(f"- {count:,} × {reason}" for reason, count in self.by_reason)
        leads = ", ".join(self.examples)
        return (
            f"Since {self.opened_at:%Y-%m-%d %H:%M} UTC more leads became MQLs than the {self.allowed:,} an hour that "
            f"the agreement lets through. {self.held:,} are held, and nobody has been told of them.\n\n"
            f"What they qualified by:\n\n{reasons}\n\nSome of them: {leads}. `handoff explain LEAD` tells why.\n\n"
            "Release hands all of them over now, hottest first. Drop hands none of them over for what they did until "
            "now; a new act counts again."
        )


def admit(
    connection: Connection, decisions: Sequence[Decision], as_of: datetime, hand: Callable[[Decision], int]
) -> list[Decision]:
    """Hand MQLs over, hottest first, as long as the hour's allowance lasts; returns those that are held for a person.
    Opens a flood, and tells the review channel, when the first one is held.

    Args:
        hand: hands one over, and returns whether it did. Who finds no rep takes nothing from the allowance: else those
            who are stuck would use it up each minute, and a lead whose rep is free would be held behind them.
    """
    released, waiting = flood_counts.released(connection), flood_counts.waiting(connection)
    allowed = flood_counts.allowed(connection, as_of)
    left = allowed - flood_counts.lately(connection, as_of)
    held: list[Decision] = []
    new: list[Decision] = []
    for each in decisions:
        key = each.lead_id, each.product_id
        if key in released and each.context.trigger.occurred_at <= released[key]:
            hand(each)
        elif key in waiting:
            # Who was held stays held until somebody answers: an hour later the allowance is not theirs.
            held.append(each)
        elif left > 0:
            left -= hand(each)
        else:
            new.append(each)
    if new:
        _hold(connection, new, allowed, as_of)
        crash.point("route.flood.held")
    return held + new


def why_held(held: Sequence[Decision]) -> str:
    """What `handoff.pending_leads` says of them."""
    return (
        f"more MQLs than go through in an hour without asking: {len(held):,} wait for an answer in Airflow (Required "
        "Actions of DAG handoff_flood), or by `handoff route release` or `handoff route drop`"
    )


def _hold(connection: Connection, held: Sequence[Decision], allowed: int, as_of: datetime) -> None:
    with connection.transaction():
        opened = connection.execute(
            "insert into handoff.floods (opened_at, allowed) values (%s, %s) on conflict do nothing returning flood_id",
            (as_of, allowed),
        ).fetchone()
        open_one = connection.execute("select flood_id from handoff.floods where answer is null").fetchone()
        assert open_one is not None
        with connection.cursor() as cursor:
            cursor.executemany(
                """insert into handoff.flood_leads (flood_id, lead_id, product_id, held_at) values (%s, %s, %s, %s)
                on conflict do nothing""",
                [(open_one["flood_id"], each.lead_id, each.product_id, as_of) for each in held],
            )
        if opened:
            flood_card.ask(connection, opened["flood_id"], as_of)
            connection.execute("select pg_notify(%s, '')", (CHANNEL,))


def current(connection: Connection) -> Flood | None:
    """The open question, or None."""
    row = connection.execute("select * from handoff.floods where answer is null").fetchone()
    if row is None:
        return None
    reasons = connection.execute(
        """select coalesce(decision.reason, 'no longer an MQL') as reason, count(*) as leads
        from handoff.flood_leads as held
        left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = held.lead_id
        left join line.int_qualifications as decision
            on decision.lead_id = coalesce(alias.id, held.lead_id) and decision.product_id = held.product_id
        where held.flood_id = %s group by 1 order by 2 desc, 1""",
        (row["flood_id"],),
    ).fetchall()
    examples = connection.execute(
        "select lead_id from handoff.flood_leads where flood_id = %s order by held_at, lead_id limit %s",
        (row["flood_id"], EXAMPLES),
    ).fetchall()
    return Flood(
        row["flood_id"],
        row["opened_at"],
        row["allowed"],
        sum(each["leads"] for each in reasons),
        tuple((each["reason"], each["leads"]) for each in reasons[:EXAMPLES]),
        tuple(each["lead_id"] for each in examples),
    )


def answer(connection: Connection, flood_id: int, said: Answer, who: str, as_of: datetime) -> Row:
    """Take a person's word, the first one that comes; the next run of the line acts on it.

    Raises:
        NothingToAnswer: somebody was quicker, or there is no such flood.
    """
    with connection.transaction():
        row: dict[str, Any] | None = connection.execute(
            """update handoff.floods set answer = %s, answered_at = %s, answered_by = %s
            where flood_id = %s and answer is null returning *""",
            (said, as_of, who, flood_id),
        ).fetchone()
        if row is None:
            before = connection.execute("select * from handoff.floods where flood_id = %s", (flood_id,)).fetchone()
            told = f"{before['answered_by']} {before['answer']} it" if before else "there is none by that number"
            raise NothingToAnswer(f"flood {flood_id}: {told}")
        verb = "hands the held MQLs over" if said == "released" else "drops the held MQLs"
        alert(connection, f"flood:{flood_id}:{said}", f"{slack_text(who, 60)} {verb}.", as_of)
        flood_card.refresh(connection, flood_id, as_of)
    crash.point("route.flood.answered")
    return row
