"""Load the agreement into Postgres as it stands in this checkout, and note from when on which products are live."""

import logging
from datetime import datetime, timedelta
from typing import Any

from handoff import clock, identity
from handoff.agreement import check, going_live, rewritten
from handoff.agreement.model import Agreement
from handoff.agreement.source import Unreadable, checkout
from handoff.ledger.db import Connection, connect, only_one
from handoff.qualify import dbt, loads, models, requeue
from handoff.review import stale

SELECTOR = "agreement"
PATIENCE = timedelta(minutes=2)

log = logging.getLogger(__name__)


class Broken(dbt.DbtFailed):
    """The agreement breaks a rule of `handoff agreement check`; the message names each place and what to write."""


def load(as_of: datetime, *, full_refresh: bool = False) -> dict[str, Any]:
    """Check the seeds, load them, rebuild what depends on them alone, and note from when on which products are live.

    Args:
        as_of: the moment from which a product that was not live before may page someone.
        full_refresh: also rebuild the line's tables from `raw`, as happens when the models have changed; who is an MQL
            by them and was never handed over is queued for the line's next run.

    Returns: counts of loaded relations, of products that went live with this call, and of leads that were queued; and
        `goes_live`, which products begin on a coming day, where there are any.

    Raises:
        Broken: the seeds break a rule; nothing was loaded.
        handoff.qualify.dbt.DbtFailed: a seed, model or test of the agreement failed; nothing goes live.
    """
    agreement = _sound()
    # Views are swapped while the agreement loads: the line must not read them meanwhile, and runs again in a minute.
    with connect() as connection, only_one(connection, dbt.lock_of("line"), wait=PATIENCE) as free:
        if not free:
            return {"skipped": "another process runs dbt on the line or loads the agreement: try again"}
        # Whoever routes already comes to an end by the old rows.
        with only_one(connection, "route", wait=PATIENCE) as nobody_routes:
            if not nobody_routes:
                return {"skipped": "another process routes: try again"}
            loads.begin(connection, as_of)
        # Whatever was decided while this waited for its turn was decided by the old rows.
        decides_from = max(as_of, clock.now())
        warn_of_rewritten(connection, agreement, as_of)
        relations = _build(connection, as_of)
        # Before anything is scored: what was landed by other means than landing has no answers yet.
        identity.complete(connection)
        missing = connection.execute("select to_regclass('line.int_qualifications') is null as missing").fetchone()
        rebuilt = full_refresh or bool(missing and missing["missing"])
        queued = _rebuild(connection, decides_from) if rebuilt else 0
        decided, last = models.compiled(), loads.newest(connection)
        # Tables of other models may have other columns.
        if not rebuilt and last and last.models_hash != decided.hash:
            queued = _rebuild(connection, decides_from)
        with connection.transaction():
            # From here on they decide: what is decided names them, so that it can be decided again.
            loads.record(connection, decided, decides_from)
            stale.note_all(connection)
            live = going_live.note(connection, as_of)
            loads.end(connection)
        coming = ", ".join(f"{product} on {at:%Y-%m-%d}" for product, at in live.items() if at > as_of)
        return {
            "relations": relations,
            "went_live": sum(at <= as_of for at in live.values()),
            **({"goes_live": coming} if coming else {}),
            "queued": queued,
        }


def _build(connection: Connection, as_of: datetime) -> int:
    """Replace the seeds and what depends on them alone, with the line's lock held; returns how many relations."""
    before = _relations(connection)
    try:
        result = dbt.invoke(connection, ["build", "--full-refresh"], selector=SELECTOR, as_of=as_of, locked=True)
    except dbt.DbtFailed as failed:
        if _relations(connection) == before:
            loads.forget(connection, as_of)
            raise
        told = "Some of it has been replaced already, so nobody is handed over until a load comes to its end."
        raise dbt.DbtFailed(f"{failed}\n{told}") from failed
    assert result is not None
    return len(result.statuses)


def _relations(connection: Connection) -> list[int]:
    """What stands in dbt's schemas: whatever dbt replaces gets a number of its own."""
    rows = connection.execute(
        """select pg_class.oid::bigint as number from pg_class
        inner join pg_namespace on pg_namespace.oid = relnamespace
        where nspname in ('agreement', 'staging', 'line') order by 1"""
    )
    return [row["number"] for row in rows]


def _rebuild(connection: Connection, as_of: datetime) -> int:
    """Make the line's tables anew, with its lock held; returns how many leads were queued."""
    dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=as_of, locked=True)
    return requeue.requeue(connection, as_of)


def warn_of_rewritten(connection: Connection, agreement: Agreement, as_of: datetime) -> None:
    """Log which versions of definitions have other rules than in the newest load, and in what they differ."""
    last = loads.newest(connection)
    for told in (
        rewritten.warnings(loads.agreement(connection, last.agreement_hash), agreement, as_of.date()) if last else ()
    ):
        log.warning("%s", told)


def _sound() -> Agreement:
    """The checkout's agreement, which breaks no rule of `handoff agreement check`."""
    try:
        found = check.problems(agreement := checkout())
    except Unreadable as reason:
        raise Broken(str(reason)) from reason
    errors = [str(each) for each in found if each.severity == "error"]
    if errors:
        raise Broken("\n".join(["It breaks its own rules:", *errors]))
    for each in found:
        log.warning("%s", each)
    return agreement
