"""Route the pending MQLs: handoff, assignment, clock and effects in one transaction per lead."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg.types.json import Jsonb

from handoff import connections, crash
from handoff.ledger.db import Connection, only_one
from handoff.privacy import reported
from handoff.qualify import loads
from handoff.route import anew, assignments, at_risk, flood, held, raised_hands, unforeseen, withdraw
from handoff.route.assign import NobodyEligible, choose
from handoff.route.contexts import LINE
from handoff.route.decisions import Decision, pending_mqls
from handoff.route.due import NoCalendar
from handoff.route.had import before, keeper
from handoff.route.held import Held
from handoff.route.turns import burdens, credits
from handoff.settings import settings
from handoff.sync.targets import contact_target

log = logging.getLogger(__name__)


def handoff_id(lead_id: str, product_id: str, cycle: int) -> str:
    """The handoff's key: the same lead, product and cycle always give the same one."""
    return "ho_" + sha256(f"{lead_id}|{product_id}|{cycle}".encode()).hexdigest()[:16]


def run(connection: Connection, batch_id: int, as_of: datetime) -> dict[str, Any]:
    """Settle every lead that was pending up to `batch_id`; returns counts.

    Leads that wait for enrichment stay pending. While a gate is closed nothing is handed over: the MQLs stay pending
    and are counted as `held`, with the gate's reason. A lead that cannot be routed stays pending as `stuck`; why, and
    until when, stands in `handoff.pending_leads`, and the next run tries again. An error that nobody foresaw holds its
    own lead only. While a load of the agreement is unfinished nothing is looked at, and what was decided before the
    newest one waits to be decided by it.
    """
    with only_one(connection, "route") as free:
        if not free:
            return {"skipped": "another process routes"}
        if loads.is_unfinished(connection):
            return {"skipped": loads.UNFINISHED}
        raised: dict[str, Exception] = {}
        withdrawn = withdraw.run(connection, batch_id, as_of, raised)
        erased, unerased = reported.erase(connection, batch_id, as_of, raised)
        raised_hands.tell(connection, batch_id, as_of, raised)
        record_url = f"{settings().crm_url}/contacts/{_portal()}/record/0-1/{{lead_id}}"
        decisions, unreadable = pending_mqls(connection, batch_id, record_url)
        last = loads.newest(connection)
        decisions = [each for each in decisions if last is None or each.decided_at >= last.loaded_at]
        mqls = len(decisions) + len(unreadable)
        decisions = [each for each in decisions if each.lead_id not in raised]
        raised |= unreadable
        closed = closed_gates(connection)
        if closed and decisions:
            reason = "; ".join(closed)
            gated: dict[str, Held] = {each.lead_id: (f"a gate is closed: {reason}", None) for each in decisions}
            at_risk.note(connection, decisions, as_of, raised)
            held.hold(connection, gated | _left(connection, raised, as_of))
            _settle(connection, batch_id, as_of, keep=[*(each.lead_id for each in decisions), *raised, *unerased])
            crash.point("route.gate.settled")
            return {"held": len(decisions), "reason": reason}
        counts: Counter[str] = Counter()
        stuck: dict[str, Held] = {}
        handed: list[tuple[str, str]] = []

        def hand(decision: Decision) -> int:
            try:
                written = hand_off(connection, decision, as_of)
                crash.point("route.handoff.committed")
            except NobodyEligible as error:
                stuck[decision.lead_id] = (str(error), error.until)
            except NoCalendar as error:
                stuck[decision.lead_id] = (str(error), None)
            except unforeseen.PASSES:
                raise
            except Exception as error:
                raised[decision.lead_id] = error
            else:
                counts["handed_off"] += written
                handed.append((decision.lead_id, decision.product_id))
                return written
            return 0

        flooded = flood.admit(connection, decisions, as_of, hand)
        stuck |= {each.lead_id: (flood.why_held(flooded), None) for each in flooded}
        stuck |= _left(connection, raised, as_of)
        for lead_id in stuck.keys() - {each.lead_id for each in flooded}:
            log.error("lead %s is handed to nobody yet: %s", lead_id, stuck[lead_id][0])
        held.hold(connection, stuck, handed)
        crash.point("route.run.held")
        _settle(connection, batch_id, as_of, keep=[*stuck, *unerased])
        crash.point("route.run.settled")
        flooding = {"flooded": len(flooded)} if flooded else {}
        forgotten = {"erased": erased} if erased else {}
        stuck_now = len(stuck) - len(flooded)
        return {"mqls": mqls, "stuck": stuck_now, "withdrawn": withdrawn, **forgotten, **flooding, **counts}


