"""A lead's story: everything that happened, in order, in words, and nothing that had not happened yet."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff.explain import story
from handoff.explain.story import Story
from handoff.ledger import db
from handoff.ledger.db import Connection
from tests.conftest import Database
from tests.unit.route.handed import NOON, answer
from tests.unit.watch.clockwork import HIGH, hand, look
from tests.unit.watch.conftest import add_leads, connect_slack

MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    connect_slack(monkeypatch)
    add_leads(agreement_database)
    with db.connect() as opened:
        yield opened


def act(at: datetime, what: str, **changed: Any) -> dict[str, Any]:
    return {"occurred_at": at.isoformat(), "is_inbound": True, "summary": what, "url": None} | changed


def told(found: Story) -> list[tuple[str, str, str]]:
    return [(each.by, each.what, each.weight) for each in found.moments]


def test_a_missed_lead_s_story_is_told_from_the_first_act_to_the_sale(
    connection: Connection, agreement_database: Database
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    look(connection, given.due_at + timedelta(seconds=1))
    ben = connection.execute(
        "select assignment_id, assigned_at, due_at from handoff.assignments order by assignment_id desc limit 1"
    ).fetchone()
    assert ben
    connection.execute(
        """insert into handoff.dispositions
            (handoff_id, assignment_id, kind, owner_id, occurred_at, recorded_at, evidence)
        select %s, %s, 'contacted', crm_owner_id, %s, %s, '{}' from agreement.reps
        where rep_id = (select rep_id from handoff.assignments where assignment_id = %s)""",
        (given.handoff_id, ben["assignment_id"], ben["due_at"], ben["due_at"], ben["assignment_id"]),
    )
    connection.execute(
        """update handoff.outbox set state = 'sent', sent_at = %s, result = %s
        where handoff_id = %s and kind = 'hubspot_contact'""",
        (ben["due_at"] + MINUTE, Jsonb({"drift": {"hubspot_owner_id": {}, "hs_lead_status": {}}}), given.handoff_id),
    )
    connection.execute(
        """update handoff.outbox set state = 'sent', sent_at = %s,
            result = case when dedupe_key like %s then '{"drift": {"hs_task_status": "WAITING"}}' else '{}'::jsonb end
        where handoff_id = %s and kind = 'hubspot_task'""",
        (ben["due_at"] + MINUTE, f"%:{ben['assignment_id']}", given.handoff_id),
    )
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute(
            """create table if not exists line.int_conversions as
            select '1' as lead_id, 'sql' as conversion_kind, now() as occurred_at where false"""
        )
        admin.execute("delete from line.int_conversions")
        admin.execute(
            "insert into line.int_conversions (lead_id, conversion_kind, occurred_at) values ('1', 'sql', %(at)s), "
            "('1', 'mql', %(at)s), ('2', 'won', %(at)s)",
            {"at": ben["due_at"] + 2 * MINUTE},
        )
        admin.execute("grant select on line.int_conversions to handoff_app")
    acts = [
        act(NOON - 2 * MINUTE, "Viewed /pricing"),
        act(ben["due_at"], "We called: intro", is_inbound=False),
    ]
    found = told(story.tell(connection, "1", acts, ben["due_at"] + timedelta(days=1)))
    assert found[-4:] == [
        ("handoff", "Ana Costa was told in Slack", "plain"),
        ("handoff", "Given to Ana Costa: territory ter-na", "plain"),
        ("handoff", "Became an MQL for platform: score 85, by definition platform-mql version 1", "plain"),
        ("lead", "Viewed /pricing", "plain"),
    ]
    said = [what for _, what, _ in found]
    missed = ("handoff", "Deadline missed: Ana Costa was not in touch", "bad")
    assert missed in found
    assert said[0] == "Became SQL"
    assert "HubSpot keeps what a person chose there: hs_lead_status, hubspot_owner_id" in said
    # Of a rep's task only what a person chose is worth a line.
    assert said.count("HubSpot keeps what a person chose there: hs_task_status") == 1
    (given_on,) = [what for what in said if what.endswith(": the deadline was missed")]
    assert said.index(given_on) < found.index(missed)
    (contact,) = [each for each in found if each[1].startswith("First contact")]
    assert contact[1].endswith("after the first assignment, in time")
    assert contact[2] == "good"
    assert {what for by, what, _ in found if by == "sales"} == {contact[1], "We called: intro"}


def test_only_what_was_known_at_the_moment_is_told(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    answer(connection, given, "accepted", NOON + 5 * MINUTE)
    acts = [act(NOON - MINUTE, "Viewed /pricing"), act(NOON + 9 * MINUTE, "Opened an e-mail")]
    assert [what for _, what, _ in told(story.tell(connection, "1", acts, NOON + 4 * MINUTE))] == [
        "Ana Costa was told in Slack",
        "Given to Ana Costa: territory ter-na",
        "Became an MQL for platform: score 85, by definition platform-mql version 1",
        "Viewed /pricing",
    ]
    assert told(story.tell(connection, "1", acts, NOON + 5 * MINUTE))[0] == ("sales", "Accepted", "plain")
    assert story.tell(connection, "2", [], NOON) == Story(())


def test_what_a_merged_contact_went_through_belongs_to_the_story(connection: Connection) -> None:
    hand(connection, "1", "ana-costa", NOON, **HIGH)
    connection.execute("insert into handoff.aliases values ('contacts', '1', '3', %s)", (NOON + MINUTE,))
    connection.execute("insert into handoff.floods (opened_at, allowed) values (%s, 30)", (NOON - MINUTE,))
    connection.execute(
        "insert into handoff.flood_leads select flood_id, '1', 'platform', opened_at from handoff.floods"
    )
    connection.execute(
        "update handoff.floods set answer = 'released', answered_at = %s, answered_by = 'Olga Ivanova'", (NOON,)
    )
    found = story.tell(connection, "3", [], NOON + MINUTE)
    assert found.moments[0].what == "Contact 1 was merged into 3"
    assert ("Olga Ivanova", "Hands over what was held") in [(each.who, each.what) for each in found.moments]
    assert found.moments[-1].what == "Held: more MQLs than usual, so a person is asked"


def test_of_very_many_acts_the_newest_are_told_and_the_others_counted(connection: Connection) -> None:
    acts = [act(NOON - n * MINUTE, f"Viewed /{n}") for n in range(story.MOST_ACTS + 7)]
    found = story.tell(connection, "1", acts, NOON)
    assert [each.what for each in found.moments] == [f"Viewed /{n}" for n in range(story.MOST_ACTS)]
    assert (found.older_acts, found.newer_acts) == (7, 0)
    older = story.tell(connection, "1", acts, NOON, story.MOST_ACTS)
    assert [each.what for each in older.moments] == [f"Viewed /{story.MOST_ACTS + n}" for n in range(7)]
    assert (older.older_acts, older.newer_acts) == (0, story.MOST_ACTS)
    assert story.tell(connection, "1", acts, NOON, 999) == Story((), 0, len(acts))
