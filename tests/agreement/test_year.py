"""Weeks of decisions, a year of them in `make chaos`, replayed: no difference, although the agreement changed."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from handoff import clock
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads, models
from handoff.qualify import run as qualify
from handoff.route import run as route
from handoff.route.replay import replay
from tests.agreement.acting import Admin, contact, land
from tests.unit.web.doors import connect

# The calendars' open hours are built from the day of the load: this year lies ahead of it.
START = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=3)
WEEKS, LEADS, CHANGED = (52, 300, 26) if os.environ.get("HANDOFF_CHAOS") else (5, 300, 3)
FORM = "f0000000-0000-4000-8000-000000000001"
PAGES = ["/pricing", "/demo", "/product/a", "/blog/b"]


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def act(random: Random, admin: Admin, week: int, at: datetime) -> list[str]:
    """A week's visits, landed together; returns who was there."""
    seen = sorted({str(random.randint(1, LEADS)) for _ in range(60)})
    events, submissions = [], []
    for key in seen:
        for number in range(random.randint(1, 6)):
            when = (at - timedelta(hours=random.randint(1, 60))).isoformat()
            if random.random() < 0.05:
                values = [{"name": "email", "value": f"lead{key}@company{key}.example"}]
                payload: dict[str, Any] = {"formId": FORM, "formName": "Demo", "submittedAt": when, "values": values}
                submissions.append((f"s{week}-{key}-{number}", at, payload))
            else:
                url = {"hs_url": f"https://brightwell.example{random.choice(PAGES)}"}
                payload = {"objectId": key, "eventType": "e_visited_page", "occurredAt": when, "properties": url}
                events.append((f"e{week}-{key}-{number}", at, payload))
    land(admin, "hubspot_events", events)
    land(admin, "hubspot_form_submissions", submissions)
    return seen


def test_nothing_differs(connection: Connection, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    connect(monkeypatch, "slack", {"channel": "#mql"})
    random = Random(52)
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (START,))
    admin.execute("update handoff.go_live set live_at = '-infinity'")
    decides = models.compiled()
    keys = [str(number) for number in range(1, LEADS + 1)]
    land(admin, "hubspot_contacts", [(key, START - timedelta(days=1), contact(random, key)) for key in keys])
    for week in range(WEEKS):
        at = START + timedelta(weeks=week)
        if week == CHANGED:
            admin.execute("update agreement.signals set points = points + 3 where cap_group = 'pages'")
            admin.execute("update agreement.pool_members set weight = weight + 1")
            loads.record(connection, decides, at - timedelta(days=1))
        seen = act(random, admin, week, at)
        changed = random.sample(keys, 5)
        land(admin, "hubspot_contacts", [(key, at, contact(random, key)) for key in changed])
        monkeypatch.setattr(clock, "now", lambda at=at: at + timedelta(minutes=1))
        decide(connection, sorted({*seen, *changed}), week, at)
    made = connection.execute("select handoff_id, load_id, tier_id from handoff.handoffs").fetchall()
    assert len(made) > WEEKS
    assert {row["load_id"] for row in made} == {1, 2}
    assert {row["tier_id"] for row in made} >= {"hand_raiser", "standard"}
    assert [each for row in made if (each := replay(connection, row["handoff_id"])).differences] == []


def decide(connection: Connection, lead_ids: list[str], week: int, at: datetime) -> None:
    """Qualify and route, as the line does."""
    batch = week + 2
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select lead_id, %s, %s from unnest(%s::text[]) as seen (lead_id)
        on conflict (lead_id) do update set batch_id = excluded.batch_id, extracted_at = excluded.extracted_at""",
        (batch, at, lead_ids),
    )
    qualify.run(connection, at)
    route.run(connection, batch, at + timedelta(minutes=1))
