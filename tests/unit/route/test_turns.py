"""What each rep has and is owed, read from the ledger."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handoff.ledger.db import Connection
from handoff.route.assign import Burden, Candidate, choose
from handoff.route.contexts import LINE
from handoff.route.turns import burdens, credits
from tests.unit.route.handed import NOON, answer, to

ANA, BEN = (Candidate(4, "territory", "na", rep, 1, True, "territory ter-na") for rep in ("ana-costa", "ben-okafor"))


def had(connection: Connection, at: datetime, before: int | None = None) -> Burden:
    row = {"assignment_id": before} if before else None
    found = burdens(connection, [ANA, BEN], at, LINE, row).get("ana-costa", Burden())
    return replace(found, day_ends_at=None)


def test_a_handoff_is_open_until_contact_rejection_or_withdrawal(connection: Connection) -> None:
    given = [to(connection, str(lead), "ana-costa", NOON + timedelta(seconds=lead)) for lead in range(1, 7)]
    after = NOON + timedelta(hours=1)
    assert had(connection, after) == Burden(open=6, today=6)
    for assignment, kind in zip(given, ("contacted", "rejected", "withdrawn", "accepted", "declined"), strict=False):
        answer(connection, assignment, kind, after)
    assert had(connection, after) == Burden(open=3, today=6)
    # As it was a moment before the answers were known.
    assert had(connection, after - timedelta(seconds=1)) == Burden(open=6, today=6)


def test_what_went_to_another_rep_is_open_with_that_one(connection: Connection) -> None:
    first = to(connection, "1", "ana-costa", NOON)
    connection.execute(
        """insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, cause)
        values (%s, 'ben-okafor', 'na', 'r', '[]', %s, %s, 'breach')""",
        (first.handoff_id, NOON + timedelta(hours=1), NOON + timedelta(hours=5)),
    )
    later = NOON + timedelta(hours=2)
    found = burdens(connection, [ANA, BEN], later, LINE)
    assert {rep_id: (each.open, each.today) for rep_id, each in found.items()} == {
        "ana-costa": (0, 1),
        "ben-okafor": (1, 1),
    }


@pytest.mark.parametrize(
    ("hours", "today"),
    [(11, 1), (12, 0)],
    ids=["23:00 is the same day in New York", "00:00 is the next"],
)
def test_a_day_is_the_rep_s_own(connection: Connection, hours: int, today: int) -> None:
    to(connection, "1", "ana-costa", NOON)
    at = NOON + timedelta(hours=hours)
    assert had(connection, at).today == today
    midnight = NOON + timedelta(hours=12 if today else 36)
    assert burdens(connection, [ANA], at, LINE)["ana-costa"].day_ends_at == midnight


def test_everything_can_be_read_as_it_was_before_an_assignment(connection: Connection) -> None:
    first, second = (to(connection, str(lead), "ana-costa", NOON + timedelta(seconds=lead)) for lead in (1, 2))
    assert had(connection, NOON + timedelta(hours=1), before=second.assignment_id) == Burden(open=1, today=1)
    assert had(connection, NOON + timedelta(hours=1), before=first.assignment_id) == Burden()
    assert credits(connection, [ANA], {"assignment_id": first.assignment_id}) == {}


def test_what_is_owed_is_what_the_pool_s_last_assignment_says(connection: Connection) -> None:
    assert credits(connection, [ANA, BEN]) == {}
    given = to(connection, "1", "ana-costa", NOON)
    assert credits(connection, [ANA, BEN]) == {"na": {"ana-costa": 0}}
    # An owner's lead and a pool of others change nothing.
    connection.execute(
        """insert into handoff.assignments (
            handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, credits
        )
        values (%(handoff)s, 'ben-okafor', null, 'r', '[]', %(at)s, %(at)s, null),
            (%(handoff)s, 'emi-tanaka', 'apac', 'r', '[]', %(later)s, %(later)s, '{"emi-tanaka": 0}')""",
        {"handoff": given.handoff_id, "at": NOON + timedelta(hours=1), "later": NOON + timedelta(hours=2)},
    )
    assert credits(connection, [ANA, BEN]) == {"na": {"ana-costa": 0}}
    choice = choose([ANA, BEN], credits(connection, [ANA, BEN]), {})
    assert choice.credits == {"ana-costa": -1, "ben-okafor": 1}
