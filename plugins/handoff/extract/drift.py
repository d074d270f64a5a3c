"""Properties that the portal removed, retyped, or gave or took values: a rule that reads one would see nothing, and
nobody would notice. What was read is kept for the gate `crm_properties`."""

from datetime import datetime

from handoff.extract import properties
from handoff.extract.reading import Rows
from handoff.ledger.db import Connection
from handoff.ledger.landing import Record
from handoff.notify.alert import alert
from handoff.notify.text import slack_text

OURS = "handoff_"
"""Made by us when they are first written."""
NEEDED = {f"companies.{name}" for name in properties.COMPANY} | {
    f"contacts.{name}" for name in properties.CONTACT if not name.startswith(OURS) and name not in properties.OPTIONAL
}

REASON = "contacts.handoff_rejection_reason"
"""Ours too, but offered to people, who see what of the agreement's reasons is among its options."""


def check(connection: Connection, rows: Rows, as_of: datetime) -> int:
    """Hold the portal's definitions, just read, against what is needed and what they were; returns how many differ.

    Each is told to the review channel once. Call it before the rows are landed.
    """
    present = {row.id: str(row.payload.get("type")) for row in rows if isinstance(row, Record)}
    if not present:
        return 0
    before = {
        row["id"]: row["type"]
        for row in connection.execute(
            """select distinct on (id) id, payload ->> 'type' as type from raw.hubspot_properties
            where id = any(%s) order by id, updated_at desc, version_id desc""",
            (list(NEEDED),),
        )
    }
    _keep(connection, rows, as_of)
    missing = sorted(NEEDED - present.keys())
    retyped = sorted(name for name in NEEDED & present.keys() & before.keys() if present[name] != before[name])
    for name in missing:
        text = f"HubSpot has no property {slack_text(name, 120)}: what depends on it counts as unknown. Restore it."
        alert(connection, f"property:{name}:missing", text, as_of)
    for name in retyped:
        text = (
            f"HubSpot's property {slack_text(name, 120)} was {slack_text(before[name], 30)} and is now "
            f"{slack_text(present[name], 30)}: values that cannot be read count as unknown."
        )
        alert(connection, f"property:{name}:{present[name]}", text, as_of)
    return len(missing) + len(retyped)


def _keep(connection: Connection, rows: Rows, as_of: datetime) -> None:
    """Note of each needed property, and of ours once it is there, how it is now; how it was when first read stays until
    somebody accepts what is."""
    read = {row.id: row.payload for row in rows if isinstance(row, Record) and row.id in NEEDED | {REASON}}
    values = [
        {
            "id": name,
            "present": name in read,
            "type": read.get(name, {}).get("type"),
            "options": sorted(str(each.get("value")) for each in read.get(name, {}).get("options") or ()),
            "at": as_of,
        }
        for name in sorted(NEEDED | read.keys())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            """insert into handoff.crm_properties as known
                (property_id, is_present, type, accepted_type, options, accepted_options, checked_at)
            values (%(id)s, %(present)s, %(type)s, %(type)s, %(options)s, %(options)s, %(at)s)
            on conflict (property_id) do update set
                is_present = excluded.is_present, type = excluded.type, options = excluded.options,
                checked_at = excluded.checked_at,
                accepted_type = coalesce(known.accepted_type, excluded.type),
                accepted_options = case
                    when known.accepted_type is null then excluded.options else known.accepted_options
                end""",
            values,
        )
