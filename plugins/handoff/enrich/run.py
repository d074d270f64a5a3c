"""Ask Apollo about leads whose firmographics are not known, once each, and only for those who act now."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handoff import clock
from handoff.clients.apollo import ApolloError, ApolloHook
from handoff.ledger import landing, streams
from handoff.ledger.db import Connection
from handoff.ledger.streams import Stream

log = logging.getLogger(__name__)

# A lead waits for its message while Apollo is asked; more than this and the next run goes on.
MOST_AT_ONCE = 50


def run(connection: Connection, hook: ApolloHook, as_of: datetime) -> dict[str, Any]:
    """Land what Apollo knows, and that it knows nothing: both are asked for once and kept.

    Apollo's failures never stop the line: the leads go on without, and are asked for again by the next run that
    touches them.
    """
    wanted = connection.execute(
        """select lead_id, email, domain, needs_person, needs_organization
        from line.int_enrichment_candidates order by priority, lead_id limit %s""",
        (MOST_AT_ONCE,),
    ).fetchall()
    emails = sorted({row["email"] for row in wanted if row["needs_person"]})
    domains = sorted({row["domain"] for row in wanted if row["needs_organization"]})
    if not emails and not domains:
        return {"asked": 0}
    counts: dict[str, Any] = {"asked": len(emails) + len(domains)}
    batch_id = landing.open_batch(connection, "enrich", as_of)
    try:
        found = _land(connection, batch_id, streams.PEOPLE, "person", hook.people(emails) if emails else {})
        found += _land(
            connection,
            batch_id,
            streams.ORGANIZATIONS,
            "organization",
            hook.organizations(domains) if domains else {},
        )
        counts["found"] = found
    except ApolloError as error:
        log.warning("going on without enrichment: %s", error)
        counts["failed"] = str(error)
    landing.close_batch(connection, batch_id, clock.now(), counts)
    return counts


def _land(
    connection: Connection, batch_id: int, stream: Stream, key: str, answers: Mapping[str, dict[str, Any] | None]
) -> int:
    fetched_at = clock.now()
    rows = [landing.Record(each, fetched_at, {key: answer}) for each, answer in answers.items()]
    landing.land(connection, batch_id, stream, rows, loaded_at=fetched_at)
    return sum(answer is not None for answer in answers.values())
