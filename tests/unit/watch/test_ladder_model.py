"""Whatever is answered and whenever the watch looks, the ledger shows the steps of a plain model, in the same order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.watch.pauses import beat
from handoff.watch.run import run
from tests.conftest import Database
from tests.unit.watch.clockwork import deliver, hand, moment, read
from tests.unit.watch.conftest import add_leads, connect_slack
from tests.unit.watch.ladder_model import Model, Step

MONDAY = moment("2026-11-23 00:00")
TIERS = {"hand_raiser": 5, "high": 240, "standard": 480}
GAPS = st.one_of(
    st.integers(1, 300).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(5, 600).map(lambda minutes: timedelta(minutes=minutes)),
)
ACTS = st.one_of(
    st.just(("look", None)),
    st.just(("look", None)),
    st.just(("look", None)),
    st.tuples(st.just("snoozed"), st.integers(1, 300)),
    st.sampled_from([("full", 0), ("full", 25)]),
    st.sampled_from([("accepted", None), ("contacted", None), ("rejected", None), ("withdrawn", None)]),
)
ROOM = "update agreement.reps set max_open = %s where rep_id <> 'ana-costa'"
Acts = list[tuple[timedelta, tuple[str, int | None]]]


@pytest.fixture(scope="module")
def admin(module_agreement_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with pytest.MonkeyPatch.context() as patch:
        connect_slack(patch)
        add_leads(module_agreement_database)
        with psycopg.connect(module_agreement_database.admin_dsn, autocommit=True) as admin:
            yield admin


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tier_id=st.sampled_from(sorted(TIERS)),
    start=st.integers(0, 4 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes)),
    acts=st.lists(st.tuples(GAPS, ACTS), min_size=1, max_size=14),
    is_watched_throughout=st.booleans(),
    times=st.integers(1, 2),
)
def test_the_ledger_shows_what_the_model_does(
    admin: psycopg.Connection[Any],
    tier_id: str,
    start: datetime,
    acts: Acts,
    is_watched_throughout: bool,
    times: int,
) -> None:
    """Args:
    is_watched_throughout: whether no gap between two looks is an outage.
    times: how often each look is taken.
    """
    admin.execute("truncate handoff.handoffs, handoff.heartbeats cascade")
    admin.execute(ROOM, (25,))
    model = Model(tier_id, TIERS[tier_id], start)
    with db.connect() as connection:
        first = hand(connection, "1", "ana-costa", start, tier=tier_id, minutes=TIERS[tier_id])
        at = start
        for gap, (what, minutes) in acts:
            at += gap
            if what == "look":
                if is_watched_throughout:
                    model.seen_at = None
                    beat(connection, at - timedelta(minutes=1))
                model.look(at)
                for _ in range(times):
                    read(connection, at)
                    run(connection, at)
                    deliver(connection)
            elif what == "full":
                model.is_full = minutes == 0
                admin.execute(ROOM, (minutes,))
            elif model.over_at is None:
                until = at + timedelta(minutes=minutes) if minutes else None
                model.answer(what, at, until)
                _answer(connection, first.handoff_id, what, at, until)
        assert _steps(connection) == model.steps
        assert _breached(connection) == [turn.rep_id for turn in model.turns if turn.is_breached]
        assert _deadlines(connection) == [turn.reaches(model.seconds) for turn in model.turns]


def _answer(connection: Connection, handoff_id: str, kind: str, at: datetime, until: datetime | None) -> None:
    connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence, snoozed_until
        ) select handoff_id, max(assignment_id), %s, %s, %s, '{}', %s
        from handoff.assignments where handoff_id = %s group by handoff_id on conflict do nothing""",
        (kind, at, at, until, handoff_id),
    )


def _steps(connection: Connection) -> list[Step]:
    rows = connection.execute(
        """select rep_id, escalation_id, case
                when taken.action = 'reassign' and skipped_because is null then 'went on'
                when taken.action = 'reassign' then 'stayed'
                when skipped_because is null then 'told'
                else 'passed over'
            end as became
        from handoff.ladder_steps as taken
        inner join handoff.assignments using (assignment_id)
        inner join agreement.escalations as step using (escalation_id)
        order by taken_at, assignment_id, step.step"""
    )
    return [(row["rep_id"], row["escalation_id"], row["became"]) for row in rows]


def _breached(connection: Connection) -> list[str]:
    rows = connection.execute(
        """select rep_id from handoff.breaches
        inner join handoff.assignments using (assignment_id) order by assignment_id"""
    )
    return [row["rep_id"] for row in rows]


def _deadlines(connection: Connection) -> list[datetime]:
    rows = connection.execute("select due_at from line.int_assignments order by assignment_id")
    return [row["due_at"] for row in rows]
