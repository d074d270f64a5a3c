"""More MQLs than usual: the hottest go through, a person decides about the rest, and is asked once."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection, Row
from handoff.ledger.storable import storable
from handoff.notify import flood_card
from handoff.route import at_risk, flood
from handoff.route import run as route
from handoff.route.decisions import Decision
from tests.conftest import Database
from tests.dying import dies_at
from tests.integration.routers import decision
from tests.unit.notify.test_card import HOSTILE, assert_slack_takes
from tests.unit.route.handed import NOON, context, write

FLOOR, FACTOR = 30, 5
"""Of the agreement's `handoff_policy`."""


@pytest.fixture
def pending(connection: Connection, agreement_database: Database) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute(
            """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
            select number::text, 1, %s from generate_series(0, 999) as number""",
            (NOON,),
        )
        admin.execute("update handoff.loads set loaded_at = %s", (NOON,))


def mqls(first: int, last: int) -> list[Decision]:
    return [decision(number, "max_open", 100) for number in range(first, last)]


def again(numbers: range, at: timedelta) -> list[Decision]:
    """The same leads once more, by what they did later."""
    later = NOON + at
    return [
        replace(each, cycle=2, as_of=later, context=context(each.lead_id, later))
        for each in mqls(numbers.start, numbers.stop)
    ]


def admit(connection: Connection, decisions: list[Decision], at: datetime) -> tuple[list[Decision], list[Decision]]:
    """Who goes on, where everybody finds a rep, and who is held."""
    gone: list[Decision] = []

    def hand(each: Decision) -> int:
        gone.append(each)
        return 1

    held = flood.admit(connection, decisions, at, hand)
    return gone, held


def ids(decisions: list[Decision]) -> list[int]:
    return [int(each.lead_id) for each in decisions]


def messages(connection: Connection) -> list[str]:
    """What the review channel is told, and the key of each question."""
    rows = connection.execute(
        """select coalesce(payload ->> 'text', dedupe_key) as said from handoff.outbox
        where kind = 'slack_review' order by outbox_id"""
    )
    return [row["said"] for row in rows]


def handed(connection: Connection, numbers: range, at: timedelta) -> None:
    for number in numbers:
        write(connection, str(number), NOON + at)


@pytest.mark.usefixtures("pending")
class TestHeld:
    def test_as_many_as_are_always_allowed_go_through_and_nobody_is_asked(self, connection: Connection) -> None:
        admitted, held = admit(connection, mqls(0, FLOOR), NOON)
        assert (len(admitted), held) == (FLOOR, [])
        assert flood.current(connection) is None
        assert messages(connection) == []

    def test_one_more_is_held_and_a_person_is_asked_once(self, connection: Connection) -> None:
        admitted, held = admit(connection, mqls(0, FLOOR + 1), NOON)
        assert (ids(admitted), ids(held)) == (list(range(FLOOR)), [FLOOR])
        found = flood.current(connection)
        assert found is not None
        assert (found.held, found.allowed, found.examples) == (1, FLOOR, (str(FLOOR),))
        assert found.subject == "1 MQLs more than usual: hand them over?"
        handed(connection, range(FLOOR), timedelta(seconds=1))
        admit(connection, mqls(FLOOR, FLOOR + 5), NOON + timedelta(minutes=1))
        again = flood.current(connection)
        assert again is not None
        assert (again.flood_id, again.held) == (found.flood_id, 5)
        assert messages(connection) == [f"slack_review:flood:{found.flood_id}"]

    def test_what_was_handed_over_within_the_hour_counts(self, connection: Connection) -> None:
        handed(connection, range(25), timedelta(minutes=-59))
        handed(connection, range(25, 29), timedelta(minutes=-61))
        admitted, held = admit(connection, mqls(100, 110), NOON)
        assert (len(admitted), len(held)) == (5, 5)

    def test_a_company_with_a_busy_week_is_asked_later(self, connection: Connection) -> None:
        handed(connection, range(8), timedelta(days=-2))
        assert len(admit(connection, mqls(100, 200), NOON)[0]) == FACTOR * 8

    def test_a_week_that_is_over_and_a_flood_that_was_released_make_no_busy_week(self, connection: Connection) -> None:
        handed(connection, range(20), timedelta(days=-10))
        admit(connection, mqls(100, 200), NOON - timedelta(days=2))
        found = flood.current(connection)
        assert found is not None
        flood.answer(connection, found.flood_id, "released", "Farah", NOON - timedelta(days=2))
        handed(connection, range(100 + FLOOR, 200), timedelta(days=-2))
        assert len(admit(connection, mqls(300, 400), NOON)[0]) == FLOOR

    def test_held_is_held_also_when_the_hour_is_over(self, connection: Connection) -> None:
        admit(connection, mqls(0, FLOOR + 10), NOON)
        admitted, held = admit(connection, mqls(FLOOR, FLOOR + 20), NOON + timedelta(hours=2))
        assert ids(held) == list(range(FLOOR, FLOOR + 10))
        assert ids(admitted) == list(range(FLOOR + 10, FLOOR + 20))

    @pytest.mark.parametrize("is_dropped", [False, True])
    def test_what_goes_through_while_nobody_answers_lets_no_more_through(
        self, connection: Connection, is_dropped: bool
    ) -> None:
        """Some pass each hour; their number must not become the usual one, nor once the flood is dropped."""
        passed = []
        for hour in range(5):
            first, at = hour * 200, timedelta(hours=hour, minutes=10)
            handed(connection, range(first, first + 20), at - timedelta(minutes=15))
            admitted, _ = admit(connection, mqls(first + 20, first + 200), NOON + at)
            passed.append(20 + len(admitted))
            for each in admitted:
                write(connection, each.lead_id, NOON + at)
            found = flood.current(connection)
            assert found is not None
            if is_dropped and hour == 3:
                flood.answer(connection, found.flood_id, "dropped", "Farah", NOON + at)
        assert passed == [FLOOR] * 5


