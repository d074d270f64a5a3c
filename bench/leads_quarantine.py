"""What could not be taken, by the file, by the CRM or by the line, and why."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.leads_file import LeadFile, Rejected
from handoff.ledger.db import Connection

LONGEST_REASON = 200
_SPECIFIC = re.compile(r"'[^']*'|\b\d+([.]\d+)?\b")
"""What differs between two reasons of one kind."""


def general(reason: str) -> str:
    """A reason without the values of one case, so that its like can be counted."""
    return _SPECIFIC.sub("…", reason)[:LONGEST_REASON]


def reasons(quarantined: Sequence[Rejected]) -> list[dict[str, Any]]:
    """How many rows for each field and reason, values left out."""
    counted = Counter((each.field, general(each.reason)) for each in quarantined)
    return [{"field": field, "reason": reason, "n": n} for (field, reason), n in counted.most_common()]


def refused_by_line(connection: Connection, file: LeadFile, lead_of: Mapping[str, str]) -> list[Rejected]:
    """Leads whose contact the line itself put in quarantine, at landing or when it was read."""
    rows_of = {lead.id: lead.row for lead in file.leads}
    rows = connection.execute(
        """select id, field, reason, remedy from raw.quarantine
        where stream = 'hubspot_contacts' and id = any(%(ids)s)
        union all
        select id, field, 'not readable', 'correct the contact in the CRM' from staging.stg_hubspot__quarantined
        where stream = 'hubspot_contacts' and id = any(%(ids)s)""",
        {"ids": list(lead_of)},
    )
    return [
        Rejected(rows_of[lead_of[row["id"]]], lead_of[row["id"]], row["field"], row["reason"], row["remedy"])
        for row in rows
    ]


def unreadable_records(connection: Connection) -> list[dict[str, Any]]:
    """Records other than contacts that the line put in quarantine: the lead is scored without them."""
    return connection.execute(
        """select stream, field, reason, count(*) as n from (
            select stream, field, reason from raw.quarantine
            union all
            select stream, field, 'not readable' from staging.stg_hubspot__quarantined
        ) as quarantined
        where stream <> 'hubspot_contacts' group by stream, field, reason order by n desc"""
    ).fetchall()
