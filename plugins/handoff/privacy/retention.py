"""Let go of what is older than the agreement says it is kept: in batches, and nothing that is still needed."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from handoff import clock, identity
from handoff.identity.tables import DICTIONARIES
from handoff.ledger import landing, pending
from handoff.ledger.db import Connection, Row, connect, only_one
from handoff.privacy import role
from handoff.privacy.ages import AGES, DELETED_CONTACTS, LOGS
from handoff.privacy.erase import erase
from handoff.privacy.person import of_contact
from handoff.privacy.reported import BUSY
from handoff.review import stale

log = logging.getLogger(__name__)

BATCH = 2000
"""Rows in one transaction: no station waits longer for it than a moment."""
MOST_BATCHES = 100
"""A table and night; the next night goes on."""
MOST_LEADS = 5000
"""Leads a night, and those of one batch, of whom something goes that models hold: the line's next run judges them all
anew, beside whoever waits for a rep."""
MOST_ERASED = 500
"""Deleted contacts a night."""


def nightly(logs: Path) -> dict[str, Any]:
    """The task of `handoff_upkeep`; one at a time. `logs` is Airflow's log folder."""
    with connect() as connection, only_one(connection, "retain") as free:
        return dict(run(connection, clock.now(), logs)) if free else {"skipped": "another process does this"}


def run(connection: Connection, as_of: datetime, logs: Path | None, *, batch: int = BATCH) -> dict[str, int]:
    """Apply each row of the agreement that is in force; returns what was let go of, by its subject.

    Leads of whom something goes that the line's models hold are queued in the same transaction: the line's next run
    takes it out of its tables, and the marts' next build out of those. What the marts alone hold is noted for them.

    Running it again finds nothing. A table that is in use by others is left to the next night, with a line in the log.

    Args:
        logs: Airflow's log folder; None when there is none on this machine.
    """
    counts: dict[str, int] = {}
    queued: set[str] = set()
    for subject, before in _ends(connection, as_of).items():
        if subject == LOGS:
            counts[LOGS] = _delete_files(logs, before) if logs else 0
        elif subject == DELETED_CONTACTS:
            counts[DELETED_CONTACTS] = _deleted(connection, before, as_of)
        else:
            counts[subject] = _rows(connection, subject, before, batch, queued)
    return {subject: count for subject, count in counts.items() if count}


def due(connection: Connection, as_of: datetime, logs: Path | None) -> dict[str, int]:
    """What `run` would let go of, without its limits a night, by subject; changes nothing.

    What becomes old only because something else goes is not counted: the address that a contact's old version holds.
    """
    counts: dict[str, int] = {}
    for subject, before in _ends(connection, as_of).items():
        if subject == LOGS:
            counts[LOGS] = len(_files(logs, before)) if logs else 0
        else:
            old = _LONG_GONE if subject == DELETED_CONTACTS else AGES[subject].old
            row = connection.execute(
                f"select count(*) as rows from ({old}) as found", {"before": before, "most": None}
            ).fetchone()
            counts[subject] = row["rows"] if row else 0
    return {subject: count for subject, count in counts.items() if count}


def _ends(connection: Connection, as_of: datetime) -> dict[str, datetime]:
    """Before when something is old, by subject."""
    rows = connection.execute(
        """select subject, keep_days from agreement.retention where valid_from <= %(at)s and %(at)s < valid_to
        order by subject""",
        {"at": as_of},
    )
    return {row["subject"]: as_of - timedelta(days=row["keep_days"]) for row in rows}


def _rows(connection: Connection, subject: str, before: datetime, batch: int, queued: set[str]) -> int:
    """Take what is old of one subject; leads that are queued for it are added to those of this night."""
    done, age = 0, AGES[subject]
    for _ in range(MOST_BATCHES):
        if age.held_by == "line" and len(queued) >= MOST_LEADS:
            log.warning("%s goes on in the next night: %s leads are to be judged anew", subject, len(queued))
            break
        try:
            with connection.transaction():
                with role.acting(connection):
                    cursor = connection.execute(age.take, {"before": before, "most": batch})
                    taken = cursor.rowcount
                if age.held_by == "line":
                    queued |= _requeue(connection, cursor.fetchall())
                elif age.held_by == "marts":
                    stale.note(connection, {lead_id for row in cursor for lead_id in row["contact_ids"]})
        except BUSY as problem:
            log.warning("%s is let go of by the next night: %s", subject, type(problem).__name__)
            break
        done += taken
        if taken < batch:
            break
    if done and subject in {each.table for each in DICTIONARIES}:
        _answer_again(connection, subject)
    return done


def _requeue(connection: Connection, gone: list[Row]) -> set[str]:
    """Let the line judge those anew whose records these were; returns who they are."""
    lead_ids = {lead_id for row in gone for lead_id in row["contact_ids"] or ()}
    lead_ids |= pending.with_addresses(connection, {row["email"] for row in gone if row["email"]})
    if lead_ids:
        # Not the night's beginning: a run of the line may have judged them since.
        now = clock.now()
        batch_id = landing.open_batch(connection, "erase", now)
        pending.queue(connection, batch_id, lead_ids, set(), now, {})
        landing.close_batch(connection, batch_id, now, {"leads": len(lead_ids)})
    return lead_ids


def _answer_again(connection: Connection, subject: str) -> None:
    """A landing may have said a value once more while it went, and have found it answered."""
    try:
        with connection.transaction():
            role.alone(connection)
        identity.complete(connection)
    except BUSY as problem:
        log.warning("%s is completed by the agreement's next load: %s", subject, type(problem).__name__)


def _deleted(connection: Connection, before: datetime, as_of: datetime) -> int:
    rows = connection.execute(_LONG_GONE, {"before": before, "most": MOST_ERASED}).fetchall()
    done = 0
    for row in rows:
        try:
            erase(connection, of_contact(connection, row["id"]), as_of, "retention")
        except BUSY as problem:
            log.warning("contact %s is erased by the next night: %s", row["id"], type(problem).__name__)
        else:
            done += 1
    return done


# One that was merged lives on under another id.
_LONG_GONE = """
select gone.id from raw.hubspot_contacts as gone
where gone.payload ->> 'archived' = 'true' and not gone.payload ? 'mergedInto' and gone.loaded_at < %(before)s
and not exists (
    select from raw.hubspot_contacts as newer
    where newer.id = gone.id and (newer.updated_at, newer.version_id) > (gone.updated_at, gone.version_id)
)
order by gone.loaded_at limit %(most)s
"""


def _files(folder: Path, before: datetime) -> list[Path]:
    return [each for each in folder.rglob("*.log") if each.is_file() and each.stat().st_mtime < before.timestamp()]


def _delete_files(folder: Path, before: datetime) -> int:
    """Delete old log files, and folders that they leave empty."""
    old = _files(folder, before)
    for each in old:
        each.unlink(missing_ok=True)
    for each in sorted({each.parent for each in old}, key=lambda path: len(path.parts), reverse=True):
        if each != folder and not any(each.iterdir()):
            each.rmdir()
    return len(old)