def closed_gates(connection: Connection) -> list[str]:
    """Reasons of the gates that are closed now."""
    rows = connection.execute(
        """select distinct on (gate) gate, is_open, reason from handoff.gates order by gate, gate_id desc"""
    )
    return [row["reason"] for row in rows if not row["is_open"]]


def hand_off(connection: Connection, decision: Decision, as_of: datetime) -> int:
    """Write one handoff with all that follows from it, in one transaction; 0 when it already stands.

    Raises:
        NobodyEligible, NoCalendar: nobody can take it now; nothing is written.
    """
    key = handoff_id(decision.lead_id, decision.product_id, decision.cycle)
    with connection.transaction():
        former = anew.lock_former(connection, decision)
        said = anew.unrecorded(connection, decision, as_of)
        if anew.is_rejected(connection, former, decision, said):
            raise NobodyEligible("it was rejected a moment ago, and is decided anew")
        assignments.lock(connection)
        choice = choose(
            decision.candidates,
            credits(connection, decision.candidates),
            burdens(connection, decision.candidates, as_of, LINE),
            before=before(connection, decision, as_of),
            keeper=keeper(connection, decision.lead_id, decision.product_id, as_of, LINE),
            prefers_present=decision.prefers_present,
        )
        if not _write(connection, key, decision, as_of):
            return 0
        held.hand(connection, decision.lead_id, decision.product_id, decision.as_of)
        given = assignments.give(connection, key, choice, decision.context, as_of, "handoff")
        target = contact_target(
            decision.context,
            decision.as_of,
            given.due_at,
            given.rep["crm_owner_id"],
            expected_owner_id=decision.owner_id,
            read_at=decision.read_at,
            contact_read_at=decision.contact_read_at,
            is_answered=bool(said),
        )
        assignments.write_back(connection, given, target, as_of)
        anew.refresh(connection, former, as_of)
        crash.point("route.handoff.written")
        return 1


def _write(connection: Connection, key: str, decision: Decision, as_of: datetime) -> bool:
    context = decision.context
    load = loads.newest(connection, decision.decided_at)
    written = connection.execute(
        """insert into handoff.handoffs (
            handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id, score,
            trigger_activity_id, trigger_kind, context, as_of, event_at, received_at, extracted_at, qualified_at,
            routed_at, load_id
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict do nothing""",
        (
            key,
            decision.lead_id,
            decision.product_id,
            decision.cycle,
            context.definition.id,
            context.definition.version,
            context.tier.id,
            context.score.total,
            context.trigger.activity_id,
            context.trigger.kind,
            Jsonb(context.to_json()),
            decision.as_of,
            decision.event_at,
            decision.received_at,
            decision.extracted_at,
            decision.qualified_at,
            as_of,
            load.load_id if load else None,
        ),
    ).rowcount
    return bool(written)


def _left(connection: Connection, raised: Mapping[str, Exception], as_of: datetime) -> dict[str, Held]:
    """Tell of what nobody foresaw, and why each lead that it left where it was is held."""
    unforeseen.tell(connection, raised, as_of)
    return {lead_id: (unforeseen.because(error), None) for lead_id, error in raised.items()}


def _settle(connection: Connection, batch_id: int, as_of: datetime, keep: Collection[str]) -> None:
    """Let go of the leads whose decision stands.

    Those still waiting for enrichment stay, and those that the models have not seen since they came, or since the
    agreement was loaded, because another process was at the models.
    """
    connection.execute(
        """delete from handoff.pending_leads as pending
        where pending.batch_id <= %s and pending.qualified_at >= pending.extracted_at
        and not exists (select from handoff.loads as load where load.loaded_at > pending.qualified_at)
        and not pending.lead_id = any(%s) and not exists (
            select from line.int_qualifications as qualification
            where qualification.lead_id = pending.lead_id and qualification.decision = 'waiting'
        )""",
        (batch_id, list(keep)),
    )
    held.let_go(connection, as_of)


def _portal() -> str:
    return str(connections.get(connections.HUBSPOT).extra.get("portal_id", ""))
