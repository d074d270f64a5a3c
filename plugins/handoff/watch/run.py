"""Stop and judge the clocks: who answered, who was contacted, whose time ran out, and who must hear of it."""

from datetime import datetime
from typing import Any

from handoff import crash
from handoff.ledger.db import Connection, only_one
from handoff.qualify import loads
from handoff.route import unforeseen
from handoff.watch import answers, breaches, contacts, crm_answers, ladder_run, pauses, snoozes

_HELD = (loads.Unfinished, unforeseen.PASSES, crm_answers.Unreasoned)


def run(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Do all that is due by `as_of`, in short transactions that can be repeated; returns counts.

    Answers and contacts come before what they forestall: a step is only taken after everything that came first is in
    the ledger. A handoff that raises stops no other, and is left alone until the next run: to judge it without what
    could not be written would be unjust. One that would be handed on while a load of the agreement is unfinished, or
    whose answer in Slack the database could not take now, or whose rejection in the CRM waits for its reason, is left
    alone in the same way, as `held`, and nobody is told.

    The heartbeat at the end says that all of it was done; a run that was killed is made up for by the next.
    """
    with only_one(connection, "watch") as free:
        if not free:
            return {"skipped": "another process watches"}
        raised: dict[str, Exception] = {}
        counts: dict[str, Any] = {"pressed": sum(answers.run(connection, as_of, raised).values())}
        counts["paused"] = pauses.run(connection, as_of, raised)
        counts["contacted"] = contacts.run(connection, as_of, raised)
        counts["answered"] = crm_answers.run(connection, as_of, raised)
        counts["breached"] = breaches.run(connection, as_of, raised)
        counts |= ladder_run.run(connection, as_of, raised)
        if unsnoozed := snoozes.run(connection, as_of, raised):
            counts["unsnoozed"] = unsnoozed
        if held := [each for each, error in raised.items() if isinstance(error, _HELD)]:
            counts["held"] = len(held)
            raised = {each: error for each, error in raised.items() if each not in held}
        if raised:
            counts["raised"] = len(raised)
            unforeseen.tell_of_clocks(connection, raised, as_of)
        pauses.beat(connection, as_of)
        crash.point("watch.run.beaten")
        return counts
