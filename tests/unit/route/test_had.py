"""To whom a lead that comes again does not go straight back, and who has it for another product."""

from datetime import datetime, timedelta

import pytest

from handoff.extract.records import crm_object
from handoff.ledger import aliases, landing, streams
from handoff.ledger.db import Connection
from handoff.route.again import cycle
from handoff.route.assignments import Assignment
from handoff.route.contexts import LINE
from handoff.route.had import had, keeper
from handoff.route.reassign import reassign
from tests.unit.route.handed import NOON, answer, to

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def breach(connection: Connection, given: Assignment, at: datetime) -> None:
    connection.execute(
        "insert into handoff.breaches (assignment_id, due_at, marked_at) values (%s, %s, %s)",
        (given.assignment_id, given.due_at, at),
    )


@pytest.mark.parametrize(
    ("kind", "reps"),
    [("rejected", ["ana-costa"]), ("declined", ["ana-costa"]), ("contacted", []), ("withdrawn", []), ("accepted", [])],
)
def test_who_rejected_or_handed_on_had_it(connection: Connection, kind: str, reps: list[str]) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    answer(connection, given, kind, NOON + MINUTE)
    assert had(connection, "1", "platform", NOON + DAY) == reps
    assert had(connection, "1", "another", NOON + DAY) == []
    # As it was known then.
    assert had(connection, "1", "platform", NOON + MINUTE / 2) == []
    assert had(connection, "1", "platform", NOON) == []


def test_everybody_who_did_not_keep_it_had_it(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    breach(connection, given, NOON + MINUTE)
    second = reassign(connection, given.handoff_id, NOON + MINUTE, "breach")
    assert second.rep["rep_id"] == "ben-okafor"
    assert had(connection, "1", "platform", NOON + DAY) == ["ana-costa"]
    answer(connection, second, "rejected", NOON + 2 * MINUTE)
    assert had(connection, "1", "platform", NOON + DAY) == ["ana-costa", "ben-okafor"]


def test_only_the_last_time_counts_also_of_one_that_was_merged(connection: Connection) -> None:
    for lead_id, rep_id, at in (("1", "ana-costa", NOON), ("3", "ben-okafor", NOON + DAY)):
        answer(connection, to(connection, lead_id, rep_id, at), "rejected", at + MINUTE)
    for lead_id, at in (("1", NOON + 2 * DAY), ("3", NOON + 3 * DAY)):
        connection.execute("insert into handoff.aliases values ('contacts', %s, '2', %s)", (lead_id, at))
    known = [had(connection, "2", "platform", NOON + days * DAY) for days in (1, 2, 3)]
    assert known == [[], ["ana-costa"], ["ben-okafor"]]


def test_one_that_was_merged_twice_is_who_it_was_then(connection: Connection) -> None:
    first = to(connection, "1", "ana-costa", NOON)
    answer(connection, first, "rejected", NOON + MINUTE)
    elsewhere = to(connection, "4", "chloe-martin", NOON + MINUTE)
    answer(connection, elsewhere, "rejected", NOON + 2 * MINUTE)
    aliases.learn(connection, "contacts", {"1": "2"}, NOON + DAY)
    aliases.learn(connection, "contacts", {"4": "3"}, NOON + DAY)
    again = to(connection, "2", "ben-okafor", NOON + 2 * DAY)
    answer(connection, again, "rejected", NOON + 2 * DAY + MINUTE)
    # HubSpot names every id that a record ever had, or only the one that it was asked for.
    aliases.learn(connection, "contacts", {"1": "5", "2": "5"}, NOON + 3 * DAY)
    aliases.learn(connection, "contacts", {"3": "5"}, NOON + 4 * DAY)
    at = [NOON + days * DAY + 2 * MINUTE for days in range(5)]
    assert [had(connection, "2", "platform", each) for each in at[:3]] == [[], ["ana-costa"], ["ben-okafor"]]
    assert [had(connection, "3", "platform", each) for each in at[:4]] == [[], *3 * [["chloe-martin"]]]
    assert [had(connection, "5", "platform", each) for each in at[2:]] == [[], *2 * [["ben-okafor"]]]
    assert sorted(aliases.ids_of(connection, "contacts", "4")) == ["1", "2", "3", "4", "5"]
    assert sorted(aliases.ids_of(connection, "contacts", "4", at[3])) == ["3", "4"]
    (handoff,) = connection.execute("select * from handoff.handoffs where lead_id = '2'").fetchall()
    assert cycle(connection, handoff) == 2


@pytest.mark.parametrize(
    ("kind", "keeps"),
    [("accepted", "ana-costa"), ("contacted", None), ("rejected", None), ("withdrawn", None)],
)
def test_who_has_it_for_another_product_keeps_it_until_it_ends(
    connection: Connection, kind: str, keeps: str | None
) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    assert keeper(connection, "1", "another", NOON, LINE) == "ana-costa"
    # Not of the product itself, of another lead, or before that assignment was made.
    assert keeper(connection, "1", "platform", NOON, LINE) is None
    assert keeper(connection, "2", "another", NOON, LINE) is None
    row = connection.execute("select * from handoff.assignments").fetchone()
    assert keeper(connection, "1", "another", NOON, LINE, row) is None
    answer(connection, given, kind, NOON + MINUTE)
    assert keeper(connection, "1", "another", NOON + MINUTE, LINE) == keeps
    # As it was known then.
    assert keeper(connection, "1", "another", NOON + MINUTE / 2, LINE) == "ana-costa"


def test_it_is_kept_by_whoever_has_it_now_also_of_one_that_was_merged(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    breach(connection, given, NOON + MINUTE)
    reassign(connection, given.handoff_id, NOON + MINUTE, "breach")
    connection.execute("insert into handoff.aliases values ('contacts', '1', '2', %s)", (NOON + DAY,))
    known = [keeper(connection, "2", "another", NOON + at, LINE) for at in (MINUTE, DAY)]
    assert known == [None, "ben-okafor"]


ANA, BEN = "1001", "1002"


@pytest.mark.parametrize(
    ("owner_id", "after", "by", "keeps"),
    [
        (BEN, MINUTE, "CRM_UI", None),
        ("", MINUTE, "CRM_UI", None),
        (ANA, MINUTE, "CRM_UI", "ana-costa"),
        (BEN, MINUTE, "INTEGRATION", "ana-costa"),
        # The write-back puts our rep over whoever stood there when the lead was read.
        (BEN, -MINUTE, "CRM_UI", "ana-costa"),
    ],
)
def test_who_has_it_keeps_it_unless_a_person_gave_it_to_somebody_else(
    connection: Connection, owner_id: str, after: timedelta, by: str, keeps: str | None
) -> None:
    to(connection, "1", "ana-costa", NOON)
    at = NOON + after
    version = {"value": owner_id, "timestamp": at.isoformat(), "sourceType": by}
    contact = {
        "id": "1",
        "updatedAt": at.isoformat(),
        "properties": {"hubspot_owner_id": owner_id},
        "propertiesWithHistory": {"hubspot_owner_id": [version]},
    }
    batch_id = landing.open_batch(connection, "poll", NOON + 2 * MINUTE)
    landing.land(connection, batch_id, streams.CONTACTS, [crm_object(contact)], loaded_at=NOON + 2 * MINUTE)
    assert keeper(connection, "1", "another", NOON + 2 * MINUTE, LINE) == keeps
    # As it was known then.
    assert keeper(connection, "1", "another", NOON + MINUTE, LINE) == "ana-costa"
