"""The page of open handoffs, and a rep's own: who has what, by when, how it stands, and how fast it went today."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from handoff import clock
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.route.assignments import Assignment
from handoff.web.app import PREFIX
from handoff.web.pages import open_handoffs, speed
from handoff.web.pages.open_handoffs import Chosen, read
from tests.conftest import Database
from tests.unit.route import handed
from tests.unit.route.handed import NOON
from tests.unit.web.board_data import COOKIE, HOSTILE, site

HOUR = timedelta(hours=1)
REASONS = {"declined": "not_mine", "rejected": "wrong_time"}


@pytest.fixture
def connection(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')
    with db.connect() as opened:
        yield opened


def to(connection: Connection, number: int, rep_id: str, at: datetime = NOON, **changed: object) -> Assignment:
    """A lead that a rep has been told of."""
    given = handed.to(connection, str(number), rep_id, at, **changed)
    connection.execute(
        "update handoff.outbox set state = 'sent', sent_at = %s where dedupe_key = %s",
        (at, f"slack_dm:{given.handoff_id}:{given.assignment_id}"),
    )
    return given


def say(
    connection: Connection, given: Assignment, kind: str, until: datetime | None = None, at: datetime = NOON
) -> None:
    connection.execute(
        """insert into handoff.dispositions
            (handoff_id, assignment_id, kind, reason_id, snoozed_until, occurred_at, recorded_at, evidence)
        values (%s, %s, %s, %s, %s, %s, %s, '{}')""",
        (given.handoff_id, given.assignment_id, kind, REASONS.get(kind), until, at, at),
    )


def states(connection: Connection, at: datetime = NOON + HOUR, **chosen: str) -> dict[str, str]:
    return {row.lead: row.state for row in read(connection, at, Chosen(**chosen)).rows}


def get(path: str) -> str:
    with TestClient(site(), cookies={COOKIE: "reader"}) as client:
        found = client.get(f"{PREFIX}{path}")
    assert found.status_code == 200, found.text
    return found.text


def test_each_open_handoff_has_one_state_and_what_is_over_is_not_shown(connection: Connection) -> None:
    to(connection, 1, "ana-costa")
    to(connection, 2, "ana-costa", tier="hand_raiser", minutes=5)
    say(connection, to(connection, 3, "ana-costa"), "accepted")
    say(connection, to(connection, 4, "ana-costa"), "claimed")
    say(connection, to(connection, 5, "ana-costa"), "snoozed", NOON + 2 * HOUR)
    say(connection, to(connection, 6, "ana-costa"), "snoozed", NOON + HOUR)
    reminded = to(connection, 7, "ana-costa")
    connection.execute(
        """insert into handoff.ladder_steps (assignment_id, escalation_id, action, was_due_at, taken_at)
        values (%s, 'esc-high-remind', 'remind', %s, %s)""",
        (reminded.assignment_id, NOON, NOON),
    )
    handed.to(connection, "8", "ana-costa", NOON)
    for number, kind in ((9, "contacted"), (10, "rejected"), (11, "withdrawn")):
        say(connection, to(connection, number, "ana-costa"), kind)
    assert states(connection) == {
        "Lead 1": "offered",
        "Lead 2": "overdue",
        "Lead 3": "accepted",
        "Lead 4": "claimed",
        "Lead 5": "snoozed",
        "Lead 6": "offered",
        "Lead 7": "reminded",
        "Lead 8": "untold",
    }


def test_a_rep_who_was_never_told_needs_somebody_until_they_know(connection: Connection) -> None:
    """1 was given up; 2 too, and is late; the rep of 3 knows by another way; the second rep of 4 was told."""
    given = [to(connection, number, "ana-costa") for number in (1, 3)]
    given.append(to(connection, 2, "ana-costa", tier="hand_raiser", minutes=5))
    given.append(to(connection, 4, "ana-costa"))
    connection.execute("update handoff.outbox set state = 'dead', sent_at = null where kind = 'slack_dm'")
    say(connection, given[1], "accepted")
    connection.execute(
        """insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, cause)
        select handoff_id, 'ben-okafor', pool_id, reason, candidates, %s, due_at, 'declined' from handoff.assignments
        where assignment_id = %s""",
        (NOON + HOUR, given[3].assignment_id),
    )
    assert states(connection) == {
        "Lead 1": "undelivered", "Lead 2": "undelivered", "Lead 3": "accepted", "Lead 4": "offered",
    }  # fmt: skip
    shown = read(connection, NOON + HOUR, Chosen(state="undelivered")).rows
    assert {(row.mark, row.word) for row in shown} == {("act", "not told")}
    assert dict(read(connection, NOON + HOUR, Chosen()).states)["undelivered"] == 2
    assert "▲</span> not told" in get("/handoffs")


def test_overdue_begins_at_the_deadline_that_counts(connection: Connection) -> None:
    given = to(connection, 1, "ana-costa")
    assert states(connection, given.due_at - timedelta(seconds=1)) == {"Lead 1": "offered"}
    assert states(connection, given.due_at) == {"Lead 1": "overdue"}
    connection.execute(
        """insert into handoff.clock_pauses (assignment_id, began_at, ended_at, reason, due_at)
        values (%s, %s, %s, 'outage', %s)""",
        (given.assignment_id, NOON, NOON + HOUR, given.due_at + HOUR),
    )
    assert states(connection, given.due_at) == {"Lead 1": "offered"}
    (row,) = read(connection, NOON, Chosen()).rows
    assert row.due_at == given.due_at + HOUR


def test_the_nearest_deadline_comes_first_and_a_second_rep_is_counted(connection: Connection) -> None:
    first = to(connection, 1, "ana-costa")
    to(connection, 2, "ben-okafor", tier="hand_raiser", minutes=5)
    connection.execute(
        """insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, cause)
        select handoff_id, 'ben-okafor', pool_id, reason, candidates, %s, due_at, 'breach' from handoff.assignments
        where assignment_id = %s""",
        (NOON + HOUR, first.assignment_id),
    )
    rows = read(connection, NOON + HOUR, Chosen()).rows
    assert [(row.lead, row.rep, row.turn) for row in rows] == [("Lead 2", "Ben Okafor", 1), ("Lead 1", "Ben Okafor", 2)]


def test_filters_narrow_and_say_how_many_there_are(connection: Connection) -> None:
    to(connection, 1, "ana-costa")
    to(connection, 2, "ben-okafor")
    to(connection, 3, "ben-okafor", tier="hand_raiser", minutes=5)
    found = read(connection, NOON + HOUR, Chosen(rep="ben-okafor"))
    assert [row.lead for row in found.rows] == ["Lead 3", "Lead 2"]
    assert dict(found.states)["overdue"] == 1
    assert [(each.name, each.count) for each in found.options["rep"]] == [("Ana Costa", 1), ("Ben Okafor", 2)]
    assert [(each.name, each.count) for each in found.options["tier"]] == [("Hand-raiser", 1), ("High intent", 2)]
    assert [(each.name, each.count) for each in found.options["team"]] == [("North America", 3)]
    assert [(each.value, each.name) for each in found.options["source"]] == [("PAID_SEARCH", "Paid search")]
    assert states(connection, rep="ben-okafor", tier="high") == {"Lead 2": "offered"}
    assert states(connection, state="overdue") == {"Lead 3": "overdue"}
    assert states(connection, source="EMAIL") == {}
    # A state narrows the list, not the counts that lead to another one.
    assert dict(read(connection, NOON + HOUR, Chosen(state="overdue")).states)["offered"] == 2


def test_who_has_a_lead_by_its_owner_counts_in_each_of_their_teams(connection: Connection) -> None:
    """1 came by Ana's pool, 2 to her as the account's owner while she was in two, 3 to her before she was in either."""
    to(connection, 1, "ana-costa")
    owned = [to(connection, 2, "ana-costa", tier="hand_raiser", minutes=5)]
    owned.append(to(connection, 3, "ana-costa"))
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """update handoff.assignments set pool_id = null,
                assigned_at = case when assignment_id = %s then '2025-12-31' else assigned_at end
            where assignment_id = any(%s)""",
            (owned[1].assignment_id, [each.assignment_id for each in owned]),
        )
    options = read(connection, NOON + HOUR, Chosen()).options["team"]
    assert [(each.value, each.name, each.count) for each in options] == [
        ("na", "North America", 2), ("na-enterprise", "North America, enterprise", 1),
    ]  # fmt: skip
    assert states(connection, team="na") == {"Lead 2": "overdue", "Lead 1": "offered"}
    assert states(connection, team="na-enterprise") == {"Lead 2": "overdue"}
    assert states(connection, team="emea") == {}
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.pool_members set valid_to = '2026-11-25' where pool_member_id = 'na-ana'")
    assert states(connection, team="na") == {"Lead 1": "offered"}


def test_pages_hold_a_hundred_and_every_handoff_is_on_one(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_handoffs, "PER_PAGE", 3)
    for number in range(1, 8):
        to(connection, number, "ana-costa", NOON + timedelta(minutes=number))
    pages = [read(connection, NOON + HOUR, Chosen(), page) for page in (1, 2, 3)]
    assert [row.lead for page in pages for row in page.rows] == [f"Lead {number}" for number in range(1, 8)]
    assert {(page.total, page.pages) for page in pages} == {(7, 3)}
    assert read(connection, NOON + HOUR, Chosen(), 99).page == 3
    assert read(connection, NOON + HOUR, Chosen(), -1).page == 1


def test_an_empty_ledger_is_a_page_too(database: Database) -> None:
    page = get("/handoffs")
    assert "Nothing waits: every handoff has had first contact, or is over." in page
    assert "The marts have not been built yet" in page


def test_the_page_shows_them_and_what_a_lead_says_does_nothing(connection: Connection) -> None:
    given = to(connection, 1, "ana-costa", clock.now())
    page = get("/handoffs")
    assert "Lead 1" in page
    assert "Northwind" in page
    assert f'datetime="{given.due_at:%Y-%m-%dT%H:%M:%SZ}"' in page
    assert "Ana Costa (1)" in page
    hostile = get(f"/handoffs?rep={HOSTILE}&team={HOSTILE}&state={HOSTILE}&page=2")
    assert "<script>alert" not in hostile
    assert "Nothing waits: every handoff of these has had first contact" in hostile


def test_a_page_number_that_is_none_is_a_problem_one_can_read(connection: Connection) -> None:
    with TestClient(site(), cookies={COOKIE: "reader"}) as client:
        found = client.get(f"{PREFIX}/handoffs?page=two")
    assert found.status_code == 400
    assert "page: " in found.text


def test_a_rep_s_page_tells_whether_they_are_there_what_they_have_and_how_they_kept_to_it(
    connection: Connection,
) -> None:
    now = clock.now()
    to(connection, 1, "ana-costa", now)
    to(connection, 2, "ben-okafor", now)
    rejected = to(connection, 3, "ana-costa", now - HOUR)
    say(connection, rejected, "declined", at=now)
    page = get("/rep/ana-costa")
    assert "<h1>Ana Costa</h1>" in page
    assert "Lead 1" in page
    assert "Lead 2" not in page
    assert re.search(r"<dt>Open</dt><dd>2 of at most 25</dd>", page)
    assert "North America" in page
    assert f'href="{PREFIX}/rep/farah-ali"' in page
    assert re.search(r"Good lead, but not mine</th><td class=\"number\">1</td>", page)


def test_nobody_s_page_is_not_found(connection: Connection) -> None:
    with TestClient(site(), cookies={COOKIE: "reader"}) as client:
        found = client.get(f"{PREFIX}/rep/nobody")
    assert found.status_code == 404
    assert "no rep has the id" in found.text


def test_today_s_speed_is_what_one_works_out_by_hand(connection: Connection) -> None:
    """Three were told today, after 10, 20 and 60 s; one of them was called, and one of yesterday's."""
    day = datetime.fromisoformat("2026-11-18T05:00:00+00:00")
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """create table marts.fct_delays (event_at timestamptz, sent_at timestamptz, first_contact_at timestamptz,
                total_seconds numeric, human_open_seconds numeric)"""
        )
        admin.execute("create table marts.mart_builds as select %s as built_at", (day + HOUR,))
        admin.execute("grant select on marts.fct_delays, marts.mart_builds to handoff_app")
        for began, told, called, worked in (
            (0, 10, 100, 90),
            (1, 20, None, None),
            (2, 60, None, None),
            (-90, 5, 95, 7),
        ):
            event = day + timedelta(seconds=began)
            admin.execute(
                "insert into marts.fct_delays values (%s, %s, %s, %s, %s)",
                (event, event + timedelta(seconds=told), called and event + timedelta(seconds=called), told, worked),
            )
    found = speed.read(connection, day + HOUR)
    assert found is not None
    assert (found.since, found.built_at) == (day, day + HOUR)
    assert [(each.name, each.count, each.median, each.p90) for each in found.spans] == [
        ("System", 3, 20, 52),
        ("People", 2, pytest.approx(48.5), pytest.approx(81.7)),
        ("Together", 2, pytest.approx(97.5), pytest.approx(99.5)),
    ]
    before = speed.read(connection, day - timedelta(seconds=1))
    assert before is not None
    assert [(each.count, each.median) for each in before.spans] == [(1, 5), (0, None), (0, None)]
    page = get("/handoffs")
    assert re.findall(r'<td class="number">(.*?)</td>', page)[:3] == ["–", "–", "0"]
    assert 'as of the build of the marts of <time datetime="2026-11-18T06:00:00Z">' in page
