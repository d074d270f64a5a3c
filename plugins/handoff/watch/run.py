"""Stop and judge the clocks: who was contacted, who accepted or rejected, whose time ran out."""

from datetime import datetime
from typing import Any

from handoff.ledger import outbox
from handoff.ledger.db import Connection, only_one
from handoff.sync.targets import status_target


def run(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Record what sales did since the last look and mark the breaches; returns counts.

    A clock is only judged up to the moment to which every kind of engagement has been read: a call made in time and
    landed late is not a breach.
    """
    with only_one(connection, "watch") as free:
        if not free:
            return {"skipped": "another process watches"}
        with connection.transaction():
            contacted = _record_contacts(connection, as_of)
            answered = _record_answers(connection, as_of)
            breached = _mark_breaches(connection, as_of)
            for row in contacted:
                status = "met" if row["met"] else "breached"
                _write_back(connection, row, status, as_of, first_contact_at=row["first_contact_at"])
            for row in breached:
                _write_back(connection, row, "breached", as_of)
        return {"contacted": len(contacted), "answered": answered, "breached": len(breached)}


def _record_contacts(connection: Connection, as_of: datetime) -> list[dict[str, Any]]:
    return connection.execute(
        """with fresh as (
            insert into handoff.dispositions (
                handoff_id, assignment_id, kind, owner_id, occurred_at, recorded_at, evidence
            )
            select handoff_id, assignment_id, 'contacted', owner_id, first_contact_at, %s,
                jsonb_build_object('activity_id', activity_id, 'kind', kind, 'logged_at', logged_at)
            from line.int_first_contacts
            on conflict do nothing
            returning handoff_id, occurred_at
        )
        select fresh.handoff_id, handoff.lead_id, fresh.occurred_at as first_contact_at, assignment.assignment_id,
            fresh.occurred_at <= assignment.due_at as met
        from fresh
        inner join handoff.handoffs as handoff using (handoff_id)
        inner join lateral (
            select assignment_id, due_at from handoff.assignments
            where assignments.handoff_id = fresh.handoff_id order by assigned_at desc limit 1
        ) as assignment on true""",
        (as_of,),
    ).fetchall()


def _record_answers(connection: Connection, as_of: datetime) -> int:
    return connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, reason_id, owner_id, occurred_at, recorded_at, evidence
        )
        select handoff_id, assignment_id, kind, reason_id, owner_id, occurred_at, %s, evidence
        from line.int_crm_dispositions
        on conflict do nothing""",
        (as_of,),
    ).rowcount


def _mark_breaches(connection: Connection, as_of: datetime) -> list[dict[str, Any]]:
    return connection.execute(
        """with fresh as (
            insert into handoff.breaches (assignment_id, due_at, marked_at)
            select assignment.assignment_id, assignment.due_at, %(at)s
            from handoff.assignments as assignment
            where assignment.due_at < least(%(at)s, (
                select min(seen_until) from handoff.cursors
                where stream in ('hubspot_calls', 'hubspot_emails', 'hubspot_meetings', 'hubspot_communications')
            ))
            and not exists (
                select from handoff.assignments as later
                where later.handoff_id = assignment.handoff_id and later.assigned_at > assignment.assigned_at
            )
            and not exists (
                select from handoff.dispositions as answer
                where answer.handoff_id = assignment.handoff_id
                and (
                    (answer.kind = 'contacted' and answer.occurred_at <= assignment.due_at)
                    or (answer.kind in ('rejected', 'withdrawn') and answer.occurred_at <= assignment.due_at)
                )
            )
            on conflict (assignment_id) do nothing
            returning assignment_id
        )
        select assignment.handoff_id, assignment.assignment_id, handoff.lead_id
        from fresh
        inner join handoff.assignments as assignment using (assignment_id)
        inner join handoff.handoffs as handoff using (handoff_id)""",
        {"at": as_of},
    ).fetchall()


def _write_back(
    connection: Connection,
    row: dict[str, Any],
    status: str,
    as_of: datetime,
    first_contact_at: datetime | None = None,
) -> None:
    outbox.put(
        connection,
        outbox.Effect(
            dedupe_key=f"hubspot_contact:{row['handoff_id']}:{row['assignment_id']}:{status}"
            + (":contacted" if first_contact_at else ""),
            kind="hubspot_contact",
            payload=status_target(row["lead_id"], status, first_contact_at),
            handoff_id=row["handoff_id"],
            created_at=as_of,
        ),
    )
