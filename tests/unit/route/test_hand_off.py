"""What a router makes of one decision."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.local import progress
from handoff.notify import cards
from handoff.route.assign import Candidate, NobodyEligible
from handoff.route.decisions import Decision
from handoff.route.run import hand_off
from handoff.watch import crm_answers
from handoff.watch.lock import lock
from tests.integration.routers import decision
from tests.unit.route.handed import NOON, answer, to
from tests.unit.watch.clockwork import status
from tests.unit.watch.pressing import delivered, kinds, rows

LATER = NOON + timedelta(days=31)
MINUTE = timedelta(minutes=1)


def again(lead_id: int = 1) -> Decision:
    """The lead qualifies anew, a month later."""
    made = decision(lead_id, "max_open", 100)
    trigger = replace(made.context.trigger, occurred_at=LATER)
    return replace(made, cycle=2, as_of=LATER, context=replace(made.context, trigger=trigger))


def updates(connection: Connection) -> list[str]:
    rows = connection.execute("select payload ->> 'message' as card from handoff.outbox where kind = 'slack_update'")
    return [row["card"] for row in rows]


def test_the_cards_of_the_handoff_before_say_so(connection: Connection) -> None:
    before = to(connection, "1", "ana-costa", NOON)
    delivered(connection, before)
    answer(connection, before, "contacted", NOON)
    assert cards.refresh(connection, before.handoff_id, NOON) == 2
    to(connection, "1", "ana-costa", NOON, product="insights")
    assert hand_off(connection, again(), LATER) == 1
    both = [f"{kind}:{before.handoff_id}:{before.assignment_id}" for kind in ("slack_dm", "slack_channel")]
    assert updates(connection) == both * 2


def test_who_is_rejected_while_being_handed_over_anew_is_decided_anew(connection: Connection) -> None:
    """Whoever rejects has the handoff before, and the router waits for them."""
    before = to(connection, "1", "ana-costa", NOON)
    answer(connection, before, "contacted", NOON)
    with ThreadPoolExecutor(1) as pool:
        with db.connect() as rejecting, rejecting.transaction():
            lock(rejecting, before.handoff_id)
            routed = pool.submit(hand_off, connection, again(), LATER)
            assert progress.wait(waits, timeout_s=20, interval_s=0.02)
            answer(rejecting, before, "rejected", LATER)
        with pytest.raises(NobodyEligible, match="was rejected a moment ago"):
            routed.result()
    assert connection.execute("select from handoff.handoffs").rowcount == 1


def test_a_lead_status_that_was_read_before_the_lead_was_handed_over_anew_is_the_new_handoffs(
    connection: Connection,
) -> None:
    """The watch waits for the router, whose handoffs count from the beginning of its run."""
    before = to(connection, "1", "ana-costa", NOON)
    answer(connection, before, "contacted", NOON)
    set_status("1", LATER + MINUTE / 6, "OPEN")
    raised: dict[str, Exception] = {}
    with ThreadPoolExecutor(1) as pool:
        with db.connect() as routing, routing.transaction():
            lock(routing, before.handoff_id)
            watched = pool.submit(crm_answers.run, connection, LATER + 2 * MINUTE, raised)
            assert progress.wait(waits, timeout_s=20, interval_s=0.02)
            assert hand_off(routing, again(), LATER) == 1
        assert (watched.result(), raised) == (0, {})
    assert crm_answers.run(connection, LATER + 2 * MINUTE, {}) == 1
    assert answered(connection) == [(1, "contacted", NOON), (2, "accepted", LATER + MINUTE / 6)]


@pytest.mark.parametrize("seconds", [-10, 10])
def test_a_rejection_in_the_crm_that_came_with_the_act_is_heard_before_the_lead_is_handed_over_anew(
    connection: Connection, seconds: int
) -> None:
    """Set before the act or after it, both landed in one extraction."""
    before = to(connection, "1", "ana-costa", NOON)
    answer(connection, before, "contacted", NOON)
    set_status("1", LATER + timedelta(seconds=seconds))
    with pytest.raises(NobodyEligible, match="was rejected a moment ago"):
        hand_off(connection, again(), LATER + 2 * MINUTE)
    assert crm_answers.run(connection, LATER + 2 * MINUTE, {}) == 1
    with pytest.raises(NobodyEligible, match="was rejected a moment ago"):
        hand_off(connection, again(), LATER + 2 * MINUTE)
    knowing = replace(again(), rejected_at=LATER + timedelta(seconds=seconds))
    assert hand_off(connection, knowing, LATER + 2 * MINUTE) == 1
    assert kinds(connection) == ["contacted", "rejected"]


def test_a_rejection_in_the_crm_that_waits_for_its_reason_is_heard_before_the_lead_is_handed_over_anew(
    connection: Connection,
) -> None:
    before = to(connection, "1", "ana-costa", NOON)
    answer(connection, before, "contacted", NOON)
    set_status("1", LATER - MINUTE, reason_id="")
    for minutes in range(4):
        now = LATER + minutes * MINUTE
        with pytest.raises(NobodyEligible, match="was rejected a moment ago"):
            hand_off(connection, again(), now)
        assert crm_answers.run(connection, now, {}) == 0
    assert crm_answers.run(connection, LATER + 4 * MINUTE, {}) == 1
    assert answered(connection) == [(1, "contacted", NOON), (1, "rejected", LATER - MINUTE)]


def test_a_rejection_in_the_crm_that_lands_too_late_is_still_the_former_handoffs(connection: Connection) -> None:
    before = to(connection, "1", "ana-costa", NOON)
    answer(connection, before, "contacted", NOON)
    assert hand_off(connection, again(), LATER) == 1
    set_status("1", LATER - MINUTE / 6)
    assert crm_answers.run(connection, LATER + MINUTE, {}) == 1
    assert answered(connection) == [(1, "contacted", NOON), (1, "rejected", LATER - MINUTE / 6)]


def test_a_rejection_in_the_crm_that_lands_too_late_is_the_former_handoffs_whenever_its_reason_came(
    connection: Connection,
) -> None:
    before = to(connection, "1", "ana-costa", NOON)
    answer(connection, before, "contacted", NOON)
    assert hand_off(connection, again(), LATER) == 1
    with db.connect("handoff_admin") as admin:
        status(admin, "1", LATER - MINUTE / 6, "UNQUALIFIED", "no_interest", reason_at=LATER + 10 * MINUTE)
    assert crm_answers.run(connection, LATER + 20 * MINUTE, {}) == 1
    assert answered(connection) == [(1, "contacted", NOON), (1, "rejected", LATER + 10 * MINUTE)]


@pytest.mark.parametrize(
    ("lead_status", "reason_id"), [("UNQUALIFIED", ""), ("UNQUALIFIED", "no_interest"), ("OPEN", "")]
)
def test_what_was_said_of_another_products_handoff_in_the_crm_is_not_written_over(
    connection: Connection, lead_status: str, reason_id: str
) -> None:
    before = to(connection, "1", "ana-costa", NOON, product="insights")
    set_status("1", NOON + MINUTE, lead_status, reason_id)
    assert hand_off(connection, decision(1, "max_open", 100), NOON + 2 * MINUTE) == 1
    assert not {"hs_lead_status", "handoff_rejection_reason"} & written(connection).keys()
    assert crm_answers.run(connection, NOON + 6 * MINUTE, {}) == 1
    recorded = rows(connection, "select handoff_id, kind from handoff.dispositions")
    kind = "accepted" if lead_status == "OPEN" else "rejected"
    assert recorded == [{"handoff_id": before.handoff_id, "kind": kind}]
    # The new handoff begins with a new lead; a reason that is given later is none for it all the same.
    assert written(connection) == {"hs_lead_status": "NEW", "handoff_rejection_reason": ""}
    with db.connect("handoff_admin") as admin:
        status(admin, "1", NOON + MINUTE, "UNQUALIFIED", "not_mine", reason_at=NOON + 30 * MINUTE)
    assert crm_answers.run(connection, NOON + 40 * MINUTE, {}) == (lead_status == "OPEN")
    assert {row["handoff_id"] for row in rows(connection, "select * from handoff.dispositions")} == {before.handoff_id}


def test_what_is_recorded_of_another_products_handoff_is_written_over(connection: Connection) -> None:
    """As the new one's it would be read."""
    to(connection, "1", "ana-costa", NOON, product="insights")
    set_status("1", NOON + MINUTE, "OPEN")
    assert crm_answers.run(connection, NOON + 2 * MINUTE, {}) == 1
    assert not rows(connection, "select from handoff.outbox where payload #>> '{properties,hs_lead_status}' = 'NEW'")
    assert hand_off(connection, decision(1, "max_open", 100), NOON + 2 * MINUTE) == 1
    assert written(connection)["hs_lead_status"] == "NEW"


