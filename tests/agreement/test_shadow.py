"""A shadow definition decides about live traffic, tells nobody, and stands beside the live one on the board."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from starlette.testclient import TestClient

from handoff import clock
from handoff.ledger import db, landing
from handoff.ledger.db import Connection
from handoff.qualify import run as qualify
from handoff.route import run as route
from handoff.web.app import PREFIX
from tests.agreement.acting import END, FORMS, START, Admin, land, live
from tests.integration.built import build
from tests.unit.web.board_data import COOKIE, site
from tests.unit.web.doors import connect

LEADS = 400
LATER = END + timedelta(days=1, hours=2)
COPIED = ("requirements", "fit_points", "signals", "score_caps", "disqualifiers", "behaviours", "tiers")
KEYS = {"requirements": "requirement_id", "score_caps": "cap_id", "disqualifiers": "disqualifier_id"}
KEYS |= {"behaviours": "behaviour_id", "tiers": "tier_id"}


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    """The live definition and a shadow of it with a threshold of 20, over leads that act."""
    with pytest.MonkeyPatch.context() as patch, db.connect() as connection:
        connect(patch, "hubspot", {"portal_id": "4242424"})
        connect(patch, "slack", {"channel": "#mql"})
        patch.setattr(clock, "now", lambda: END + timedelta(minutes=5))
        admin.execute("update handoff.go_live set live_at = %s", (START,))
        admin.execute("update handoff.loads set loaded_at = %s", (START,))
        admin.execute("update agreement.handoff_policy set flood_floor = 100000")
        admin.execute("update agreement.reps set max_open = 1000, max_per_day = 1000")
        try_out(admin, "easier", threshold=20)
        live(admin, connection, LEADS)
        qualify.run(connection, END)
        route.run(connection, 1, END + timedelta(minutes=1))
        yield connection


def try_out(admin: Admin, name: str, *, begins: date = date(2026, 1, 1), signals: str = "{}", **values: Any) -> None:
    """A copy of the live definition and its rules, as a shadow."""
    definition = {"definition_id": name, "status": "shadow", "valid_from": f"{begins}", **values}
    admin.execute(
        """insert into agreement.definitions select (jsonb_populate_record(definition, %s)).*
        from agreement.definitions as definition where status = 'live' and valid_from <= %s and %s < valid_to""",
        (Jsonb(definition), begins, begins),
    )
    for table in COPIED:
        own = signals if table == "signals" else "{}"
        admin.execute(
            f"""insert into agreement.{table} select (jsonb_populate_record(rule, %s::jsonb || %s)).*
            from agreement.{table} as rule where definition_id = 'platform-mql'""",
            (own, Jsonb({"definition_id": name})),
        )


def board() -> str:
    """The board's section on shadows, as text."""
    page = TestClient(site(), cookies={COOKIE: "reader"}).get(f"{PREFIX}/board", headers={"accept": "text/html"}).text
    return " ".join(re.sub("<[^>]+>", " ", page[page.index('id="shadows"') :]).split())


def test_it_decides_and_nobody_hears_of_it(connection: Connection) -> None:
    shadow = {row["lead_id"] for row in connection.execute("select lead_id from handoff.shadow_decisions")}
    handed = {row["lead_id"] for row in connection.execute("select lead_id from handoff.handoffs")}
    assert handed
    assert shadow > handed
    assert {row["definition_id"] for row in connection.execute("select definition_id from handoff.handoffs")} == {
        "platform-mql"
    }
    told = connection.execute("select distinct payload #>> '{context,lead,lead_id}' as lead_id from handoff.outbox")
    assert {row["lead_id"] for row in told} - {None} == handed
    assert {row["definition_id"] for row in connection.execute("select * from line.int_qualifications")} == {
        "platform-mql"
    }


