"""Weeks of decisions, a year of them in `make chaos`, replayed: no difference, although the agreement changed, sales
rejected, leads came back, and others turned out to be one person."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench import machine
from handoff import clock
from handoff.ledger import db, landing
from handoff.ledger.db import Connection
from handoff.qualify import loads, models
from handoff.qualify import run as qualify
from handoff.route import run as route
from handoff.route.replay import replay
from tests.agreement.acting import Admin, contact, land
from tests.unit.web.doors import connect

# The calendars' open hours are built from the day of the load: this year lies ahead of it.
START = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=3)
IS_LONG = bool(os.environ.get("HANDOFF_CHAOS"))
WEEKS, LEADS, CHANGED = (52, 300, 26) if IS_LONG else (5, 300, 3)
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "year.json"
"""Written by `make chaos` only."""
FORM = "f0000000-0000-4000-8000-000000000001"
REJECTED, COOLING_OFF_DAYS = 3, 7
"""Handoffs that sales rejects a week, and days until such a lead may come back, once the agreement has changed."""
PAGES = ["/pricing", "/demo", "/product/a", "/blog/b"]


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def act(random: Random, admin: Admin, week: int, at: datetime, there: list[str], asking: list[str]) -> list[str]:
    """A week's visits of some of those that are there, and requests of all that ask; returns who did something."""
    seen = sorted({random.choice(there) for _ in range(60)})
    events, submissions = [], []
    for key in seen:
        for number in range(random.randint(1, 6)):
            when = (at - timedelta(hours=random.randint(1, 60))).isoformat()
            if random.random() < 0.05:
                submissions.append((f"s{week}-{key}-{number}", at, request(key, when)))
            else:
                url = {"hs_url": f"https://brightwell.example{random.choice(PAGES)}"}
                payload = {"objectId": key, "eventType": "e_visited_page", "occurredAt": when, "properties": url}
                events.append((f"e{week}-{key}-{number}", at, payload))
    submissions += [(f"b{week}-{key}", at, request(key, (at - timedelta(minutes=5)).isoformat())) for key in asking]
    land(admin, "hubspot_events", events)
    land(admin, "hubspot_form_submissions", submissions)
    return sorted({*seen, *asking})


def request(key: str, when: str) -> dict[str, Any]:
    values = [{"name": "email", "value": f"lead{key}@company{key}.example"}]
    return {"formId": FORM, "formName": "Demo", "submittedAt": when, "values": values}


def reject(connection: Connection, at: datetime) -> list[str]:
    """Sales rejects a few of the week's handoffs two days later; returns whose."""
    rows = connection.execute(
        """insert into handoff.dispositions (handoff_id, kind, reason_id, occurred_at, recorded_at, evidence)
        select handoff_id, 'rejected', 'no_interest', %(then)s, %(then)s, '{}' from handoff.handoffs
        where routed_at >= %(at)s order by handoff_id limit %(most)s returning handoff_id""",
        {"at": at, "then": at + timedelta(days=2), "most": REJECTED},
    ).fetchall()
    keys = [row["handoff_id"] for row in rows]
    leads = connection.execute("select lead_id from handoff.handoffs where handoff_id = any(%s) order by 1", (keys,))
    return [row["lead_id"] for row in leads]


def merge(connection: Connection, seen: list[str], rejected: list[str], at: datetime) -> tuple[list[str], list[str]]:
    """Two pairs become one person each three days later; the ids that answer for them were rejected this week.

    Returns:
        The ids that are gone, and those that answer for them: first of the pair of whom sales has the other one still.
    """
    handed = {row["lead_id"] for row in connection.execute("select lead_id from handoff.handoffs")}
    with_sales = sorted(handed - set(rejected))
    new = [key for key in seen if key not in handed]
    gone, left = [with_sales[0], new[0]], rejected[-2:]
    for old, key in zip(gone, left, strict=True):
        connection.execute(
            "insert into handoff.aliases (object_type, old_id, id, noticed_at) values ('contacts', %s, %s, %s)",
            (old, key, at + timedelta(days=3)),
        )
    return gone, left