@pytest.mark.usefixtures("pending")
class TestStuck:
    """Who finds no rep has gone through nothing, each minute anew."""

    @pytest.fixture
    def run(self, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Decision]], Row]:
        """Route these decisions, as one run of the line."""
        monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps({"conn_type": "http", "password": "x"}))

        def run(decisions: list[Decision]) -> Row:
            monkeypatch.setattr(route, "pending_mqls", lambda *_: (decisions, {}))
            return route.run(connection, 1, NOON)

        return run

    def test_a_lead_whose_rep_is_free_goes_past_them(
        self, connection: Connection, run: Callable[[list[Decision]], Row]
    ) -> None:
        stuck = [replace(each, candidates=()) for each in mqls(0, FLOOR)]
        counts = run([*stuck, *mqls(FLOOR, FLOOR + 1)])
        assert (counts["handed_off"], counts["stuck"]) == (1, FLOOR)
        assert flood.current(connection) is None

    def test_more_than_usual_are_held_behind_them(
        self, connection: Connection, run: Callable[[list[Decision]], Row]
    ) -> None:
        stuck = [replace(each, candidates=()) for each in mqls(0, FLOOR)]
        counts = run([*stuck, *mqls(FLOOR, 3 * FLOOR)])
        assert (counts["handed_off"], counts["stuck"], counts["flooded"]) == (FLOOR, FLOOR, FLOOR)
        rows = connection.execute(
            "select held_because from handoff.pending_leads where lead_id in ('0', '70') order by lead_id"
        )
        assert [row["held_because"].split(":")[0] for row in rows] == [
            "no rep was considered. Add a fallback rep to seeds/agreement/pool_members.csv",
            "more MQLs than go through in an hour without asking",
        ]


@pytest.mark.usefixtures("pending")
class TestKilled:
    def test_who_was_held_stays_held_and_a_person_is_asked_once(self, connection: Connection) -> None:
        assert dies_at("route.flood.held", lambda own: admit(own, mqls(0, FLOOR + 5), NOON))
        admitted, held = admit(connection, mqls(0, FLOOR + 5), NOON)
        assert (ids(admitted), ids(held)) == (list(range(FLOOR)), list(range(FLOOR, FLOOR + 5)))
        found = flood.current(connection)
        assert found is not None
        assert found.held == 5
        assert messages(connection) == [f"slack_review:flood:{found.flood_id}"]

    def test_an_answer_that_was_taken_is_acted_on(self, connection: Connection) -> None:
        admit(connection, mqls(0, FLOOR + 5), NOON)
        found = flood.current(connection)
        assert found is not None
        said = (found.flood_id, "released", "Farah", NOON)
        assert dies_at("route.flood.answered", lambda own: flood.answer(own, *said))
        with pytest.raises(flood.NothingToAnswer, match="Farah released it"):
            flood.answer(connection, *said)
        admitted, held = admit(connection, mqls(FLOOR, FLOOR + 5), NOON)
        assert (len(admitted), held) == (5, [])

    def test_a_deadline_that_was_noted_at_risk_stays_and_the_others_are_noted(self, connection: Connection) -> None:
        raised = [replace(each, context=context(each.lead_id, NOON, tier="hand_raiser")) for each in mqls(0, 3)]
        assert dies_at("route.risk.noted", lambda own: at_risk.note(own, raised, NOON, {}))
        assert at_risk.note(connection, raised, NOON + timedelta(days=1), {}) == 2
        rows = connection.execute(
            "select promised_at from handoff.pending_leads where promised_at is not null order by promised_at"
        ).fetchall()
        first, second, third = (row["promised_at"] for row in rows)
        assert first < NOON + timedelta(days=1) < second == third


