"""Events for a benchmark: visitors ask for a demo at random moments, each must become one message, and is called."""

import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.own_line import Say
from handoff.ledger.db import connect
from handoff.local import proof
from handoff.settings import settings

PATIENCE_S = 180
"""After the last event; a poll takes up to a minute, and a run that is under way may have to end first."""
TIMEOUT_S = 30
CALLED_AFTER_S = 120.0
"""From a visitor's act to the rep's call; whoever is not called in five minutes goes to another rep, and on."""


@dataclass(frozen=True)
class Fired:
    """The leads that acted, and what went wrong with their messages; empty when each has exactly one."""

    lead_ids: list[str]
    problems: list[str]


def fire(n: int, gap_s: tuple[float, float], seed: int, say: Say) -> Fired:
    """Let `n` leads ask for a demo, so many seconds apart, call each, and wait for their messages."""
    pause = random.Random(seed)
    lead_ids: list[str] = []
    to_call: deque[tuple[float, str]] = deque()
    for number in range(1, n + 1):
        lead_ids.append(str(control("POST", "act/demo_request")["contactId"]))
        to_call.append((time.monotonic() + CALLED_AFTER_S, lead_ids[-1]))
        while to_call[0][0] < time.monotonic():
            _call(to_call.popleft()[1])
        if number % 10 == 0:
            say(f"{number} of {n} events, {len(_messages(lead_ids))} messages")
        time.sleep(pause.uniform(*gap_s))
    deadline = time.monotonic() + PATIENCE_S
    while len(_messages(lead_ids)) < len(set(lead_ids)) and time.monotonic() < deadline:
        time.sleep(1)
    for _, lead in to_call:
        _call(lead)
    return Fired(lead_ids, _problems(lead_ids))


def webhooks(url: str) -> None:
    """Where the sandbox sends its webhooks from now on; empty = nowhere."""
    control("POST", "webhooks", {"url": url})


def control(method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    """Call one of the sandbox's control endpoints."""
    url = f"http://127.0.0.1:{settings().sandbox_port}/_sandbox/{path}"
    answer: dict[str, Any] = httpx.request(method, url, json=body, timeout=TIMEOUT_S).raise_for_status().json()
    return answer


def _call(lead_id: str) -> None:
    control("POST", "act/call", {"contact_id": lead_id})


def _messages(lead_ids: Sequence[str]) -> Counter[str]:
    """How often Slack holds the direct message about each lead; leads without one are missing.

    One rep's and the next one's are two messages, and neither is doubled.
    """
    with connect() as connection:
        rows = connection.execute(
            "select handoff_id, lead_id from handoff.handoffs where lead_id = any(%s)", (lead_ids,)
        )
        leads = {row["handoff_id"]: row["lead_id"] for row in rows}
    told = Counter(
        str(((message.get("metadata") or {}).get("event_payload") or {}).get("dedupe_key", ""))
        for message in control("GET", "slack/messages")["messages"]
    )
    found: Counter[str] = Counter()
    for key, n in told.items():
        kind, _, rest = key.partition(":")
        if kind == "slack_dm" and rest.partition(":")[0] in leads:
            lead = leads[rest.partition(":")[0]]
            found[lead] = max(found[lead], n)
    return found


def _problems(lead_ids: Sequence[str]) -> list[str]:
    found = _messages(lead_ids)
    with connect() as connection:
        silent = [
            f"lead {lead} has no message: it stopped at {proof.stopped_at(connection, lead)}"
            for lead in lead_ids
            if lead not in found
        ]
    return silent + [f"lead {lead} has {n} messages" for lead, n in found.items() if n > 1]
