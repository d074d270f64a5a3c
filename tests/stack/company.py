"""Nineteen weeks of handoffs that are over, for pictures in which something can be seen and has been judged."""

import random
from datetime import UTC, datetime, time, timedelta

from tests.integration.marts_company import ZONE, Admin, Handoff, plant, plant_contact

HANDOFFS, WEEKS = 300, 20
"""Of the oldest weeks the window of ninety days is over."""
SEED = 20261129
OPEN = (time(10), time(15, 30))
"""New York's time, when the reps of both zones are at work and go on for a while."""
FIRST_LEAD = 700_000
REPS = ("ana-costa", "ben-okafor")
SOURCES = ("PAID_SEARCH", "ORGANIC_SEARCH", "REFERRALS", "SOCIAL_MEDIA")


def plant_weeks(admin: Admin, now: datetime) -> None:
    """Leads that sales answered, and some who were taken back: none is open, so that no clock runs for them."""
    # Each day of them counts, also those before the line went live.
    admin.execute("update handoff.go_live set live_at = least(live_at, %s)", (now - timedelta(weeks=WEEKS + 4),))
    for number in range(HANDOFFS):
        # Of its own, so that a week has the same whenever it is planted.
        chance = random.Random(f"{SEED} {number}")
        began = _at_work(chance, now)
        if began > now - timedelta(hours=3):
            continue
        answered = began + timedelta(minutes=chance.choice((3, 8, 14, 25, 40, 90)))
        handoff = Handoff(
            *(f"weeks-{number}", str(FIRST_LEAD + number), began, chance.choice(SOURCES)),
            rep=chance.choice(REPS),
            tier=chance.choice(("high", "high", "standard")),
        )
        stages = {began - timedelta(days=9): "lead"}
        fate = chance.random()
        # Some are accepted and then rejected, some called without a word before.
        handoff.at = {"accepted": answered} if 0.1 < fate < 0.85 else {}
        if fate < 0.2:
            handoff.rejected_at = answered + timedelta(minutes=5)
        elif fate < 0.3:
            handoff.withdrawn_at = answered + timedelta(minutes=5)
        else:
            handoff.at["contacted"] = min(answered + timedelta(minutes=chance.choice((2, 20, 60, 2200))), now)
            for stage, share, days in (("salesqualifiedlead", 0.5, 4), ("customer", 0.25, 9)):
                at = began + timedelta(days=days)
                if fate < 0.3 + 0.7 * share and at < now:
                    stages[at] = stage
        plant_contact(admin, handoff.lead, began - timedelta(days=9), stages, source=handoff.source, landed_at=began)
        plant(admin, handoff)


def _at_work(chance: random.Random, now: datetime) -> datetime:
    """A minute of the present week's working hours, which may be to come, or of those before."""
    today = now.astimezone(ZONE).date()
    monday = today - timedelta(days=today.weekday() + 7 * chance.randrange(WEEKS))
    minutes = (OPEN[1].hour - OPEN[0].hour) * 60 + OPEN[1].minute - OPEN[0].minute
    there = datetime.combine(monday + timedelta(days=chance.randrange(5)), OPEN[0], ZONE)
    return (there + timedelta(minutes=chance.randrange(minutes))).astimezone(UTC)
