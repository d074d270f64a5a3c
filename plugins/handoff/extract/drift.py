"""Properties that the portal removed or retyped: a rule that reads one would see nothing, and nobody would notice."""

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
