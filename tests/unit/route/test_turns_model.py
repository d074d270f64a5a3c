"""Whatever happens between two leads, the ledger gives each to the rep whom a plain model names."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.notify.context import Context
from handoff.route import assignments
from handoff.route.assign import Candidate, NobodyEligible, choose
from handoff.route.contexts import LINE
from handoff.route.run import hand_off, handoff_id
from handoff.route.turns import burdens, credits
from tests.conftest import Database
from tests.integration.routers import decision
from tests.unit.route.handed import NOON, context
from tests.unit.route.turns_model import ZONES, Held, Member, Model
from tests.unit.watch.conftest import connect_slack

REPS = sorted(ZONES)
PRODUCTS = ("platform", "other")
MEMBERS = st.builds(Member, st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))
THERE = st.dictionaries(st.sampled_from(REPS), st.booleans())
"""Reps who may take a lead, and whether each is at work."""
Admin = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def admin(module_agreement_database: Database) -> Iterator[Admin]:
    with pytest.MonkeyPatch.context() as patch:
        connect_slack(patch)
        with psycopg.connect(module_agreement_database.admin_dsn, autocommit=True) as admin:
            yield admin


class Pool(RuleBasedStateMachine):
    """Leads that come, are answered and go on, to reps who join, leave, are away and are full."""

    def __init__(self, admin: Admin) -> None:
        super().__init__()
        admin.execute("truncate handoff.handoffs cascade")
        self.opened = db.connect()
        self.connection: Connection = self.opened.__enter__()
        self.model = Model({each: Member(1, 3, 4) for each in REPS})
        self.at = NOON
        self.leads = 0

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)

    def candidates(self, there: dict[str, bool]) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                *(4, "territory", "na", rep_id, member.weight, rep_id in there, "territory ter-na"),
                is_at_work=there.get(rep_id, False),
                max_open=member.max_open,
                max_per_day=member.max_per_day,
            )
            for rep_id, member in self.model.members.items()
        )

    def hand_over(self, lead_id: str, product_id: str, there: dict[str, bool], prefers_present: bool) -> None:
        self.at += timedelta(seconds=1)
        keeper = self.model.keeper(lead_id, product_id)
        expected = self.model.turn(self.at, there, prefers_present=prefers_present, keeper=keeper)
        given = replace(
            decision(int(lead_id), "max_open", 1),
            product_id=product_id,
            context=context(lead_id, self.at),
            candidates=self.candidates(there),
            prefers_present=prefers_present,
        )
        if expected is None:
            with pytest.raises(NobodyEligible):
                hand_off(self.connection, given, self.at)
        else:
            assert hand_off(self.connection, given, self.at) == 1
            self.model.handoffs.append(Held(lead_id, product_id, [expected]))
            # Another router with the same decision finds it standing, or nobody with room for it.
            with suppress(NobodyEligible):
                assert hand_off(self.connection, given, self.at) == 0

    @rule(there=THERE, prefers_present=st.booleans())
    def a_lead_comes(self, there: dict[str, bool], prefers_present: bool) -> None:
        self.leads += 1
        self.hand_over(str(self.leads), PRODUCTS[0], there, prefers_present)

    @precondition(lambda self: self.model.handoffs)
    @rule(there=THERE, prefers_present=st.booleans(), which=st.integers(0, 99))
    def a_lead_comes_for_another_product(self, there: dict[str, bool], prefers_present: bool, which: int) -> None:
        lead_id = self.model.handoffs[which % len(self.model.handoffs)].lead_id
        (*others,) = {each.product_id for each in self.model.handoffs if each.lead_id == lead_id}
        if len(others) == 1:
            self.hand_over(lead_id, next(each for each in PRODUCTS if each not in others), there, prefers_present)

    @rule(there=THERE)
    def the_router_dies_before_it_commits(self, there: dict[str, bool]) -> None:
        given = replace(decision(self.leads + 1, "max_open", 1), candidates=self.candidates(there))
        with self.connection.transaction():
            try:
                hand_off(self.connection, given, self.at)
            except NobodyEligible:
                return
            raise psycopg.Rollback

    @precondition(lambda self: self.model.handoffs)
    @rule(there=THERE, which=st.integers(0, 99))
    def nobody_answered_in_time(self, there: dict[str, bool], which: int) -> None:
        handoff = self.model.handoffs[which % len(self.model.handoffs)]
        if not handoff.is_open:
            return
        self.at += timedelta(seconds=1)
        expected = self.model.turn(self.at, there, prefers_present=False, barred=handoff.reps)
        candidates, key = self.candidates(there), handoff_id(handoff.lead_id, handoff.product_id, 1)
        with self.connection.transaction():
            assignments.lock(self.connection)
            owed, had = credits(self.connection, candidates), burdens(self.connection, candidates, self.at, LINE)
            if expected is None:
                with pytest.raises(NobodyEligible):
                    choose(candidates, owed, had, had=handoff.reps)
            else:
                choice = choose(candidates, owed, had, had=handoff.reps)
                said: Context = context(handoff.lead_id, self.at)
                assignments.give(self.connection, key, choice, said, self.at, "breach")
                handoff.reps.append(expected)

    @precondition(lambda self: self.model.handoffs)
    @rule(kind=st.sampled_from(("accepted", "contacted", "rejected", "withdrawn")), which=st.integers(0, 99))
    def it_is_answered(self, kind: str, which: int) -> None:
        handoff = self.model.handoffs[which % len(self.model.handoffs)]
        if kind in handoff.answers:
            return
        handoff.answers.add(kind)
        self.connection.execute(
            """insert into handoff.dispositions (
                handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence
            ) select handoff_id, max(assignment_id), %(kind)s, %(at)s, %(at)s, '{}'
            from handoff.assignments where handoff_id = %(handoff)s group by handoff_id""",
            {"kind": kind, "at": self.at, "handoff": handoff_id(handoff.lead_id, handoff.product_id, 1)},
        )

    @rule(members=st.dictionaries(st.sampled_from(REPS), MEMBERS, min_size=1))
    def the_rota_changes(self, members: dict[str, Member]) -> None:
        self.model.members = members

    @rule(minutes=st.integers(1, 30 * 60))
    def time_goes_by(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @invariant()
    def every_handoff_is_with_whom_the_model_says(self) -> None:
        rows = self.connection.execute(
            """select lead_id, product_id, array_agg(rep_id order by assignment_id) as reps
            from handoff.handoffs inner join handoff.assignments using (handoff_id) group by 1, 2"""
        )
        found = {(row["lead_id"], row["product_id"]): row["reps"] for row in rows}
        assert found == {(each.lead_id, each.product_id): each.reps for each in self.model.handoffs}


def test_the_ledger_gives_each_lead_to_whom_a_plain_model_names(admin: Admin) -> None:
    run_state_machine_as_test(
        lambda: Pool(admin), settings=settings(max_examples=30, stateful_step_count=25, deadline=None)
    )
