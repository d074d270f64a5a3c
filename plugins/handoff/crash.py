"""Where a test may kill the process: a point at every boundary of what is durable."""

import os
import signal
from collections import Counter

VARIABLE = "HANDOFF_CRASH"
"""`name` or `name:nth`; nothing ever happens without it."""
POINTS = (
    "route.handoff.written",
    "route.handoff.committed",
    "route.assignment.written",
    "route.withdrawal.committed",
    "route.merge.told",
    "route.erasure.committed",
    "route.hand.told",
    "route.gate.settled",
    "route.flood.held",
    "route.flood.answered",
    "route.risk.noted",
    "route.run.held",
    "route.run.settled",
    "ledger.effect.retried",
    "drain.item.looked",
    "drain.item.attempted",
    "drain.item.answered",
    "drain.item.settled",
    "sync.contact.read",
    "sync.contact.written",
    "sync.contact.read_back",
    "sync.contact.restored",
    "sync.conflict.queued",
    "sync.choice.told",
    "sync.task.created",
    "sync.task.followed",
    "notify.digest.gathered",
    "notify.cards.waited",
    "watch.answer.stored",
    "watch.answer.decided",
    "watch.answer.applied",
    "watch.answer.given_up",
    "watch.answer.unopened",
    "watch.pause.written",
    "watch.pause.committed",
    "watch.contact.recorded",
    "watch.contact.committed",
    "watch.crm_answer.recorded",
    "watch.crm_answer.committed",
    "watch.breach.marked",
    "watch.breach.committed",
    "watch.leaver.moved",
    "watch.ladder.decided",
    "watch.ladder.taken",
    "watch.ladder.told",
    "watch.run.beaten",
    "review.marts.built",
    "review.marts.filled",
)
"""Every name that is passed to `point`; a test holds them against the source and kills at each."""

_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Kill this process here, as `kill -9` does, if `HANDOFF_CRASH` says so; the nth time, the first unless told."""
    wanted, _, nth = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
