"""The nightly sweep: the CRM's whole lists, live and archived, held against `raw`.

Lists are read from the records, not from the search index, so what is found here is the truth about how much the other
passes lose: each night it is repaired and counted, and somebody is told when it is not nothing.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from psycopg import sql

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.extract import lacks, records, relations
from handoff.extract.fetch import CHUNK, Fetcher
from handoff.extract.reading import CrmReader
from handoff.extract.sources import SEARCHED, Source
from handoff.extract.window import WORKERS
from handoff.ledger import landing, passes
from handoff.ledger.db import Connection
from handoff.ledger.landing import Record
from handoff.notify.alert import alert


def run(connection: Connection, hook: HubSpotHook, as_of: datetime) -> dict[str, Any]:
    """Sweep every searched stream; returns versions landed and missed, records gone, and streams that were not read.

    Raises:
        Unauthorized: the token is wrong, so that nothing can be read.
    """
    counts: dict[str, Any] = {"landed": 0, "missed": 0, "gone": 0, "unread": []}
    lacking = lacks.now(connection)

    def sweep(each: Source) -> None:
        done = _sweep(connection, crm, each)
        for name in ("landed", "missed", "gone"):
            counts[name] += getattr(done, name)

    with ThreadPoolExecutor(WORKERS) as pool:
        crm = CrmReader(hook, pool)
        for each in lacks.worth_asking(SEARCHED, lacking, as_of):
            if not lacks.attempt(connection, each, lacking, as_of, partial(sweep, each)):
                counts["unread"].append(each.stream.name)
    if counts["missed"]:
        text = (
            f"The nightly sweep found {counts['missed']} versions of CRM records that no other pass had landed. "
            "They are in now, and their leads are decided again. `handoff crm streams` shows where."
        )
        alert(connection, f"missed:{as_of:%Y-%m-%d}", text, as_of)
    return counts


def _sweep(connection: Connection, crm: CrmReader, each: Source) -> passes.Pass:
    began = clock.now()
    watermark = connection.execute(
        "select watermark from handoff.cursors where stream = %s", (each.stream.name,)
    ).fetchone()
    batch_id = landing.open_batch(connection, "sweep", began)
    fetcher = Fetcher(connection, crm, batch_id)
    seen = _list(connection, crm, each)
    changed, missing = _differences(connection, each)
    for start in range(0, len(changed), CHUNK):
        fetcher.fetch(each, changed[start : start + CHUNK])
    missed = passes.missed_versions(connection, each.stream, batch_id, watermark["watermark"] if watermark else None)
    _land_archived(fetcher, each)
    for start in range(0, len(missing), CHUNK):
        fetcher.bury(each, missing[start : start + CHUNK])
    relations.refresh_merged(fetcher, "sweep", began)
    done = passes.Pass(
        kind="sweep",
        stream=each.stream.name,
        batch_id=batch_id,
        read_from=None,
        read_until=began,
        started_at=began,
        finished_at=clock.now(),
        seen=seen,
        landed=fetcher.totals.landed,
        missed=missed,
        gone=fetcher.totals.gone,
    )
    passes.record(connection, done)
    landing.close_batch(connection, batch_id, clock.now(), {"landed": done.landed, "missed": done.missed})
    return done


def _list(connection: Connection, crm: CrmReader, each: Source) -> int:
    """Copy ids and stamps of the live list into a table of this session; returns how many there are."""
    connection.execute("drop table if exists listed")
    connection.execute("create temp table listed (id text primary key, updated_at timestamptz)")
    stamped = _stamped(crm.everything(each, archived=False))
    seen = 0
    while chunk := list(islice(stamped, CHUNK)):
        # A record that changes while its list is read may be on two of its pages.
        seen += connection.execute(
            """insert into listed select id, max(updated_at) from unnest(%s::text[], %s::timestamptz[])
                as page (id, updated_at) group by id
            on conflict (id) do update set updated_at = greatest(listed.updated_at, excluded.updated_at)""",
            ([row[0] for row in chunk], [row[1] for row in chunk]),
        ).rowcount
    connection.execute("analyze listed")
    return seen


def _stamped(answers: Iterable[dict[str, Any]]) -> Iterator[tuple[str, datetime | None]]:
    for answer in answers:
        try:
            stamp = records.instant(answer.get("updatedAt"))
        except records.Unparseable:
            stamp = None
        yield str(answer.get("id")), stamp


def _differences(connection: Connection, each: Source) -> tuple[list[str], list[str]]:
    """Ids whose listed version `raw` lacks, and ids that `raw` holds as live and the list does not."""
    newest = sql.SQL(
        """select distinct on (id) id, updated_at, coalesce(payload ->> 'archived', 'false') = 'true' as is_archived
        from raw.{} order by id, updated_at desc, version_id desc"""
    ).format(sql.Identifier(each.stream.name))
    rows = connection.execute(
        sql.SQL(
            """with newest as ({newest})
            select coalesce(listed.id, newest.id) as id, listed.id is not null as is_listed
            from listed full join newest on newest.id = listed.id
            where (listed.id is null and not newest.is_archived)
            or (listed.id is not null and (newest.id is null or newest.is_archived
                or newest.updated_at < listed.updated_at))
            order by coalesce(listed.id, newest.id)"""
        ).format(newest=newest)
    ).fetchall()
    return [row["id"] for row in rows if row["is_listed"]], [row["id"] for row in rows if not row["is_listed"]]


def _land_archived(fetcher: Fetcher, each: Source) -> None:
    """Land the recycle bin's records that `raw` still holds as live."""
    chunk: dict[str, Record] = {}
    for answer in fetcher.crm.everything(each, archived=True):
        row = records.crm_object({**answer, "archived": True}, each.associated)
        if isinstance(row, Record):
            chunk[row.id] = row
        if len(chunk) == CHUNK:
            _land_if_live(fetcher, each, chunk)
            chunk = {}
    _land_if_live(fetcher, each, chunk)


def _land_if_live(fetcher: Fetcher, each: Source, chunk: dict[str, Record]) -> None:
    live = fetcher.newest(each.stream, list(chunk))
    fetcher.land(each.stream, [chunk[row["id"]] for row in live])
    fetcher.totals.gone += len(live)
