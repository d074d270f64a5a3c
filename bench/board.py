"""How long a browser takes to show the pages when ten thousand handoffs are open.

    python bench/board.py [--handoffs N] [--rounds N] [--json FILE]

A scratch Postgres holds open handoffs with all that was known of each lead; a real server shows the pages, and Chromium
says when it first painted something. Each page is opened in a fresh window, so that nothing is cached; the first visit
after the server's start is told apart. Exit 0 when every page is painted within a second at the median.
"""

import argparse
import json
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

import uvicorn
from fastapi import FastAPI, Request
from playwright.sync_api import Browser

from bench import machine, own_line
from handoff import clock, connections
from handoff.ledger import db
from handoff.local import progress, scratch
from handoff.notify import context as words
from handoff.qualify import dbt
from handoff.review.run import build_marts
from handoff.web.app import PREFIX
from handoff.web.pages.router import mount
from tests.browser.chromium import running

TARGET_S = 1.0
PARTS, ACTIVITIES, CLAUSES = 12, 8, 14
REP = "ana-costa"
PAGES = ("board", "handoffs", "handoffs?page=100", f"rep/{REP}")

# Each lead has a context of its own, as long as those of real ones; the reps share them evenly.
_PLANT = """
with made as (
    insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id,
        score, trigger_activity_id, trigger_kind, context, as_of, event_at, extracted_at, qualified_at, routed_at)
    select 'bench-' || no, no::text, 'platform', 1, 'platform-mql', '1',
        (array['hand_raiser', 'high', 'standard'])[1 + mod(no, 3)], 60 + mod(no, 40), 'event:' || no, 'page_viewed',
        %(context)s::jsonb || jsonb_build_object(
            'lead', %(context)s::jsonb -> 'lead' || jsonb_build_object('lead_id', no::text, 'name', 'Lead ' || no),
            'company', %(context)s::jsonb -> 'company' || jsonb_build_object('name', 'Company ' || mod(no, 2000))
        ),
        at, at - interval '5 s', at, at, at
    from generate_series(1, %(count)s) as no
    cross join lateral (select %(at)s - no * interval '30 s' as at) as moment
    returning handoff_id, routed_at
), numbered as (
    select *, row_number() over (order by routed_at desc) as no from made
), reps as (
    select rep_id, row_number() over (order by rep_id) - 1 as place, count(*) over () as reps
    from agreement.reps where valid_from <= %(at)s and %(at)s < valid_to
), given as (
    insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, cause)
    select handoff_id, rep_id, 'na', 'planted', '[]', routed_at, routed_at + mod(no, 9) * interval '1 day', 'handoff'
    from numbered inner join reps on mod(no, reps) = place
    returning handoff_id, assignment_id, assigned_at
)
insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, state, not_before, sent_at, result)
select kind || ':' || handoff_id || ':' || assignment_id, handoff_id, kind, jsonb_build_object(
        'context', %(context)s::jsonb
    ), assigned_at, 'sent', assigned_at, assigned_at, '{"channel": "D1", "ts": "1.0", "drift": {}}'
from given cross join (values ('slack_dm'), ('slack_channel'), ('hubspot_contact')) as kinds (kind)
"""


# Chromium notes the paint when the frame is on the screen, which may be after the load.
_TIMES = """() => new Promise(done => new PerformanceObserver(list => {
    const [paint] = list.getEntriesByName("first-contentful-paint");
    const [page] = performance.getEntriesByType("navigation");
    if (paint) done([page.responseEnd, paint.startTime, page.decodedBodySize]);
}).observe({ type: "paint", buffered: true }))"""


@dataclass(frozen=True)
class Visit:
    """One page in a fresh window, in seconds since it was asked for."""

    answered_s: float
    painted_s: float
    kilobytes: float


