"""Erase one person: from `raw` and the ledger in one transaction, from Slack by the outbox, from models by the line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from psycopg.types.json import Jsonb

from handoff.ledger import landing, pending
from handoff.ledger.db import Connection
from handoff.notify import erasing
from handoff.privacy import role
from handoff.privacy.person import Person, Traces, traces
from handoff.privacy.raw_tables import SHARED
from handoff.privacy.registry import PERSONAL
from handoff.route import withdraw

Asker = Literal["crm", "person", "retention"]


@dataclass(frozen=True)
class Report:
    """What one erasure did.

    Attributes:
        counts: rows by table, deleted or blanked; tables without any are left out.
        withdrawn: handoffs that were open.
        waiting: effects that still have to reach Slack.
        erased_before: when the same person was first erased; None for the first time.
    """

    counts: dict[str, int]
    withdrawn: int
    waiting: int
    erased_before: datetime | None


def erase(connection: Connection, person: Person, as_of: datetime, asked_by: Asker) -> Report:
    """Erase a person, and let nothing of them land again; doing it again finds nothing and changes nothing.

    The line's next run takes them out of its models, and the marts' next build out of those.

    Raises:
        psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected: others are at work on the same rows; nothing
            was changed, try again.
    """
    with connection.transaction():
        role.alone(connection)
        found = traces(connection, person)
        withdrawn = withdraw.forget(connection, found.handoffs, as_of)
        erasing.erase_messages(connection, found.effects, as_of)
        with role.acting(connection):
            before = _before(connection, person)
            erasure_id = _number(connection, as_of, asked_by)
            records = _records(connection, found)
            counts = _apply(connection, replace(found, alias=f"erased-{erasure_id}-"))
            connection.execute(
                "update handoff.erasures set counts = %s where erasure_id = %s", (Jsonb(counts), erasure_id)
            )
            _bury(connection, person, records, as_of)
        _requeue(connection, person, as_of)
    return Report(counts, withdrawn, _waiting(connection, found), before)


def _number(connection: Connection, as_of: datetime, asked_by: Asker) -> int:
    row = connection.execute(
        "insert into handoff.erasures (asked_by, erased_at) values (%s, %s) returning erasure_id", (asked_by, as_of)
    ).fetchone()
    assert row is not None
    return int(row["erasure_id"])


def _apply(connection: Connection, found: Traces) -> dict[str, int]:
    counts = {
        table.name: sum(connection.execute(statement, found.parameters).rowcount for statement in table.erase)
        for table in PERSONAL
    }
    return {name: count for name, count in counts.items() if count}


def _records(connection: Connection, found: Traces) -> list[str]:
    """Calls, mails and the like, as `table:id`: the CRM may send them again without a word of whom they were with.

    So may it a rep's task that we made and have not read back yet.
    """
    landed = [
        f"{name.removeprefix('raw.')}:{row['id']}"
        for name in SHARED
        for row in connection.execute(
            f"select distinct id from {name} where contact_ids && %s::text[]", (list(found.person.ids),)
        )
    ]
    made = connection.execute(
        """select distinct result ->> 'task_id' as id from handoff.outbox
        where outbox_id = any(%s) and result ? 'task_id'""",
        (list(found.effects),),
    )
    return landed + [f"hubspot_tasks:{row['id']}" for row in made]


def _bury(connection: Connection, person: Person, records: Sequence[str], as_of: datetime) -> None:
    """Leave the tombstones."""
    rows = [("contact", each) for each in person.ids] + [("email", each) for each in person.emails]
    rows += [("record", each) for each in records]
    with connection.cursor() as cursor:
        cursor.executemany(
            """insert into handoff.erased (subject, digest, erased_at)
            values (%(subject)s, handoff.digest_of(%(subject)s, %(value)s), %(at)s)
            on conflict (subject, digest) do update set erased_at = greatest(erased.erased_at, excluded.erased_at)""",
            [{"subject": subject, "value": value, "at": as_of} for subject, value in rows],
        )


def _before(connection: Connection, person: Person) -> datetime | None:
    row = connection.execute(
        """select min(erased_at) as at from handoff.erased
        where (subject = 'contact' and digest in (
            select handoff.digest_of('contact', id) from unnest(%s::text[]) as known (id)
        )) or (subject = 'email' and digest in (
            select handoff.digest_of('email', email) from unnest(%s::text[]) as known (email)
        ))""",
        (list(person.ids), list(person.emails)),
    ).fetchone()
    return row["at"] if row else None


def _requeue(connection: Connection, person: Person, as_of: datetime) -> None:
    """Let the line's next run take the person's rows out of its tables: it replaces those of pending leads."""
    if person.ids:
        batch_id = landing.open_batch(connection, "erase", as_of)
        pending.queue(connection, batch_id, set(person.ids), set(), as_of, {})
        landing.close_batch(connection, batch_id, as_of, {"leads": len(person.ids)})


def _waiting(connection: Connection, found: Traces) -> int:
    row = connection.execute(
        """select count(*) as waiting from handoff.outbox
        where state = 'pending' and (handoff_id = any(%s) or outbox_id = any(%s))""",
        (list(found.handoffs), list(found.effects)),
    ).fetchone()
    return int(row["waiting"]) if row else 0