@pytest.mark.usefixtures("pending")
class TestAnswered:
    @pytest.fixture
    def asked(self, connection: Connection) -> flood.Flood:
        admit(connection, mqls(0, 100), NOON)
        found = flood.current(connection)
        assert found is not None
        return found

    def test_released_go_through_together(self, connection: Connection, asked: flood.Flood) -> None:
        flood.answer(connection, asked.flood_id, "released", "Farah", NOON)
        admitted, held = admit(connection, mqls(FLOOR, 100), NOON)
        assert (len(admitted), held) == (70, [])
        assert flood.current(connection) is None
        assert messages(connection)[-1] == "Farah hands the held MQLs over."

    def test_released_are_the_leads_for_what_they_had_done_until_then(
        self, connection: Connection, asked: flood.Flood
    ) -> None:
        flood.answer(connection, asked.flood_id, "released", "Farah", NOON)
        may = timedelta(days=60)
        admitted, held = admit(connection, again(range(FLOOR, 100), may), NOON + may)
        assert (len(admitted), len(held)) == (FLOOR, 40)

    def test_what_a_released_lead_is_handed_over_for_later_counts(
        self, connection: Connection, asked: flood.Flood
    ) -> None:
        flood.answer(connection, asked.flood_id, "released", "Farah", NOON)
        may = timedelta(days=60)
        handed(connection, range(FLOOR, FLOOR + 20), may - timedelta(minutes=1))
        admitted, _ = admit(connection, mqls(200, 300), NOON + may)
        assert len(admitted) == FLOOR - 20

    def test_an_hour_of_what_they_did_later_is_a_busy_one(self, connection: Connection, asked: flood.Flood) -> None:
        flood.answer(connection, asked.flood_id, "released", "Farah", NOON)
        handed(connection, range(FLOOR, FLOOR + 8), timedelta(days=60))
        admitted, _ = admit(connection, mqls(200, 300), NOON + timedelta(days=62))
        assert len(admitted) == FACTOR * 8

    def test_the_first_answer_counts(self, connection: Connection, asked: flood.Flood) -> None:
        flood.answer(connection, asked.flood_id, "dropped", "Farah", NOON)
        with pytest.raises(flood.NothingToAnswer, match=f"flood {asked.flood_id}: Farah dropped it"):
            flood.answer(connection, asked.flood_id, "released", "Ben", NOON)
        with pytest.raises(flood.NothingToAnswer, match="there is none by that number"):
            flood.answer(connection, 999, "released", "Ben", NOON)

    def test_whoever_answers_and_however_many_are_held_slack_takes_the_question(
        self, connection: Connection, asked: flood.Flood
    ) -> None:
        made = flood_card.question(connection, asked.flood_id, NOON)
        assert_slack_takes(made.blocks, made.text)
        flood.answer(connection, asked.flood_id, "released", "Farah", NOON)
        with db.connect("handoff_admin") as admin:
            admin.execute("update handoff.floods set allowed = 2147483647")
            for name in HOSTILE:
                admin.execute("update handoff.floods set answered_by = %s", (storable(name or ""),))
                made = flood_card.question(connection, asked.flood_id, NOON)
                assert_slack_takes(made.blocks, made.text)

    def test_the_next_flood_is_another_question(self, connection: Connection, asked: flood.Flood) -> None:
        flood.answer(connection, asked.flood_id, "dropped", "Farah", NOON)
        admit(connection, mqls(200, 300), NOON)
        again = flood.current(connection)
        assert again is not None
        assert again.flood_id > asked.flood_id
