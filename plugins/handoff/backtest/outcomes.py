"""What became of leads in truth: conversion to SQL with honest intervals, and how often sales was late."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy import stats

from handoff.ledger.db import Connection

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Conversion:
    """Share of MQLs that became SQL within the horizon, among those that were watched for the whole of it.

    Of a younger one it cannot be said yet, whatever became of it so far.

    Attributes:
        leads: MQLs that were watched for the whole horizon.
        converted: those of them that became SQL within it.
        share: None where there are none.
        low: with `high` its bounds with 95 % confidence, by Wilson.
        young: MQLs that were not watched for so long.
        watched_days: whole days since the first MQL; None without any.
    """

    leads: int
    converted: int
    share: float | None
    low: float | None
    high: float | None
    young: int
    watched_days: int | None


@dataclass(frozen=True)
class Estimate:
    """How many of some leads would have become SQL within the horizon, and by whose conversion that is said.

    `expected` and its bounds are None where of nobody it is known.
    """

    leads: int
    expected: float | None
    low: float | None
    high: float | None
    like: Conversion


@dataclass(frozen=True)
class Breaches:
    """How many handoffs would have been late, were each tier as late as it was in the ledger so far."""

    expected: float | None
    low: float | None
    high: float | None
    measured: int
    """Handoffs with a known outcome behind it."""


def sql_moments(connection: Connection, end: datetime) -> dict[int, datetime]:
    """When each lead of `backtest_leads` first became an SQL, by its number; empty before the marts were built."""
    exists = connection.execute("select to_regclass('line.int_conversions') is not null as yes").fetchone()
    if not exists or not exists["yes"]:
        return {}
    rows = connection.execute(
        """select known.lead_no, min(conversion.occurred_at) as at
        from line.int_conversions as conversion
        inner join backtest_leads as known on known.lead_id = conversion.lead_id
        where conversion.conversion_kind = 'sql' and conversion.occurred_at <= %s group by known.lead_no""",
        (end,),
    )
    return {row["lead_no"]: row["at"] for row in rows}


def conversion(
    mqls: Iterable[tuple[int, datetime]], sqls: Mapping[int, datetime], end: datetime, horizon: timedelta
) -> Conversion:
    """Conversion of leads that became MQL at a moment; a lead that was an SQL before it is left out."""
    counted = [(at, sqls.get(lead_no)) for lead_no, at in mqls]
    counted = [(at, became) for at, became in counted if became is None or became >= at]
    watched = [(at, became) for at, became in counted if at + horizon <= end]
    longest = max((end - at for at, _ in counted), default=None)
    watched_days = None if longest is None else longest.days
    young = len(counted) - len(watched)
    if not watched:
        return Conversion(0, 0, None, None, None, young, watched_days)
    converted = sum(became is not None and became <= at + horizon for at, became in watched)
    low, high = wilson(converted, len(watched))
    return Conversion(len(watched), converted, converted / len(watched), low, high, young, watched_days)


def estimate(leads: int, like: Conversion) -> Estimate:
    """Had that many leads become SQL as often as others did: they are taken to be alike, and to be called alike."""
    expected, low, high = (None if share is None else leads * share for share in (like.share, like.low, like.high))
    return Estimate(leads, expected, low, high, like)


def wilson(number: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    found = stats.binomtest(number, of).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def breaches(connection: Connection, tiers: Sequence[str]) -> Breaches:
    """Expected breaches among handoffs of these tiers."""
    exists = connection.execute("select to_regclass('marts.fct_sla_outcomes') is not null as yes").fetchone()
    rows = (
        connection.execute(
            """select tier_id, count(*) filter (where outcome = 'breached') as late, count(*) as known
            from marts.fct_sla_outcomes where outcome in ('met', 'breached') group by tier_id"""
        ).fetchall()
        if exists and exists["yes"]
        else []
    )
    known = {row["tier_id"]: (int(row["late"]), int(row["known"])) for row in rows}
    measured = sum(number for _, number in known.values())
    if not measured or not set(tiers) <= known.keys():
        return Breaches(None, None, None, measured)
    bands = {tier: wilson(late, of) for tier, (late, of) in known.items()}
    return Breaches(
        sum(known[tier][0] / known[tier][1] for tier in tiers),
        sum(bands[tier][0] for tier in tiers),
        sum(bands[tier][1] for tier in tiers),
        measured,
    )
