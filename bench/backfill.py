"""Load a grown account's history through HubSpot's API, and see what it takes.

    python bench/backfill.py [--contacts N] [--events N] [--quick] [--json FILE]

A sandbox holds the history, HubSpot's rate limits in force; `handoff crm backfill` loads it into a scratch Postgres.
Measured are records a second, the process's peak memory, and how much of the vendor's limits was used: the limit should
be the vendor's, not ours. Exit 0 when nothing is missing and no limit was crossed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import machine, own_line
from bench.asked import Size, asked
from handoff import clock
from sandbox.company import seed
from sandbox.settings import Settings
from sandbox.world import create

RESULTS = Path(__file__).parent / "results" / "backfill.json"
SIZES = {
    "contacts": Size("contacts", 100_000, 1_000),
    "events": Size("engagement events", 2_000_000, 10_000),
}
MOST_MB = 500
PER_TEN_SECONDS, PER_SECOND = 190, 5
"""HubSpot's limits, of all requests but searches and associations, and of searches."""
STREAMS = {
    "hubspot_contacts": "SELECT count(*) FROM objects WHERE type='0-1'",
    "hubspot_companies": "SELECT count(*) FROM objects WHERE type='0-2'",
    "hubspot_events": "SELECT count(*) FROM events WHERE kind < 3",
    "hubspot_form_submissions": "SELECT count(*) FROM submissions",
}
"""What must be in `raw` afterwards, and how the sandbox counts it."""


def main() -> int:
    """Exit status: 0 all in and no limit crossed, 1 not."""
    given = asked(__doc__, RESULTS, SIZES)
    own_line.end_on_signals()
    load_before = machine.load()
    with tempfile.TemporaryDirectory(prefix="handoff-bench-") as home:
        state = Path(home) / "sandbox.sqlite"
        truth = _fill(state, given.contacts, given.events)
        with own_line.own_line(contacts=given.contacts, limits=True, SANDBOX_STATE=str(state)) as line:
            found = _measure(line, truth)
            found["machine"] = machine.describe(line.connection, load_before)
    _show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if found["missing"] or found["refused"] else 0


def _fill(state: Path, contacts: int, events: int) -> dict[str, int]:
    """Write the history into a sandbox's state file; returns the truth by stream."""
    _say(f"{contacts} contacts and {events} events into a sandbox")
    world = create(Settings(contacts=contacts, state=str(state), life=0))
    # The generators count by the visitor's temper: about one and a half of what is asked for on average.
    seed.fill(world, contacts, int(clock.now().timestamp() * 1000), events / contacts)
    truth = {name: int((world.store.one(sql) or (0,))[0]) for name, sql in STREAMS.items()}
    world.store.close()
    return truth


def _measure(line: own_line.OwnLine, truth: dict[str, int]) -> dict[str, Any]:
    _say("backfill")
    began = time.monotonic()
    command = [sys.executable, "-m", "handoff.cli", "crm", "backfill"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy())
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    landed = {
        name: line.connection.execute(f"select count(*) as n from raw.{name}").fetchall()[0]["n"] for name in truth
    }
    log = line.sandbox.control("GET", "limits")
    requests = line.sandbox.control("GET", "health")["requests"]
    return {
        "exit": child.returncode,
        "seconds": round(seconds, 1),
        "landed": landed,
        "missing": {name: truth[name] - landed[name] for name in truth if truth[name] != landed[name]},
        "records_per_second": round(sum(landed.values()) / seconds),
        "peak_mb": round(used.ru_maxrss / 1024),
        "cpu_share": round((used.ru_utime + used.ru_stime) / seconds, 2),
        "requests": requests,
        "limits": log,
        "refused": sum(log["refused"].values()),
        "rolling_share": round(requests / seconds / (PER_TEN_SECONDS / 10), 2),
        "missed": [f"peak memory: {round(used.ru_maxrss / 1024)} MB of {MOST_MB}"]
        if used.ru_maxrss / 1024 > MOST_MB
        else [],
        "measured_at": clock.now().isoformat(timespec="seconds"),
    }


def _show(found: dict[str, Any]) -> None:
    print(f"\n{sum(found['landed'].values())} records in {found['seconds']} s: {found['records_per_second']} a second")
    for name, n in found["landed"].items():
        print(f"  {name:<28} {n:>9}")
    print(f"Peak memory {found['peak_mb']} MB; {found['cpu_share']} of a core")
    print(f"{found['requests']} requests, {found['rolling_share']:.0%} of HubSpot's limit; {found['refused']} refused")
    for each in [*found["missed"], *(f"missing: {n} {name}" for name, n in found["missing"].items())]:
        print(f"  {each}")


def _say(what: str) -> None:
    print(f"  · {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
