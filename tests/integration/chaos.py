"""A long bad day: processes that are killed, a database that crashes, vendors whose answers get lost."""

import os
import random
import signal
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.ledger import db, inbox
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox
from tests.integration import mqls
from tests.integration.crashable import Server
from tests.integration.lives import Lives
from tests.integration.works import SETTLE

POST, HISTORY = r"chat\.postMessage$", r"conversations\.history$"
AMBIGUOUS = (
    {"kind": "slow_accept", "path": POST, "rate": 0.05, "seconds": 1.5},
    {"kind": "drop_after", "path": POST, "rate": 0.06},
    {"kind": "html", "path": POST, "rate": 0.05},
    {"kind": "slack_error_late", "path": POST, "rate": 0.04, "error": "internal_error"},
    {"kind": "slack_no_ts", "path": POST, "rate": 0.02},
)
"""Slack has accepted the message, and nobody is told so: a time-out, a reset, a 502, an error, an answer without ts."""
REFUSING = (
    {"kind": "rate_limit", "path": POST, "rate": 0.05},
    {"kind": "drop_before", "path": POST, "rate": 0.03},
    {"kind": "rate_limit", "path": HISTORY, "rate": 0.08},
    {"kind": "drop_before", "path": HISTORY, "rate": 0.04},
    {"kind": "drop_after", "method": "PATCH", "rate": 0.06},
    {"kind": "status", "method": "PATCH", "rate": 0.04, "status": 503},
    {"kind": "rate_limit", "method": "PATCH", "rate": 0.03},
)
WORKERS = 3
BETWEEN_KILLS_S = (0.08, 0.35)
PATIENCE_S = 900.0


@dataclass(frozen=True)
class Day:
    """How much is done, and how bad it gets."""

    leads: list[str]
    batch: int
    kills: int
    crashes: int
    seed: int
    gave_way: Path
    """Has a byte for each time that a process gave way to a lead."""
    is_blind: bool = False
    """Whether the processes leave out the look at whether an earlier attempt arrived."""


@dataclass
class Figures:
    """What a day came to. `lost`, `doubled`: messages; `wrong`: contacts that do not say what the ledger says;
    `gave_way`: how often a process stopped sending a kind because a lead had come in."""

    seed: int
    handoffs: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    kills: int = 0
    postgres_crashes: int = 0
    posts: int = 0
    ambiguous: int = 0
    found_by_looking: int = 0
    gave_way: int = 0
    seconds: float = 0.0

    @property
    def ambiguous_share(self) -> float:
        return self.ambiguous / self.posts

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ambiguous_share": round(self.ambiguous_share, 3), "seconds": round(self.seconds, 1)}


def live_through(day: Day, host: Lives, server: Server, sandbox: RunningSandbox) -> Figures:
    """Release the leads bit by bit while processes are killed, let the rest be finished, and count what came of it."""
    began = time.monotonic()
    day.gave_way.write_bytes(b"")
    figures = Figures(day.seed)
    sandbox.control("POST", "faults", {"faults": [*AMBIGUOUS, *REFUSING]})
    workers = [_worker(host, day) for _ in range(WORKERS)]
    try:
        _kill_again_and_again(day, figures, workers, host, server)
        _finish(day)
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            host.wait(pid)
    figures.seconds = time.monotonic() - began
    struck = sandbox.control("GET", "faults")["faults"][: len(AMBIGUOUS)]
    sandbox.control("DELETE", "faults")
    figures.posts = max(each["calls"] for each in struck)
    figures.ambiguous = sum(each["hits"] for each in struck)
    _count(day, figures, sandbox)
    return figures


def _worker(host: Lives, day: Day) -> int:
    return host.start("station_for_ever", batch=day.batch, gave_way=str(day.gave_way), is_blind=day.is_blind)


