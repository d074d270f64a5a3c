"""What became of MQLs, of those alone that were watched for long enough to say."""

from datetime import UTC, datetime, timedelta

import pytest

from handoff.backtest.outcomes import Conversion, conversion, wilson
from handoff.backtest.telling import told_conversion

END = datetime(2026, 6, 1, tzinfo=UTC)
HORIZON = timedelta(days=30)


def found(mqls: dict[int, float], sqls: dict[int, float]) -> Conversion:
    """MQLs and SQLs by lead, in days before the end."""
    ago = {lead: END - timedelta(days=days) for lead, days in sqls.items()}
    return conversion(((lead, END - timedelta(days=days)) for lead, days in mqls.items()), ago, END, HORIZON)


def test_of_fifty_leads_a_day_old_nothing_can_be_said() -> None:
    young = found(dict.fromkeys(range(50), 1.5), {})
    assert young == Conversion(0, 0, None, None, None, 50, 1)
    assert told_conversion(young) == "too young to say: watched 1 day"


def test_a_curve_is_not_carried_past_the_last_that_was_watched() -> None:
    """One of fifty became an SQL within hours: of the thirtieth day that says nothing."""
    assert found(dict.fromkeys(range(50), 10), {7: 9.9}) == Conversion(0, 0, None, None, None, 50, 10)


def test_only_those_watched_for_the_whole_horizon_count() -> None:
    old, young = dict.fromkeys(range(40), 45.0), dict.fromkeys(range(40, 60), 12.0)
    mixed = found(old | young, {0: 40, 1: 20, 2: 16, 3: 14, 41: 11, 42: 10})
    # Of the old: on the fifth, the twenty-fifth and the twenty-ninth day; the fourth came too late. Of the young, none.
    assert (mixed.leads, mixed.converted, mixed.young) == (40, 3, 20)
    assert mixed.share == pytest.approx(3 / 40)
    assert (mixed.low, mixed.high) == wilson(3, 40)
    assert told_conversion(mixed) == "7.5% (2.6% to 19.9%; 3 of 40; 20 too young to say)"


def test_the_horizon_itself_counts() -> None:
    on_the_day = found({1: 30, 2: 29.999}, {1: 0})
    assert (on_the_day.leads, on_the_day.converted, on_the_day.young) == (1, 1, 1)


def test_who_was_an_sql_before_is_left_out() -> None:
    assert found({1: 40, 2: 40}, {1: 41}).leads == 1


def test_nobody_watched_is_said_otherwise_than_too_young() -> None:
    nobody = found({}, {})
    assert nobody == Conversion(0, 0, None, None, None, 0, None)
    assert told_conversion(nobody) == "nobody to say"
