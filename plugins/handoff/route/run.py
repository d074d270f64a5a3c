"""Route the pending MQLs: handoff, assignment, clock and effects in one transaction per lead."""

import logging
from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg.types.json import Jsonb

from handoff import connections
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row, only_one
from handoff.qualify import loads
from handoff.route import withdraw
from handoff.route.assign import Choice, NobodyEligible, choose
from handoff.route.contexts import LINE
from handoff.route.decisions import Decision, pending_mqls
from handoff.route.due import NoCalendar, due_at
from handoff.route.taken import taken
from handoff.settings import settings
from handoff.sync.targets import contact_target

log = logging.getLogger(__name__)


def handoff_id(lead_id: str, product_id: str, cycle: int) -> str:
    """The handoff's key: the same lead, product and cycle always give the same one."""
    return "ho_" + sha256(f"{lead_id}|{product_id}|{cycle}".encode()).hexdigest()[:16]


def run(connection: Connection, batch_id: int, as_of: datetime) -> dict[str, Any]:
    """Settle every lead that was pending up to `batch_id`; returns counts.

    Leads that wait for enrichment stay pending. While a gate is closed nothing is handed over: the MQLs stay pending
    and are counted as `held`, with the gate's reason. A lead that cannot be routed stays pending as `stuck`, with the
    reason in the log, and is tried again by the next run.
    """
    with only_one(connection, "route") as free:
        if not free:
            return {"skipped": "another process routes"}
        withdrawn = withdraw.run(connection, batch_id, as_of)
        record_url = f"{settings().crm_url}/contacts/{_portal()}/record/0-1/{{lead_id}}"
        decisions = pending_mqls(connection, batch_id, record_url)
        closed = closed_gates(connection)
        if closed and decisions:
            _settle(connection, batch_id, keep=[each.lead_id for each in decisions])
            return {"held": len(decisions), "reason": "; ".join(closed)}
        counts: Counter[str] = Counter()
        stuck: list[str] = []
        for decision in decisions:
            try:
                counts["handed_off"] += _hand_off(connection, decision, as_of)
            except (NobodyEligible, NoCalendar) as error:
                log.error("lead %s has no rep: %s", decision.lead_id, error)
                stuck.append(decision.lead_id)
        _settle(connection, batch_id, keep=stuck)
        return {"mqls": len(decisions), "stuck": len(stuck), "withdrawn": withdrawn, **counts}


def closed_gates(connection: Connection) -> list[str]:
    """Reasons of the gates that are closed now."""
    rows = connection.execute(
        """select distinct on (gate) gate, is_open, reason from handoff.gates order by gate, gate_id desc"""
    )
    return [row["reason"] for row in rows if not row["is_open"]]


def _hand_off(connection: Connection, decision: Decision, as_of: datetime) -> int:
    """Write one handoff with all that follows from it; 0 when it already stands."""
    key = handoff_id(decision.lead_id, decision.product_id, decision.cycle)
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended('route:choose', 0))")
        choice = choose(decision.candidates, taken(connection, as_of, LINE))
        rep = _rep(connection, choice.candidate.rep_id, as_of)
        context = decision.context
        seconds = context.tier.response_minutes * 60
        due = due_at(connection, rep["calendar_id"], rep["time_zone"], as_of, seconds)
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
                context.trigger.occurred_at,
                decision.received_at,
                decision.extracted_at,
                decision.decided_at,
                as_of,
                load.load_id if (load := loads.newest(connection, decision.decided_at)) else None,
            ),
        ).rowcount
        if not written:
            return 0
        assignment_id = _assign(connection, key, choice, decision, as_of, due)
        outbox.put(connection, *_effects(decision, key, assignment_id, rep, due, as_of))
        return 1


def _assign(
    connection: Connection, key: str, choice: Choice, decision: Decision, as_of: datetime, due: datetime
) -> int:
    row = connection.execute(
        """insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at)
        values (%s, %s, %s, %s, %s, %s, %s) returning assignment_id""",
        (
            key,
            choice.candidate.rep_id,
            choice.candidate.pool_id,
            choice.reason,
            Jsonb([each.as_json() for each in decision.candidates]),
            as_of,
            due,
        ),
    ).fetchone()
    assert row is not None
    return int(row["assignment_id"])


def _effects(
    decision: Decision, key: str, assignment_id: int, rep: Row, due: datetime, as_of: datetime
) -> list[outbox.Effect]:
    message = {
        "rep_name": rep["name"],
        "slack_user_id": rep["slack_user_id"],
        "time_zone": rep["time_zone"],
        "due_at": due.isoformat(),
        "context": decision.context.to_json(),
    }
    channel = connections.get(connections.SLACK).extra.get("channel", "#mql-handoffs")
    target = contact_target(
        decision.context,
        decision.as_of,
        due,
        rep["crm_owner_id"],
        expected_owner_id=decision.owner_id,
        read_at=decision.extracted_at,
    )
    effects = (
        ("slack_dm", {**message, "kind": "assigned"}),
        ("slack_channel", {**message, "channel": channel}),
        ("hubspot_contact", target),
    )
    return [
        outbox.Effect(
            dedupe_key=f"{kind}:{key}:{assignment_id}", kind=kind, payload=payload, handoff_id=key, created_at=as_of
        )
        for kind, payload in effects
    ]


def _rep(connection: Connection, rep_id: str, as_of: datetime) -> Row:
    row = connection.execute(
        """select rep_id, name, crm_owner_id, slack_user_id, time_zone, calendar_id from agreement.reps
        where rep_id = %(rep)s and valid_from <= %(at)s and %(at)s < valid_to""",
        {"rep": rep_id, "at": as_of},
    ).fetchone()
    if row is None:
        raise NobodyEligible(
            f"{rep_id} is not in seeds/agreement/reps.csv at {as_of:%Y-%m-%d}: add a row that is valid"
        )
    return row


def _settle(connection: Connection, batch_id: int, keep: list[str]) -> None:
    """Let go of the leads whose decision stands; those still waiting for enrichment stay."""
    connection.execute(
        """delete from handoff.pending_leads as pending
        where pending.batch_id <= %s and not pending.lead_id = any(%s) and not exists (
            select from line.int_qualifications as qualification
            where qualification.lead_id = pending.lead_id and qualification.decision = 'waiting'
        )""",
        (batch_id, keep),
    )


def _portal() -> str:
    return str(connections.get(connections.HUBSPOT).extra.get("portal_id", ""))
