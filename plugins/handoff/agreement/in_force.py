"""Single facts of the agreement, for those who need no more of it."""

import csv
from datetime import datetime

from handoff.ledger.db import Connection
from handoff.settings import settings


def rejection_reasons(connection: Connection, as_of: datetime) -> list[tuple[str, str]]:
    """The reasons that sales may reject a lead for, as (id, label)."""
    rows = connection.execute(
        """select reason_id, label from agreement.rejection_reasons
        where valid_from <= %(at)s and %(at)s < valid_to order by reason_id""",
        {"at": as_of},
    )
    return [(row["reason_id"], row["label"]) for row in rows]


def company_time_zone(as_of: datetime) -> str:
    """The company's IANA time zone, by the file: a DAG that is being parsed asks no database.

    Raises:
        LookupError: no row is valid at `as_of`.
    """
    path, day = settings().dbt_project / "seeds" / "agreement" / "company.csv", as_of.date().isoformat()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["valid_from"] <= day < row["valid_to"]:
                return row["time_zone"]
    raise LookupError(f"{path} has no row that is valid on {day}: add one")