def test_nothing_differs(connection: Connection, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    began, measured_on, load_before = time.monotonic(), clock.now().date(), os.getloadavg()[0]
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    connect(monkeypatch, "slack", {"channel": "#mql"})
    random = Random(52)
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (START,))
    admin.execute("update handoff.go_live set live_at = '-infinity'")
    # All who were rejected ask again in one hour.
    admin.execute("update agreement.handoff_policy set flood_floor = 100000")
    decides = models.compiled()
    keys = [str(number) for number in range(1, LEADS + 1)]
    land(admin, "hubspot_contacts", [(key, START - timedelta(days=1), contact(random, key)) for key in keys])
    rejected: list[str] = []
    gone: list[str] = []
    left: list[str] = []
    for week in range(WEEKS):
        at = START + timedelta(weeks=week)
        if week == CHANGED:
            admin.execute("update agreement.signals set points = points + 3 where cap_group = 'pages'")
            admin.execute("update agreement.pool_members set weight = weight + 1")
            admin.execute("update agreement.definitions set requalify_cooling_off_days = %s", (COOLING_OFF_DAYS,))
            loads.record(connection, decides, at - timedelta(days=1))
        # Those that were rejected a while ago ask again, and so do those that were merged.
        asking = sorted({*rejected, *left}) if week == CHANGED else []
        there = [key for key in keys if key not in gone]
        seen = act(random, admin, week, at, there, asking)
        changed = random.sample([key for key in there if key not in rejected], 5)
        land(admin, "hubspot_contacts", [(key, at, contact(random, key)) for key in changed])
        monkeypatch.setattr(clock, "now", lambda at=at: at + timedelta(minutes=1))
        decide(connection, sorted({*seen, *changed}), at)
        if week < CHANGED - 1:
            rejected += reject(connection, at)
        if week == CHANGED - 2:
            gone, left = merge(connection, seen, rejected, at)
    made = connection.execute("select * from handoff.handoffs").fetchall()
    assert len(made) > WEEKS
    assert {row["load_id"] for row in made} == {1, 2}
    assert {row["tier_id"] for row in made} >= {"hand_raiser", "standard"}
    again = {row["lead_id"] for row in made if row["cycle"] > 1}
    assert again >= set(rejected) - {left[0]} > {left[1]}
    # None of them went straight back while anybody else could take it.
    of_lead: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(
        """select handoff.lead_id, assignment.rep_id, assignment.reason from handoff.handoffs as handoff
        inner join handoff.assignments as assignment using (handoff_id) order by handoff.routed_at"""
    ):
        of_lead.setdefault(row["lead_id"], []).append(row)
    back = [
        turns[1] for lead_id, turns in of_lead.items() if lead_id in again and turns[1]["rep_id"] == turns[0]["rep_id"]
    ]
    assert all("nobody else may take it" in row["reason"] for row in back)
    assert len(back) < len(again) / 2
    # Sales has the other one of its pair still, so it is not handed over again.
    merged_at = START + timedelta(weeks=CHANGED - 2, days=3)
    assert left[0] not in {row["lead_id"] for row in made if row["routed_at"] > merged_at}
    replaying = time.monotonic()
    differing = [each for row in made if (each := replay(connection, row["handoff_id"])).differences]
    if IS_LONG:
        figures = {
            "weeks": WEEKS,
            "leads": LEADS,
            "handoffs": len(made),
            "by_load": dict(sorted(Counter(row["load_id"] for row in made).items())),
            "of_a_later_cycle": sum(row["cycle"] > 1 for row in made),
            "merged": len(gone),
            "differences": len(differing),
            "seconds": round(time.monotonic() - began),
            "of_which_replaying": round(time.monotonic() - replaying),
            "measured_on": measured_on.isoformat(),
            "machine": machine.describe(connection, load_before),
        }
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    assert differing == []


def decide(connection: Connection, lead_ids: list[str], at: datetime) -> None:
    """Qualify and route, as the line does."""
    batch = landing.open_batch(connection, "poll", at)
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select lead_id, %s, %s from unnest(%s::text[]) as seen (lead_id)
        on conflict (lead_id) do update set batch_id = excluded.batch_id, extracted_at = excluded.extracted_at""",
        (batch, at, lead_ids),
    )
    qualify.run(connection, at)
    route.run(connection, batch, at + timedelta(minutes=1))