def test_it_is_written_down_once(connection: Connection) -> None:
    before = connection.execute("select * from handoff.shadow_decisions order by lead_id").fetchall()
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select lead_id, %s, %s from handoff.shadow_decisions on conflict do nothing""",
        (landing.open_batch(connection, "poll", END), END),
    )
    assert "shadow_mql" not in qualify.run(connection, END + timedelta(minutes=2))
    assert connection.execute("select * from handoff.shadow_decisions order by lead_id").fetchall() == before


def test_the_board_shows_both(connection: Connection) -> None:
    counts = connection.execute(
        """select (select count(*) from handoff.handoffs) as live,
        (select count(*) from handoff.shadow_decisions) as shadow"""
    ).fetchone()
    assert counts
    assert f"easier 1 platform {counts['live']} {counts['shadow']} {counts['live']}" in board()


@pytest.fixture(scope="module")
def later(connection: Connection, admin: Admin) -> set[str]:
    """A day on, a copy of the live definition and one that nobody can meet have begun; returns whom live hands over.

    Most who act were with sales before the two began. Of these one was gone for a while and one called long ago, and
    both may be handed over again. One who was not has been held since before.
    """
    handed = [row["lead_id"] for row in connection.execute("select lead_id from handoff.handoffs order by lead_id")]
    begins = (END + timedelta(days=1)).date()
    try_out(admin, "same", begins=begins)
    try_out(admin, "never", begins=begins, threshold=1000, signals='{"is_hand_raiser": false}')
    connection.execute(
        """insert into handoff.dispositions (handoff_id, kind, occurred_at, recorded_at, evidence)
        select handoff_id, 'withdrawn', %(at)s, %(at)s, '{}' from handoff.handoffs where lead_id = %(lead)s""",
        {"at": END + timedelta(hours=2), "lead": handed[0]},
    )
    connection.execute(
        """insert into handoff.dispositions (handoff_id, kind, occurred_at, recorded_at, evidence)
        select handoff_id, 'contacted', %(at)s, %(at)s, '{}' from handoff.handoffs where lead_id = %(lead)s""",
        {"at": LATER - timedelta(days=31), "lead": handed[1]},
    )
    held = connection.execute(
        """insert into handoff.held_mqls (lead_id, product_id, held_since, event_at, extracted_at, qualified_at)
        select lead_id, product_id, %(at)s, %(at)s, %(at)s, %(at)s from line.int_qualifications
        where decision = 'not_yet' and lead_id = any(%(who)s) and lead_id <> all(%(handed)s)
        order by lead_id limit 1 returning lead_id""",
        {"at": END + timedelta(hours=2), "who": [str(key) for key in range(1, 201)], "handed": handed},
    ).fetchone()
    assert held
    acted = LATER - timedelta(hours=1)
    values = {key: [{"name": "email", "value": f"lead{key}@company{key}.example"}] for key in map(str, range(1, 201))}
    asked = {"formId": FORMS[0], "formName": "F", "submittedAt": acted.isoformat()}
    land(
        admin, "hubspot_form_submissions", [(f"l{key}", acted, asked | {"values": who}) for key, who in values.items()]
    )
    batch = landing.open_batch(connection, "poll", acted)
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select distinct id, %s::bigint, %s::timestamptz from raw.hubspot_contacts
        on conflict (lead_id) do update set batch_id = excluded.batch_id, extracted_at = excluded.extracted_at""",
        (batch, acted),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: LATER + timedelta(seconds=10))
        qualify.run(connection, LATER)
        route.run(connection, batch, LATER + timedelta(minutes=1))
    new = connection.execute("select lead_id from handoff.handoffs where qualified_at >= %s", (begins,)).fetchall()
    assert {*handed[:2]} < {row["lead_id"] for row in new} < set(values)
    since = connection.execute("select qualified_at from handoff.handoffs where lead_id = %(lead_id)s", held)
    assert [row["qualified_at"] for row in since] == [END + timedelta(hours=2)]
    # With sales from before, and acting again.
    assert set(values) & set(handed[2:])
    return {row["lead_id"] for row in new}


def test_a_copy_of_the_live_definition_decides_as_it_does(connection: Connection, later: set[str]) -> None:
    rows = connection.execute("select lead_id from handoff.shadow_decisions where definition_id = 'same'")
    assert {row["lead_id"] for row in rows} == later


def test_a_copy_shows_as_much_as_live_and_one_that_nobody_meets_shows_nothing(
    connection: Connection, later: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER + timedelta(minutes=5))
    live = len(later)
    told = board()
    assert f"same 1 platform {live} {live} {live}" in told
    assert f"never 1 platform {live} 0 0" in told
    build(connection, LATER + timedelta(minutes=5))
    rows = connection.execute(
        """select definition_id, sum(live_mqls) as live, sum(shadow_mqls) as shadow, sum(both_mqls) as both
        from marts.rpt_shadow_definitions where definition_id <> 'easier' group by 1 order by 1"""
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [("never", live, 0, 0), ("same", live, live, live)]


def test_one_that_comes_back_long_after_a_call_counts_when_the_shadow_meets_it(
    connection: Connection, admin: Admin, later: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.execute(
        "update agreement.signals set is_hand_raiser = true where definition_id = 'never' and match_value = %s",
        FORMS[:1],
    )
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select distinct lead_id, %s::bigint, %s::timestamptz from handoff.handoffs on conflict do nothing""",
        (landing.open_batch(connection, "poll", LATER), LATER),
    )
    monkeypatch.setattr(clock, "now", lambda: LATER + timedelta(minutes=7))
    qualify.run(connection, LATER + timedelta(minutes=6))
    met = connection.execute("select lead_id from handoff.shadow_decisions where definition_id = 'never'").fetchall()
    # All that live handed over since the trial began, and none of those that are with sales from before.
    assert {row["lead_id"] for row in met} == later
