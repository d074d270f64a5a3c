"""Load the agreement into Postgres as it stands in this checkout, and note from when on which products are live."""

import logging
from datetime import datetime, timedelta
from typing import Any

from handoff import identity
from handoff.agreement import check, going_live
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
    _refuse_what_is_broken()
    # Views are swapped while the agreement loads: the line must not read them meanwhile, and runs again in a minute.
    with connect() as connection, only_one(connection, dbt.lock_of("line"), wait=PATIENCE) as free:
        result = dbt.invoke(connection, ["build", "--full-refresh"], selector=SELECTOR, as_of=as_of) if free else None
        if result is None:
            return {"skipped": "another process runs dbt on the line or loads the agreement: try again"}
        # Before anything is scored: what was landed by other means than landing has no answers yet.
        identity.complete(connection)
        missing = connection.execute("select to_regclass('line.int_qualifications') is null as missing").fetchone()
        rebuilt = full_refresh or bool(missing and missing["missing"])
        queued = _rebuild(connection, as_of) if rebuilt else 0
        decided, last = models.compiled(), loads.newest(connection)
        # Tables of other models may have other columns.
        if not rebuilt and last and last.models_hash != decided.hash:
            queued = _rebuild(connection, as_of)
        # From here on they decide: what is decided names them, so that it can be decided again.
        loads.record(connection, decided, as_of)
        stale.note_all(connection)
        live = going_live.note(connection, as_of)
        coming = ", ".join(f"{product} on {at:%Y-%m-%d}" for product, at in live.items() if at > as_of)
        return {
            "relations": len(result.statuses),
            "went_live": sum(at <= as_of for at in live.values()),
            **({"goes_live": coming} if coming else {}),
            "queued": queued,
        }


def _rebuild(connection: Connection, as_of: datetime) -> int:
    """Make the line's tables anew, with its lock held; returns how many leads were queued."""
    dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=as_of, locked=True)
    return requeue.requeue(connection, as_of)


def _refuse_what_is_broken() -> None:
    try:
        found = check.problems(checkout())
    except Unreadable as reason:
        raise Broken(str(reason)) from reason
    errors = [str(each) for each in found if each.severity == "error"]
    if errors:
        raise Broken("\n".join(["It breaks its own rules:", *errors]))
    for each in found:
        log.warning("%s", each)
