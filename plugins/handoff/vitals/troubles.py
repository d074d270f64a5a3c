"""What is wrong, by the facts and the limits: one list for the health endpoint, the status and the watchdog."""

import os
from dataclasses import dataclass, fields
from pathlib import PurePath

from handoff.local.metadata import Dags
from handoff.vitals.facts import Facts

SKEW_S = 1.0
"""How far clocks may be apart: the least that is told on a card is a second."""


@dataclass(frozen=True)
class Limits:
    """When a fact counts as trouble, in seconds. Each is set by a variable, e.g. `HANDOFF_CANARY_S`.

    They are not rows of the agreement, because they must hold while Postgres is down.
    """

    canary_s: float = 120
    """The canary sings each minute: one missed and one late."""
    pending_s: float = 300
    outbox_s: float = 600
    inbox_s: float = 300
    ingest_s: float = 600
    """Contacts are read each minute; what the CRM's index shows late is the slow pass's and no part of it."""
    load_s: float = 120
    """A load takes seconds; longer than this one rebuilds the line's tables, or has broken off."""
    watch_s: float = 300
    """The clocks are judged each minute; what they stand still for longer than this is given back to the rep."""
    failing_s: float = 1200
    """For which no run of a DAG has succeeded since one failed. A DAG that runs each quarter of an hour has failed
    twice by then; one failed run of a DAG that runs each minute is the next one's to mend."""
    patience_s: float = 5
    """How long something without an age of its own is wrong before anybody hears of it."""


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong. `id` says what, `text` is for a person and holds no data about anybody."""

    id: str
    text: str
    is_down: bool = False
    """Nothing gets through; without it the line works, and something needs a person."""
    is_alerted: bool = True
    """False where the product itself tells the review channel, or asks somebody, already."""
    is_sure: bool = False
    """True where a limit of its own was patience enough."""


def limits() -> Limits:
    """From the environment.

    Raises:
        ValueError: a variable is no positive number of seconds; the message names it.
    """
    found = {}
    for each in fields(Limits):
        name = f"HANDOFF_{each.name.upper()}"
        text = os.environ.get(name)
        if not text:
            continue
        try:
            found[each.name] = float(text)
        except ValueError:
            found[each.name] = 0.0
        if not 0 < found[each.name] < float("inf"):
            raise ValueError(f"{name}={text!r} is no number of seconds: give one above 0")
    return Limits(**found)


def of(facts: Facts | None, limit: Limits) -> list[Trouble]:
    """Everything that is wrong, the worst first; nothing else can be known while the ledger does not answer."""
    if facts is None:
        return [Trouble("ledger", "The ledger's Postgres does not answer.", is_down=True)]
    found = []
    if facts.canary_age_s is None:
        found.append(Trouble("canary-never", "No task has run yet: the canary has never been seen."))
    elif facts.canary_age_s > limit.canary_s:
        since = f"{facts.canary_age_s:.0f} s"
        found.append(
            Trouble("canary", f"No task has run for {since}: the scheduler or its workers.", is_down=True, is_sure=True)
        )
    if abs(facts.clock_skew_s) > SKEW_S:
        away = f"{facts.clock_skew_s:+.0f} s"
        found.append(
            Trouble("clock", f"This machine's clock is {away} away from Postgres': deadlines are judged by it.")
        )
    if facts.unfinished_load_s > limit.load_s:
        since = f"{facts.unfinished_load_s:.0f} s"
        found.append(
            Trouble("load", f"A load of the agreement has not ended for {since}: nobody is handed over.", is_sure=True)
        )
    if abs(facts.worker_skew_s) > SKEW_S:
        away = f"{facts.worker_skew_s:+.0f} s"
        found.append(
            Trouble("clock-worker", f"A worker's clock is {away} away from Postgres': deadlines are given by it.")
        )
    if facts.lead_age_s > limit.pending_s and all(facts.gates.values()) and not facts.open_floods:
        found.append(Trouble("pending", f"Leads have waited for the line for {facts.lead_age_s:.0f} s.", is_sure=True))
    for kind, effects in sorted(facts.outbox.items()):
        if effects.oldest_due_s > limit.outbox_s:
            found.append(
                Trouble(
                    f"outbox-{kind}",
                    f"Effects of kind {kind} have been due for {effects.oldest_due_s:.0f} s.",
                    is_sure=True,
                )
            )
    if facts.inbox_age_s > limit.inbox_s:
        found.append(Trouble("inbox", f"Webhooks have waited for {facts.inbox_age_s:.0f} s.", is_sure=True))
    if facts.ingest_age_s is not None and facts.ingest_age_s > limit.ingest_s:
        found.append(
            Trouble("ingest", f"No contacts have been read from HubSpot for {facts.ingest_age_s:.0f} s.", is_sure=True)
        )
    if facts.watch_age_s is not None and facts.watch_age_s > limit.watch_s:
        found.append(
            Trouble("watch", f"No clock has been judged for {facts.watch_age_s:.0f} s: the watch.", is_sure=True)
        )
    for gate, is_open in sorted(facts.gates.items()):
        if not is_open:
            found.append(Trouble(f"gate-{gate}", f"Gate {gate} is closed and holds handoffs."))
    if facts.open_floods:
        found.append(Trouble("flood", "More MQLs than usual wait for somebody's answer.", is_alerted=False))
    if facts.dead:
        found.append(Trouble("dead", f"{facts.dead} effects were given up within a day.", is_alerted=False))
    if facts.quarantined:
        found.append(Trouble("quarantine", f"{facts.quarantined} records could not be read.", is_alerted=False))
    return found


def of_dags(dags: Dags, limit: Limits) -> list[Trouble]:
    """What Airflow has been told not to run, or cannot, or runs in vain; each has an end of its own."""
    paused = [
        Trouble(f"paused-{each}", f"The DAG {each} is paused in Airflow and does nothing.") for each in dags.paused
    ]
    names = sorted({PurePath(each).name for each in dags.import_errors})
    broken = [Trouble(f"import-{each}", f"Airflow cannot import {each}.") for each in names]
    return paused + broken + failing(dags, limit)


def failing(dags: Dags, limit: Limits) -> list[Trouble]:
    """DAGs of which one run after the other fails, or the one that there was."""
    return [
        Trouble(
            f"failed-{each}", f"No run of {each} has succeeded for {seconds:.0f} s, since one failed.", is_sure=True
        )
        for each, seconds in sorted(dags.failing_s.items())
        if seconds > limit.failing_s
    ]


def state(found: list[Trouble]) -> str:
    """`ok`, `degraded` or `down`."""
    if any(each.is_down for each in found):
        return "down"
    return "degraded" if found else "ok"