def written(connection: Connection) -> dict[str, str]:
    """What the newest write-back is to set."""
    row = connection.execute(
        """select payload -> 'properties' as said from handoff.outbox
        where kind = 'hubspot_contact' order by outbox_id desc limit 1"""
    ).fetchone()
    assert row is not None
    said: dict[str, str] = row["said"]
    return said


def test_a_rejection_of_a_double_that_was_taken_back_holds_no_lead(connection: Connection) -> None:
    double = to(connection, "1", "ana-costa", NOON)
    answer(connection, double, "rejected", NOON)
    connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence
        ) values (%s, %s, 'withdrawn', 'merged', %s, %s, '{}')""",
        (double.handoff_id, double.assignment_id, NOON, NOON),
    )
    assert hand_off(connection, again(), LATER) == 1


def answered(connection: Connection) -> list[tuple[int, str, datetime]]:
    """Cycle, kind and moment of each answer."""
    rows = connection.execute(
        """select handoff.cycle, answer.kind, answer.occurred_at
        from handoff.dispositions as answer inner join handoff.handoffs as handoff using (handoff_id)
        order by answer.disposition_id"""
    )
    return [(row["cycle"], row["kind"], row["occurred_at"]) for row in rows]


def set_status(lead_id: str, at: datetime, lead_status: str = "UNQUALIFIED", reason_id: str = "no_interest") -> None:
    with db.connect("handoff_admin") as admin:
        status(admin, lead_id, at, lead_status, reason_id if lead_status == "UNQUALIFIED" else "")


def waits() -> bool:
    with db.connect("handoff_admin") as admin:
        return bool(admin.execute("select from pg_locks where locktype = 'advisory' and not granted").rowcount)


@pytest.mark.parametrize(("prefers_present", "rep_id"), [(True, "ben-okafor"), (False, "ana-costa")])
def test_where_the_tier_prefers_it_who_is_at_work_comes_first(
    connection: Connection, prefers_present: bool, rep_id: str
) -> None:
    candidates = tuple(
        Candidate(4, "territory", "na", rep, weight, True, "territory ter-na", is_at_work=rep == "ben-okafor")
        for rep, weight in (("ana-costa", 2), ("ben-okafor", 1))
    )
    given = replace(decision(1, "max_open", 100), prefers_present=prefers_present, candidates=candidates)
    assert hand_off(connection, given, NOON) == 1
    row = connection.execute("select rep_id, candidates from handoff.assignments").fetchone()
    assert row is not None
    assert row["rep_id"] == rep_id
    reasons = {each["rep_id"]: each["reason"] for each in row["candidates"]}
    assert ("not at work" in reasons["ana-costa"]) is prefers_present
