"""The written agreement: `dbt_project/seeds/agreement`, loaded into Postgres as it stands in git."""

import csv
from datetime import datetime, timedelta
from typing import Any

from handoff import identity
from handoff.ledger.db import Connection, connect, only_one
from handoff.qualify import dbt
from handoff.settings import settings

SELECTOR = "agreement"
PATIENCE = timedelta(minutes=2)


def load(as_of: datetime, *, full_refresh: bool = False) -> dict[str, Any]:
    """Load the seeds, rebuild what depends on them alone, and note which products are live now.

    Args:
        as_of: the moment from which a product that was not live before may page someone.
        full_refresh: also rebuild the line's tables from `raw`.

    Returns: counts of loaded relations and of products that went live with this call.

    Raises:
        handoff.qualify.dbt.DbtFailed: a seed, model or test of the agreement failed; nothing goes live.
    """
    # Views are swapped while the agreement loads: the line must not read them meanwhile, and runs again in a minute.
    with connect() as connection, only_one(connection, dbt.lock_of("line"), wait=PATIENCE) as free:
        result = dbt.invoke(connection, ["build", "--full-refresh"], selector=SELECTOR, as_of=as_of) if free else None
        if result is None:
            return {"skipped": "another process runs dbt on the line or loads the agreement: try again"}
        # Before anything is scored: what was landed by other means than landing has no answers yet.
        identity.complete(connection)
        missing = connection.execute("select to_regclass('line.int_qualifications') is null as missing").fetchone()
        if full_refresh or (missing and missing["missing"]):
            dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=as_of, locked=True)
        return {"relations": len(result.statuses), "went_live": _go_live(connection, as_of)}


def _go_live(connection: Connection, as_of: datetime) -> int:
    """Behaviour from before a product's first load pages nobody, however well it scores."""
    return connection.execute(
        """insert into handoff.go_live (product_id, live_at)
        select distinct product_id, %(at)s::timestamptz from agreement.definitions
        where status = 'live' and valid_from <= %(at)s and %(at)s < valid_to
        on conflict (product_id) do nothing""",
        {"at": as_of},
    ).rowcount


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
