"""Who got a lead and why, every time, and who would get it now: each rep considered, with the reason for or against."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff.ledger import aliases
from handoff.ledger.db import Connection, Row
from handoff.route.assign import Choice, NobodyEligible, choose
from handoff.route.had import had, keeper
from handoff.route.present import REPLICA, candidates_now, prefers_present
from handoff.route.turns import burdens, credits

CAUSES = {
    "handoff": "handed over",
    "breach": "reassigned, as nobody had been in touch in time",
    "declined": "reassigned, as the rep before handed it on",
    "left": "reassigned, as the rep before has left",
    "by_hand": "reassigned by hand",
}


@dataclass(frozen=True)
class Story:
    """What became of one lead. `assignments` are rows of the ledger, oldest first; `held` is why it waits, and until
    when; `now` is who would get it, or why nobody would, by product."""

    lead_id: str
    at: datetime
    assignments: tuple[Row, ...]
    held: tuple[str, datetime | None] | None
    now: dict[str, Choice | str]


def story(connection: Connection, lead_id: str, at: datetime) -> Story:
    """Tell it. Nothing is written."""
    ids = aliases.ids_of(connection, "contacts", lead_id)
    assignments = connection.execute(
        """select assignment.*, handoff.product_id, handoff.tier_id
        from handoff.assignments as assignment
        inner join handoff.handoffs as handoff using (handoff_id)
        where handoff.lead_id = any(%s) order by assignment.assignment_id""",
        (ids,),
    ).fetchall()
    held = connection.execute(
        """select held_because, held_until from handoff.pending_leads
        where lead_id = %s and held_because is not null""",
        (lead_id,),
    ).fetchone()
    decisions = connection.execute(
        "select product_id, tier_id from line.int_decisions where lead_id = %s and not is_shadow order by product_id",
        (lead_id,),
    ).fetchall()
    return Story(
        lead_id,
        at,
        tuple(assignments),
        (held["held_because"], held["held_until"]) if held else None,
        {each["product_id"]: _now(connection, lead_id, ids, each, at) for each in decisions},
    )


def _had(connection: Connection, ids: Sequence[str], product_id: str, at: datetime) -> tuple[list[str], list[str]]:
    """The reps of the lead's open handoff, to none of whom it goes back, and those who did not keep it the time
    before."""
    rows = connection.execute(
        """select assignment.rep_id, handoff.lead_id, handoff.routed_at
        from handoff.assignments as assignment
        inner join handoff.handoffs as handoff using (handoff_id)
        where handoff.lead_id = any(%s) and handoff.product_id = %s and not exists (
            select from handoff.dispositions as answer where answer.handoff_id = handoff.handoff_id
            and answer.kind in ('contacted', 'rejected', 'withdrawn')
        )
        order by assignment.assignment_id""",
        (list(ids), product_id),
    ).fetchall()
    lead_id, until = (rows[0]["lead_id"], rows[0]["routed_at"]) if rows else (ids[0], at)
    return [row["rep_id"] for row in rows], had(connection, lead_id, product_id, until)


def _now(connection: Connection, lead_id: str, ids: Sequence[str], decision: Row, at: datetime) -> Choice | str:
    candidates = candidates_now(connection, lead_id, decision["product_id"], at)
    mine, before = _had(connection, ids, decision["product_id"], at)
    try:
        return choose(
            candidates,
            credits(connection, candidates),
            burdens(connection, candidates, at, REPLICA),
            had=mine,
            before=before,
            keeper=keeper(connection, lead_id, decision["product_id"], at, REPLICA),
            prefers_present=prefers_present(connection, decision["tier_id"] or "", at),
        )
    except NobodyEligible as error:
        return str(error)


def as_text(told: Story) -> str:
    """Plain lines: every assignment and what is now, one rep a line."""
    return "\n".join(_lines(told))


def _lines(told: Story) -> Iterator[str]:
    yield f"contact {told.lead_id}, {told.at:%Y-%m-%d %H:%M} UTC"
    for row in told.assignments:
        yield ""
        yield f"{row['assigned_at']:%Y-%m-%d %H:%M:%S} UTC, {row['product_id']}: {CAUSES[row['cause']]}"
        yield f"  {row['rep_id']}: {row['reason']}"
        yield from _considered(row["candidates"], row["rep_id"], row["credits"] or {})
    if not told.assignments:
        yield "never handed over"
    if told.held:
        because, until = told.held
        when = f" until {until:%Y-%m-%d %H:%M} UTC at least" if until else ""
        yield from ("", f"held{when}: {because}")
    for product_id, choice in told.now.items():
        yield from ("", f"{product_id}, if it were routed now")
        if isinstance(choice, str):
            yield f"  nobody: {choice}"
        else:
            yield f"  {choice.candidate.rep_id}: {choice.reason}"
            candidates = [each.as_json() for each in choice.candidates]
            yield from _considered(candidates, choice.candidate.rep_id, choice.credits or {})


def _considered(candidates: list[dict[str, Any]], chosen: str, owed: dict[str, int]) -> Iterator[str]:
    for each in candidates:
        mark = "→" if each["rep_id"] == chosen and each["is_eligible"] else " "
        verdict = "yes" if each["is_eligible"] else "no"
        turn = f", owed {owed[each['rep_id']]:+d} after it" if each["rep_id"] in owed and each["pool_id"] else ""
        who = f"{each['step']:<16} {each['rep_id']:<20}"
        yield f"  {mark} {each['step_rank']}. {who} {verdict:<4}{each['reason']}{turn}"
