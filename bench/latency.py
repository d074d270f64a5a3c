"""Measure on the real Airflow how long an event takes from the CRM to the rep's message in Slack.

    python bench/latency.py [--webhook N] [--poll N] [--contacts N] [--events N] [--quick] [--json FILE]

Starts a stack of its own in `.handoff-bench`, puts a long history into `raw`, lets visitors ask for a demo, first with
webhooks and then with none, and reads from the ledger what each message took. Everything is stopped and deleted at
the end. Exit 0 when each event became exactly one message; whether the targets were met is printed.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import events, figures, history, machine, own_stack
from bench.asked import Size, asked
from bench.own_line import end_on_signals
from bench.show import show
from handoff import clock
from handoff.ledger.db import connect
from handoff.local import status
from handoff.local.state import Layout
from handoff.settings import settings

RESULTS = Path(__file__).parent / "results" / "latency.json"
SIZES = {
    "webhook": Size("events by webhook", 100, 7),
    "poll": Size("events by poll", 100, 3),
    "contacts": Size("contacts in the history", 50_000, 500),
    "events": Size("engagement events in the history", 1_000_000, 5_000),
}
INTERVAL_S = 60
"""The line's schedule."""
GAPS_S = {"webhook": (4.0, 9.0), "poll": (2.0, 10.0)}
"""Between two events, at random: an event must be able to meet a run that is under way."""
IDLE_S = 190
"""Three runs with nothing to do."""
QUICK_IDLE_S = 70
SEED = 5


def main() -> int:
    """Exit status: 0 each event became one message, 1 not."""
    given = asked(__doc__, RESULTS, SIZES, {"keep": f"keep {own_stack.HOME} afterwards"})
    end_on_signals()
    load_before = machine.load()
    with own_stack.own_stack(given.keep) as where:
        found, problems = measure(where, given, load_before)
    show(found)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        print(f"\nWritten to {given.json}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def measure(where: Layout, given: argparse.Namespace, load_before: float) -> tuple[dict[str, Any], list[str]]:
    """All figures, and what went wrong with single messages."""
    past = history.load(given.contacts, given.events, _say)
    first = events.fire(1, (0.0, 0.0), SEED, _say)
    if first.problems:
        raise own_stack.StackFailed(f"the first event became no message, so none is measured: {first.problems[0]}")
    since = clock.now()
    idle = _idle(where, QUICK_IDLE_S if given.quick else IDLE_S)
    fired, stolen = {}, {}
    for way, n in (("webhook", given.webhook), ("poll", given.poll)):
        events.webhooks(f"{settings().public_url}/handoff/hubspot/webhook" if way == "webhook" else "")
        _say(f"{n} events by {way}")
        processors = psutil.cpu_times()
        fired[way] = events.fire(n, GAPS_S[way], SEED, _say)
        stolen[way] = machine.stolen_percent(processors)
    with connect() as connection:
        rows = {way: figures.handoffs(connection, each.lead_ids) for way, each in fired.items()}
        found = {
            "webhook": figures.summary(figures.totals(rows["webhook"])),
            "poll": {**figures.summary(figures.totals(rows["poll"])), "interval_s": INTERVAL_S},
            "stations": {way: figures.stations(each) for way, each in rows.items()},
            "work": figures.work(connection, since),
            "idle": {"run": figures.idle_runs(connection, since), **idle},
            "history": past,
            "machine": {**machine.describe(connection, load_before), "stolen_percent": stolen},
            "measured_at": since.isoformat(timespec="seconds"),
        }
    return {**found, "missed": figures.missed(found)}, [each for way in fired.values() for each in way.problems]


def _idle(where: Layout, seconds: int) -> dict[str, float]:
    """Memory (MB of proportional set size) and processor (percent of one core) of the stack with nothing to do.

    `others_percent` is what other programs take of the machine meanwhile, in percent of one core.
    """
    _say(f"{seconds} s with nothing to do")
    time.sleep(seconds / 2)
    psutil.cpu_percent(None)
    cpu = status.cpu_percent(where, seconds / 2)
    machine_wide = psutil.cpu_percent(None) * (psutil.cpu_count() or 1)
    memory = sum(each.memory_mb for each in status.read(where).components)
    return {
        "memory_mb": round(memory),
        "cpu_percent": round(cpu, 1),
        "others_percent": round(max(0.0, machine_wide - cpu), 1),
    }


def _say(what: str) -> None:
    print(f"  · {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
