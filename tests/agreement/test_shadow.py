"""A shadow definition decides about live traffic, tells nobody, and stands beside the live one on the board."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from handoff import clock
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import run as qualify
from handoff.route import run as route
from handoff.web.app import PREFIX
from tests.agreement.acting import END, START, Admin, live
from tests.unit.web.board_data import COOKIE, site
from tests.unit.web.doors import connect

LEADS = 400
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
        admin.execute(
            """insert into agreement.definitions select (
                jsonb_populate_record(definition, '{"definition_id": "easier", "status": "shadow", "threshold": 20}')
            ).* from agreement.definitions as definition"""
        )
        for table in COPIED:
            admin.execute(
                f"""insert into agreement.{table} select (
                    jsonb_populate_record(rule, '{{"definition_id": "easier"}}')
                ).* from agreement.{table} as rule"""
            )
        live(admin, connection, LEADS)
        qualify.run(connection, END)
        route.run(connection, 1, END + timedelta(minutes=1))
        yield connection


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
        select lead_id, 2, %s from handoff.shadow_decisions on conflict do nothing""",
        (END,),
    )
    assert "shadow_mql" not in qualify.run(connection, END + timedelta(minutes=2))
    assert connection.execute("select * from handoff.shadow_decisions order by lead_id").fetchall() == before


def test_the_board_shows_both(connection: Connection) -> None:
    counts = connection.execute(
        """select (select count(*) from handoff.handoffs) as live,
        (select count(*) from handoff.shadow_decisions) as shadow"""
    ).fetchone()
    assert counts
    page = TestClient(site(), cookies={COOKIE: "reader"}).get(f"{PREFIX}/board", headers={"accept": "text/html"}).text
    section = " ".join(re.sub("<[^>]+>", " ", page[page.index('id="shadows"') :]).split())
    assert f"easier 1 platform {counts['live']} {counts['shadow']} {counts['live']}" in section
