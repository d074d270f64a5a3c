"""By when a rep would have promised first contact to a hand-raiser whom a closed gate holds."""

from collections.abc import Sequence
from datetime import datetime

from handoff import crash
from handoff.ledger.db import Connection
from handoff.route.assign import NobodyEligible, choose
from handoff.route.contexts import LINE
from handoff.route.decisions import Decision
from handoff.route.due import NoCalendar, due_at
from handoff.route.had import before, keeper
from handoff.route.unforeseen import attempt


def note(connection: Connection, held: Sequence[Decision], as_of: datetime, raised: dict[str, Exception]) -> int:
    """Write the deadline on each held hand-raiser that has none yet; returns how many were written.

    As though the lead had been handed over when it was first held, to the first rep who may take it: whose turn it is
    then does not change the promise, only whose calendar counts. Without such a rep there is no promise to break.

    Args:
        raised: by lead, what was raised in this run; what raises here is added.
    """
    rows = connection.execute(
        """select tier_id from agreement.tiers
        where is_for_hand_raisers and valid_from <= %(at)s and %(at)s < valid_to""",
        {"at": as_of},
    )
    tiers = {row["tier_id"] for row in rows}
    raisers = [each for each in held if each.context.tier.id in tiers]
    return sum(attempt(raised, each.lead_id, _note, connection, each, as_of) or 0 for each in raisers)


def _note(connection: Connection, held: Decision, as_of: datetime) -> int:
    try:
        rep_id = choose(
            held.candidates,
            {},
            {},
            before=before(connection, held, as_of),
            keeper=keeper(connection, held.lead_id, held.product_id, as_of, LINE),
            prefers_present=held.prefers_present,
        ).candidate.rep_id
        rep = connection.execute(
            """select calendar_id, time_zone from agreement.reps
            where rep_id = %(rep)s and valid_from <= %(at)s and %(at)s < valid_to""",
            {"rep": rep_id, "at": as_of},
        ).fetchone()
        if rep is None:
            return 0
        seconds = held.context.tier.response_minutes * 60
        promised_at = due_at(connection, rep["calendar_id"], rep["time_zone"], as_of, seconds)
    except (NobodyEligible, NoCalendar):
        return 0
    noted = connection.execute(
        "update handoff.pending_leads set promised_at = %s where lead_id = %s and promised_at is null",
        (promised_at, held.lead_id),
    ).rowcount
    crash.point("route.risk.noted")
    return noted
