"""How long a browser takes to show the pages when ten thousand handoffs are open.

    python bench/board.py [--handoffs N] [--rounds N] [--json FILE]

A scratch Postgres holds open handoffs with all that was known of each lead, and a company of contacts of whom one was
handed over by the line; a real server shows the pages, and Chromium says when it first painted something. Each page is
opened in a fresh window, so that nothing is cached; the first visit after the server's start is told apart. Exit 0 when
every page is painted within a second at the median.
"""

import argparse
import json
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

import uvicorn
from fastapi import FastAPI, Request
from playwright.sync_api import Browser

from bench import board_planted, machine, own_line
from handoff import clock
from handoff.ledger import db
from handoff.local import progress, scratch
from handoff.qualify import dbt
from handoff.review.run import build_marts
from handoff.web.app import PREFIX
from handoff.web.pages import review
from handoff.web.pages.router import mount
from tests.browser.chromium import running

TARGET_S = 1.0
REP = "ana-costa"
CONTACTS = 1000

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
    with own_line.own_line(contacts=CONTACTS) as line:
        own_line.load_agreement()
        line.sandbox.act("demo_request")
        progress.wait(lambda: _is_handed(line.connection), timeout_s=60, interval_s=2)
        board_planted.plant(given.handoffs, clock.now())
        # The board's funnel and policies, today's speed and a rep's ninety days come out of the marts.
        dbt.invoke(line.connection, ["run", "--full-refresh"], selector="line", as_of=None)
        build_marts(line.connection)
        with running() as browser, _serving() as address:
            visited = _pages(line.connection)
            pages = {each: _measure(browser, f"{address}/{path}", given.rounds) for each, path in visited.items()}
        found = {
            "handoffs": given.handoffs,
            "pages": pages,
            "measured_on": clock.now().astimezone(UTC).date().isoformat(),
            "machine": machine.describe(line.connection, load_before),
        }
    print(json.dumps(found, indent=2))
    given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if any(each["painted_s"]["p50"] > TARGET_S for each in pages.values()) else 0


def _handed(connection: db.Connection) -> str | None:
    """The lead that the line handed over."""
    row = connection.execute("select lead_id from handoff.handoffs where not handoff_id like 'bench-%'").fetchone()
    return str(row["lead_id"]) if row else None


def _is_handed(connection: db.Connection) -> bool:
    own_line.run(connection, "bench")
    return _handed(connection) is not None


def _pages(connection: db.Connection) -> dict[str, str]:
    """What is opened, by what it is called: of the leads, whom the line handed over and who did most."""
    busiest = connection.execute(
        "select lead_id, count(*) as acts from line.int_activities group by lead_id order by acts desc limit 1"
    ).fetchone()
    if busiest is None:
        raise RuntimeError("nobody has done anything")
    week = review.newest(connection, clock.now())
    return {
        **{"board": "board", "handoffs": "handoffs", "handoffs, page 100": "handoffs?page=100"},
        **{"rep": f"rep/{REP}", "lead handed over": f"lead/{_handed(connection)}"},
        f"lead of {busiest['acts']} acts": f"lead/{busiest['lead_id']}",
        **{"agreement": "agreement", "review": f"review/{week}"},
    }


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


def _measure(browser: Browser, address: str, rounds: int) -> dict[str, Any]:
    first, *others = [_open(browser, address) for _ in range(rounds + 1)]
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
