"""The numbers of a week, as `marts.rpt_weekly_review` has them, and how they are written."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import MAXYEAR, MINYEAR, date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import psycopg

from handoff.ledger.db import Connection, Row
from handoff.review.performance import NotBuilt, ask_built
from handoff.web.pages.filters import wait

ALL = "all"
HANDOFFS = "handoffs"
CLAUSE = "clause"
"""The figure of `fct_clause_performance` that the pack tells of the worst; it is of no week."""
COHORTS_BACK = 53
"""Weeks of MQLs among which one is looked for whose window is over."""


@dataclass(frozen=True)
class Figure:
    """One row of `rpt_weekly_review`: counts of handoffs or incidents, shares from 0 to 1, times in seconds."""

    week_starts_on: date
    figure: str
    dimension: str
    member: str
    handoffs: int
    decided: int
    counted: int
    still_open: int
    share: float | None
    share_low: float | None
    share_high: float | None
    median_seconds: float | None
    p90_seconds: float | None
    target: float | None
    is_kept: bool | None
    is_over: bool
    is_complete: bool

    @property
    def link(self) -> str:
        """The page with the leads behind it, below the web app's address."""
        return link(self.week_starts_on, self.figure, self.dimension, self.member)

    @property
    def interval(self) -> str:
        """For example `60 % (41 to 77 %), 12 of 20`; of what may only rise `12 of 20 so far, 3 still open`."""
        if self.share is None:
            return "nothing decided yet"
        if self.share_low is None or self.share_high is None:
            told = f"{self.counted:,} of {self.decided:,} so far"
            return f"{told}, {self.still_open:,} still open" if self.still_open else told
        between = f"{100 * self.share_low:.0f} to {100 * self.share_high:.0f} %"
        return f"{100 * self.share:.0f} % ({between}), {self.counted} of {self.decided}"

    @property
    def so_far(self) -> str:
        """For example `12 of 20`: a share of what may still grow has no interval."""
        return f"{self.counted:,} of {self.handoffs:,}"

    @property
    def verdict(self) -> str:
        """Whether the promise was kept; what is still open, or the rest of a running week, may change a share's."""
        if self.is_kept is None:
            is_short = self.figure == HANDOFFS and self.is_over and self.target is not None
            return "too short a week to judge" if is_short else "–"
        # A number that was reached stays reached.
        may_change = self.still_open or not (self.is_over or self.figure == HANDOFFS)
        return ("kept" if self.is_kept else "missed") + (", so far" if may_change else "")

    @property
    def number(self) -> str:
        """How many there were, for example `12`; of a running week `12 so far`."""
        return f"{self.handoffs:,}" + ("" if self.is_over else " so far")

    @property
    def times(self) -> tuple[str, str]:
        """Median and what nine of ten stay below; "before" where a stage came ahead of the one before it."""
        return wait(self.median_seconds), wait(self.p90_seconds)


def link(week: date, figure: str, dimension: str, member: str) -> str:
    """The page with the leads behind a figure, below the web app's address."""
    asked = urlencode({"figure": figure, "dimension": dimension, "member": member})
    return f"/review/{name_of(week)}/leads?{asked}"


def name_of(week: date) -> str:
    """Such as `2026-W07`."""
    return f"{week:%G-W%V}"


def week_of(name: str) -> date:
    """The Monday of a week such as `2026-W07`.

    Raises:
        ValueError: there is no such week.
    """
    try:
        year, number = name.split("-W")
        if not MINYEAR < int(year) < MAXYEAR:
            raise ValueError("its year is too far away")
        return date.fromisocalendar(int(year), int(number), 1)
    except ValueError as wrong:
        raise ValueError(f"{name!r} is no week: write it like 2026-W07 ({wrong})") from None


class Figures:
    """The rows of some weeks."""

    def __init__(self, rows: Iterable[Figure]):
        self._rows = tuple(rows)

    def of(self, week: date, figure: str, dimension: str = ALL) -> list[Figure]:
        """A figure by one of its dimensions; of shares the one that most stands behind comes first."""
        found = (
            each
            for each in self._rows
            if (each.week_starts_on, each.figure, each.dimension) == (week, figure, dimension)
        )
        return sorted(found, key=lambda each: (-each.handoffs, each.member))

    def one(self, week: date, figure: str) -> Figure | None:
        """The figure of all together."""
        return next(iter(self.of(week, figure)), None)

    def told_cohort(self, until: date) -> date | None:
        """The newest week of MQLs whose window is over; until there is one, the oldest. None without an MQL."""
        weeks = self.weeks("conversion", until, COHORTS_BACK)
        over = [each for each in weeks if (found := self.one(each, "conversion")) and found.is_complete]
        return over[-1] if over else next(iter(weeks), None)

    def weeks(self, figure: str, until: date, most: int) -> list[date]:
        """The newest weeks that have a figure, the oldest first."""
        found = {each.week_starts_on for each in self._rows if each.figure == figure and each.week_starts_on <= until}
        return sorted(found)[-most:]


def read(connection: Connection, until: date, days: int) -> Figures:
    """All rows of the weeks up to one, so many days back.

    Raises:
        NotBuilt: the marts have not been built yet, or not since an upgrade.
    """
    ask_built(connection)
    names = ", ".join(each.name for each in fields(Figure))
    try:
        rows = connection.execute(
            f"select {names} from marts.rpt_weekly_review where week_starts_on between %s and %s",
            (until - timedelta(days=days), until),
        )
    except psycopg.errors.UndefinedColumn:
        raise NotBuilt("the marts are those of an earlier release: the next run of handoff_marts renews them") from None
    return Figures(Figure(**_plain(row)) for row in rows)


def _plain(row: Row) -> dict[str, Any]:
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in row.items()}


def leads_behind(connection: Connection, week: date, figure: str, dimension: str, member: str) -> list[Row]:
    """The leads that a figure is counted from, those that count against it first; what is no lead is left out.

    Of a clause, told by its definition and version, all that it ever let in, those first that accuse it.
    """
    rows = connection.execute(
        _LET_IN if figure == CLAUSE else _COUNTED,
        {"week": week, "figure": figure, "dimension": dimension, "member": member},
    )
    return [_plain(row) for row in rows]


_COUNTED = """
select lead_id, handoff_id, is_counted, is_open, seconds from line.int_review_evidence
where week_starts_on = %(week)s and figure = %(figure)s and dimension = %(dimension)s and member = %(member)s
and lead_id is not null
order by is_open desc, is_counted nulls last, seconds desc nulls last, handoff_id, lead_id
"""
_LET_IN = """
select verdict.lead_id, verdict.handoff_id, not (verdict.is_answered or verdict.is_withdrawn) as is_open,
    null::float8 as seconds,
    case when verdict.is_answered
        then verdict.is_rejected and coalesce(verdict.accused_clause_id = clause.clause_id, false)
    end as is_counted
from line.int_handoff_clauses as clause
inner join line.int_handoff_verdicts as verdict on verdict.handoff_id = clause.handoff_id
where clause.clause_id = %(member)s
and concat_ws(' ', verdict.definition_id, verdict.definition_version) = %(dimension)s
order by is_counted desc nulls last, verdict.handoff_id
"""