def _kill_again_and_again(day: Day, figures: Figures, workers: list[int], host: Lives, server: Server) -> None:
    dice = random.Random(day.seed)
    crashes_at = {(n + 1) * day.kills // (day.crashes + 1) for n in range(day.crashes)}
    released = 0
    while figures.kills < day.kills:
        upto = len(day.leads) * (figures.kills + 1) // day.kills
        _release(day.leads[released:upto], day.batch)
        released = upto
        time.sleep(dice.uniform(*BETWEEN_KILLS_S))
        doomed = dice.randrange(WORKERS)
        os.kill(workers[doomed], signal.SIGKILL)
        figures.kills += host.wait(workers[doomed]) == -signal.SIGKILL
        workers[doomed] = _worker(host, day)
        if figures.kills in crashes_at:
            crashes_at.remove(figures.kills)
            server.crash()
            server.start()
            figures.postgres_crashes += 1


def _release(leads: list[str], batch: int) -> None:
    """A batch is whole before anybody routes it; HubSpot's events tell of it."""
    now = clock.now()
    news = [inbox.Event(inbox.HUBSPOT, f"chaos:{lead}", "contact", lead, now, {}) for lead in leads]
    with db.connect() as connection, db.only_one(connection, "route", wait=timedelta(seconds=PATIENCE_S)):
        mqls.queue(connection, leads, batch)
        inbox.store(connection, news, now)


def _finish(day: Day) -> None:
    """Wait until nothing is due any more; what waits for a later try need not wait as long as that."""
    deadline = time.monotonic() + PATIENCE_S
    with db.connect() as connection:
        while _left(connection, day):
            assert time.monotonic() < deadline, _left(connection, day)
            time.sleep(SETTLE.total_seconds() / 2)
            connection.execute(
                "update handoff.outbox set not_before = %(now)s "
                "where state = 'pending' and not_before > %(now)s and last_attempt_at < %(settled)s",
                {"now": clock.now(), "settled": clock.now() - SETTLE},
            )


def _left(connection: Connection, day: Day) -> list[dict[str, Any]]:
    return mqls.rows(
        connection,
        """select dedupe_key as what, last_error as why from handoff.outbox where state = 'pending'
        union all
        select lead_id, 'not routed' from handoff.pending_leads where batch_id = %(batch)s""",
        batch=day.batch,
    )


def _count(day: Day, figures: Figures, sandbox: RunningSandbox) -> None:
    with db.connect() as connection:
        given = mqls.rows(connection, _GIVEN, leads=day.leads)
        figures.found_by_looking = len(mqls.rows(connection, _FOUND, leads=day.leads, settled=SETTLE))
    figures.gave_way = day.gave_way.stat().st_size
    said = sandbox.control("GET", "slack/messages")["messages"]
    posted = Counter(each["metadata"]["event_payload"]["dedupe_key"] for each in said if "metadata" in each)
    keys = [f"{kind}:{row['what']}" for row in given for kind in ("slack_dm", "slack_channel")]
    figures.handoffs, figures.messages = len(given), len(keys)
    figures.lost = sum(posted[key] == 0 for key in keys)
    figures.doubled = sum(posted[key] > 1 for key in keys)
    owners = {row["lead_id"]: row["crm_owner_id"] for row in given}
    found, _ = HubSpotHook(search_pace=None).batch_read("contacts", list(owners), ["hubspot_owner_id"])
    says = {each["id"]: each["properties"]["hubspot_owner_id"] for each in found}
    figures.wrong = sum(says.get(lead_id) != owner for lead_id, owner in owners.items())


# One row an assignment: a lead that was given twice has two.
_GIVEN = """
select handoff.lead_id, rep.crm_owner_id,
    format('%%s:%%s', handoff.handoff_id, assignment.assignment_id) as what
from handoff.handoffs as handoff
inner join handoff.assignments as assignment using (handoff_id)
inner join agreement.reps as rep using (rep_id)
where handoff.lead_id = any(%(leads)s)
"""
# What a send reached is settled at once.
_FOUND = """
select from handoff.outbox as effect
inner join handoff.handoffs as handoff using (handoff_id)
where handoff.lead_id = any(%(leads)s) and effect.kind in ('slack_dm', 'slack_channel')
    and effect.sent_at - effect.last_attempt_at >= %(settled)s
"""
