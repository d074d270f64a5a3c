"""Who may take a lead at a moment, whether or not it qualifies then: the line's own model, asked again."""

from datetime import datetime

from psycopg import sql

from handoff.ledger import aliases
from handoff.ledger.db import Connection
from handoff.qualify import loads, replica
from handoff.route.assign import Candidate
from handoff.route.contexts import Where, candidates_of

REPLICA = Where("pg_temp", "agreement")
"""The models again, over the agreement that is loaded."""


def candidates_now(connection: Connection, lead_id: str, product_id: str, as_of: datetime) -> list[Candidate]:
    """Every rep considered for a lead as the agreement and the CRM stand at `as_of`.

    Raises:
        LookupError: no agreement has been loaded.
    """
    load = loads.newest(connection)
    if load is None:
        raise LookupError("no agreement has been loaded yet: `handoff agreement load`")
    mql = {"lead_id": lead_id, "product_id": product_id, "decision": "mql"}
    given: dict[str, sql.Composable] = {
        "int_qualifications": replica.these("int_qualifications", [mql]),
        "int_leads": sql.SQL(_LEAD).format(
            lead=sql.Literal(lead_id),
            ids=sql.Literal(aliases.ids_of(connection, "contacts", lead_id)),
            at=sql.Literal(as_of.isoformat()),
        ),
    }
    models = replica.Replica(loads.models(connection, load.models_hash), ("int_route_candidates",), as_of, given=given)
    with replica.opened(connection, models, [lead_id]):
        return candidates_of(connection, [lead_id], REPLICA)[lead_id, product_id]


# A lead's row carries the moment for which it was last judged, and what was made since would not be seen from there.
# One that was merged a moment ago has been judged under a former id alone.
_LEAD = """
select present.* from line.int_leads as lead
cross join jsonb_populate_record(lead, jsonb_build_object('as_of', {at}, 'lead_id', {lead})) as present
where lead.lead_id = any({ids}) order by lead.lead_id <> {lead}, lead.as_of desc limit 1
"""


def prefers_present(connection: Connection, tier_id: str, as_of: datetime) -> bool:
    """Whether for a service level whoever is at work comes first."""
    row = connection.execute(
        """select prefers_present from agreement.tiers
        where tier_id = %(tier)s and valid_from <= %(at)s and %(at)s < valid_to""",
        {"tier": tier_id, "at": as_of},
    ).fetchone()
    return bool(row and row["prefers_present"])
