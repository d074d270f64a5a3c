"""What became of leads in truth: conversion to SQL with honest intervals, and how often sales was late."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy import stats

from handoff.ledger.db import Connection

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Conversion:
    """Share of MQLs that became SQL within the horizon, as Kaplan and Meier estimate it: a lead too young to have done
    so counts for as long as it was watched. `low` and `high` bound it with 95 % confidence; None without any lead."""

    leads: int
    converted: int
    share: float | None
    low: float | None
    high: float | None


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
    converted, watched = [], []
    for lead_no, at in mqls:
        became = sqls.get(lead_no)
        if became is None:
            watched.append((end - at) / timedelta(days=1))
        elif became >= at:
            converted.append((became - at) / timedelta(days=1))
    days = horizon / timedelta(days=1)
    within = sum(each <= days for each in converted)
    if not converted and not watched:
        return Conversion(0, 0, None, None, None)
    if not converted:
        low, high = wilson(0, len(watched))
        return Conversion(len(watched), 0, 0.0, low, high)
    curve = stats.ecdf(stats.CensoredData(uncensored=converted, right=watched))
    with warnings.catch_warnings():
        # Where nobody is left unconverted the interval is a point, and scipy divides by zero on the way.
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.sf.confidence_interval(confidence_level=CONFIDENCE, method="log-log")
        left, most, least = (float(each.evaluate(days)) for each in (curve.sf, band.high, band.low))
    number = len(converted) + len(watched)
    return Conversion(number, within, 1 - left, _or(1 - most, 1 - left), _or(1 - least, 1 - left))


def _or(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value


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