def main() -> int:
    """Exit status: 0 when the target is kept, 1 not."""
    asked = argparse.ArgumentParser(description="Open the pages with many open handoffs.")
    asked.add_argument("--handoffs", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "board.json")
    given = asked.parse_args()
    own_line.end_on_signals()
    load_before = machine.load()
    with own_line.own_line() as line:
        own_line.load_agreement()
        plant(given.handoffs, clock.now())
        # The board's funnel and policies, today's speed and a rep's ninety days come out of the marts.
        dbt.invoke(line.connection, ["run", "--full-refresh"], selector="line", as_of=None)
        build_marts(line.connection)
        with running() as browser, _serving() as address:
            pages = {each: _measure(browser, address, each, given.rounds) for each in PAGES}
        found = {
            "handoffs": given.handoffs,
            "pages": pages,
            "measured_on": clock.now().astimezone(UTC).date().isoformat(),
            "machine": machine.describe(line.connection, load_before),
        }
    print(json.dumps(found, indent=2))
    given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if any(each["painted_s"]["p50"] > TARGET_S for each in pages.values()) else 0


def plant(count: int, at: datetime) -> None:
    """Open `count` handoffs, each with a card, its copy in the channel and a write-back that went out."""
    with db.connect(connections.ADMIN) as admin:
        admin.execute(_PLANT, {"count": count, "at": at, "context": json.dumps(_context(at))})
        admin.execute("analyze handoff.handoffs, handoff.assignments, handoff.outbox")


def _context(at: datetime) -> dict[str, Any]:
    part = words.ScorePart("Visited the pricing page three times in the last week", 5, "sig-page-pricing")
    acts = [
        words.Activity(at - timedelta(hours=no), f"Visited /product/feature-{no} and stayed")
        for no in range(ACTIVITIES)
    ]
    told = words.Context(
        lead=words.Lead("1", "Lead", "lead@company.example", "Head of Operations", country="US"),
        trigger=words.Trigger("page_viewed", "Visited /pricing", at, "event:1"),
        attribution=words.Attribution("ORGANIC_SEARCH", "brightwell", "PAID_SEARCH", "google", "Autumn"),
        company=words.Company("Company", "company.example", "Software", 250, "US"),
        score=words.Score(85, 40, 45, 65, (part,) * PARTS),
        tier=words.Tier("high", "High intent", 240),
        definition=words.Definition("platform-mql", "1"),
        activities=tuple(acts),
    ).to_json()
    clause = {"kind": "requirement", "clause_id": "req-size", "state": "held", "detail": "250 employees, at least 20"}
    return {**told, "clauses": [clause] * CLAUSES}


@contextmanager
def _serving() -> Iterator[str]:
    async def everybody(_: Request) -> None:
        """Airflow's login is no part of what is measured."""

    pages, around = FastAPI(openapi_url=None), FastAPI()
    mount(pages, everybody)
    around.mount(PREFIX, pages)
    port = scratch.free_port()
    server = uvicorn.Server(uvicorn.Config(around, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    if not progress.wait(lambda: server.started, timeout_s=30, interval_s=0.05):
        raise RuntimeError("the server of the pages did not start within 30 s")
    yield f"http://127.0.0.1:{port}{PREFIX}"
    server.should_exit = True
    thread.join()


def _measure(browser: Browser, address: str, path: str, rounds: int) -> dict[str, Any]:
    first, *others = [_open(browser, f"{address}/{path}") for _ in range(rounds + 1)]
    return {
        "first": {"answered_s": first.answered_s, "painted_s": first.painted_s},
        "answered_s": _spread([each.answered_s for each in others]),
        "painted_s": _spread([each.painted_s for each in others]),
        "kilobytes": first.kilobytes,
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(values), 3), "max": max(values)}


def _open(browser: Browser, url: str) -> Visit:
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    page = window.new_page()
    answer = page.goto(url, wait_until="load")
    if answer is None or not answer.ok:
        raise RuntimeError(f"{url} answers {answer.status if answer else 'nothing'}")
    asked = page.evaluate(_TIMES)
    window.close()
    return Visit(round(asked[0] / 1000, 3), round(asked[1] / 1000, 3), round(asked[2] / 1000, 1))


if __name__ == "__main__":
    sys.exit(main())
