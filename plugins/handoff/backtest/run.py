"""Two agreements over the same history: who is gained, who is lost, by which rule, and what became of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from time import monotonic

from handoff.agreement.deciding_day import deciding, put_in_force
from handoff.backtest import firsts, history, load, outcomes
from handoff.backtest.changes import Change, changes
from handoff.backtest.decide import Judge
from handoff.backtest.firsts import Found
from handoff.backtest.history import History
from handoff.backtest.outcomes import Breaches, Conversion, Estimate
from handoff.backtest.unseen import unseen
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet


@dataclass(frozen=True)
class Side:
    """One agreement's part. `moments` is how many moments might have decided something, `asked` about how many of them
    the models were asked."""

    label: str
    mqls: int
    by_tier: dict[str, int]
    conversion: Conversion
    per_rep: dict[str, int]
    breaches: Breaches
    moments: int
    asked: int


@dataclass(frozen=True)
class Report:
    """The comparison, for a terminal, a pull request or a page."""

    start: datetime
    end: datetime
    on: date
    """The day whose rows of either agreement apply to the whole span."""
    horizon_days: int
    leads: int
    acts: int
    late_facts: int
    """Leads that were first judged after the span began: their facts are those of later."""
    before: Side
    after: Side
    kept: int
    sooner: int
    later: int
    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    would_convert: Estimate
    """Of the gained that were no SQL before, by the conversion of those that both would hand over."""
    by_rule: tuple[tuple[str, int, int], ...]
    """(rule, leads gained by it, leads lost by it), most first."""
    unseen: tuple[str, ...]
    """Tables and columns that differ and of which a backtest shows nothing."""
    seconds: float = 0.0


def run(
    connection: Connection,
    models: ModelSet,
    sides: tuple[tuple[str, Tables], tuple[str, Tables]],
    *,
    days: int,
    end: datetime,
    on: date | None = None,
    horizon_days: int = 30,
) -> Report:
    """Compare two agreements over the last days.

    Args:
        models: the models, compiled for all leads.
        sides: label and tables of the agreement before and after.
        days: length of the span.
        end: its end.
        on: the day whose rows of either agreement apply throughout; without it, the last one ahead from which on the
            two differ, or that of the end.
        horizon_days: within how long an MQL should have become an SQL.
    """
    began = monotonic()
    day = on or deciding(sides[0][1], sides[1][1], end.date())
    always = [(label, put_in_force(tables, day, ("absences",))) for label, tables in sides]
    past = history.read(connection, end)
    with (
        history.shared(connection, past),
        db.connect() as other,
        history.shared(other, past),
        ThreadPoolExecutor(2) as pool,
    ):
        report = _compare(
            (connection, other), pool, models, always, past, (end - timedelta(days=days), end, day), horizon_days
        )
    return replace(report, seconds=round(monotonic() - began, 1))


def _compare(
    sessions: tuple[Connection, Connection],
    pool: ThreadPoolExecutor,
    models: ModelSet,
    sides: Sequence[tuple[str, Tables]],
    past: History,
    span: tuple[datetime, datetime, date],
    horizon_days: int,
) -> Report:
    connection, (start, end, day) = sessions[0], span
    judges = [Judge(models, tables, end) for _, tables in sides]
    possible = pool.map(firsts.possible, sessions, judges, (past, past), (start, start))
    found = [firsts.find(sessions, judge, each) for judge, each in zip(judges, possible, strict=True)]
    sqls = outcomes.sql_moments(connection, end)
    told = [
        _side(connection, label, judge, each, sqls, timedelta(days=horizon_days))
        for (label, _), judge, each in zip(sides, judges, found, strict=True)
    ]
    before, after = (each.firsts for each in found)
    shared = before.keys() & after.keys()
    lost = changes(sessions, judges[1], [before[key] for key in sorted(before.keys() - shared)], sqls, gone=True)
    gained = changes(sessions, judges[0], [after[key] for key in sorted(after.keys() - shared)], sqls, gone=False)
    new = [after[key] for key in after.keys() - shared]
    kept = outcomes.conversion(
        ((after[key].lead_no, after[key].at) for key in shared), sqls, end, timedelta(days=horizon_days)
    )
    late = connection.execute(
        """select count(*) as leads
        from (select min(known_from) as since from handoff.lead_facts group by lead_id) as known where since > %s""",
        (start,),
    ).fetchone()
    assert late is not None
    return Report(
        start,
        end,
        day,
        horizon_days,
        len(past.lead_ids),
        past.acts,
        int(late["leads"]),
        told[0],
        told[1],
        kept=sum(before[key].at == after[key].at for key in shared),
        sooner=sum(after[key].at < before[key].at for key in shared),
        later=sum(after[key].at > before[key].at for key in shared),
        gained=gained,
        lost=lost,
        would_convert=outcomes.estimate(
            sum(not (sqls.get(each.lead_no) and sqls[each.lead_no] < each.at) for each in new), kept
        ),
        by_rule=_by_rule(gained, lost),
        unseen=unseen(sides[0][1], sides[1][1]),
    )


def _side(
    connection: Connection, label: str, judge: Judge, found: Found, sqls: dict[int, datetime], horizon: timedelta
) -> Side:
    handed = list(found.firsts.values())
    tiers = [str(each.decision["tier_id"]) for each in handed]
    return Side(
        label,
        len(handed),
        dict(sorted(Counter(tiers).items())),
        outcomes.conversion(((each.lead_no, each.at) for each in handed), sqls, judge.end, horizon),
        load.per_rep(connection, judge, handed),
        outcomes.breaches(connection, tiers),
        found.moments,
        found.asked,
    )


def _by_rule(gained: Iterable[Change], lost: Iterable[Change]) -> tuple[tuple[str, int, int], ...]:
    up, down = (Counter(rule for each in group for rule in each.rules[:1]) for group in (gained, lost))
    rows = [(rule, up[rule], down[rule]) for rule in up.keys() | down.keys()]
    return tuple(sorted(rows, key=lambda row: (-(row[1] + row[2]), row[0])))
