"""Expected breaches: each tier as late as it was, with the interval that so few handoffs leave."""

from dataclasses import astuple

import pytest

from handoff.backtest.outcomes import Breaches, breaches
from handoff.ledger import db

A_PUBLISHED_MART = """
create schema if not exists marts;
create table marts.fct_sla_outcomes (handoff_id text, tier_id text, outcome text);
grant usage on schema marts to handoff_app;
grant select on marts.fct_sla_outcomes to handoff_app;
insert into marts.fct_sla_outcomes
select 'a' || number, 'asked', case when number = 1 then 'breached' else 'met' end from generate_series(1, 4) as number
union all select 'b' || number, 'calm', 'met' from generate_series(1, 10) as number
union all select 'c' || number, 'asked', 'running' from generate_series(1, 7) as number
"""


def found(*tiers: str) -> Breaches:
    with db.connect() as connection:
        return breaches(connection, tiers)


@pytest.fixture
def outcomes(database: object) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute(A_PUBLISHED_MART)


def test_each_tier_is_as_late_as_it_was(outcomes: None) -> None:
    """One of four was late in the one tier, none of ten in the other.

    By Wilson with z = 1.96: 0.0456 to 0.6994, and 0 to 0.2775. Of three and two handoffs that is 3 × 0.25 = 0.75, from
    3 × 0.0456 = 0.1368 to 3 × 0.6994 + 2 × 0.2775 = 2.6531.
    """
    three_and_two = found("asked", "asked", "asked", "calm", "calm")
    assert astuple(three_and_two) == pytest.approx((0.75, 0.1368, 2.6531, 14), abs=0.0001)
    assert found("calm").expected == 0
    assert found() == Breaches(0, 0, 0, 14)


def test_of_a_tier_that_was_never_measured_nothing_is_said(outcomes: None) -> None:
    assert found("asked", "new") == Breaches(None, None, None, 14)


def test_before_the_marts_were_built_nothing_is_said(database: object) -> None:
    assert found("asked") == Breaches(None, None, None, 0)
