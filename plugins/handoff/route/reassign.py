"""Give a handoff to another rep: by the same rules, never to one who had it, and with the clock started again."""

from datetime import datetime

from psycopg import sql

from handoff.ledger.db import Connection, Row
from handoff.notify.context import Context
from handoff.qualify import loads, replica
from handoff.route import assignments
from handoff.route.assign import Candidate, choose
from handoff.route.assignments import Assignment, Cause
from handoff.route.contexts import Where, candidates_of
from handoff.route.turns import burdens, credits
from handoff.sync.targets import owner_target

REPLICA = Where("pg_temp", "agreement")
"""The models again for one lead, over the agreement that is loaded."""


def reassign(connection: Connection, handoff_id: str, as_of: datetime, cause: Cause) -> Assignment:
    """Choose again in the caller's transaction, as the agreement and the CRM stand at `as_of`.

    Raises:
        NobodyEligible: nobody else may take it; it stays where it is, and the caller says so to a person.
        NoCalendar: as `due_at`.
    """
    assignments.lock(connection)
    handoff = connection.execute(_HANDOFF, {"handoff": handoff_id, "at": as_of}).fetchone()
    assert handoff is not None
    candidates = _candidates(connection, handoff, as_of)
    choice = choose(
        candidates,
        credits(connection, candidates),
        burdens(connection, candidates, as_of, REPLICA),
        had=handoff["had"],
        prefers_present=handoff["prefers_present"],
    )
    given = assignments.give(connection, handoff_id, choice, Context.from_json(handoff["context"]), as_of, cause)
    target = owner_target(
        handoff["lead_id"], given.rep["crm_owner_id"], given.due_at, handoff["crm_owner_id"], handoff["assigned_at"]
    )
    assignments.write_back(connection, given, target, as_of)
    return given


_HANDOFF = """
select
    handoff.context, handoff.product_id, newest.crm_owner_id, newest.assigned_at,
    coalesce(
        (select alias.id from handoff.aliases as alias
        where alias.object_type = 'contacts' and alias.old_id = handoff.lead_id),
        handoff.lead_id
    ) as lead_id,
    (select array_agg(distinct rep_id) from handoff.assignments as assignment
    where assignment.handoff_id = handoff.handoff_id) as had,
    coalesce((
        select tier.prefers_present from agreement.tiers as tier
        where tier.tier_id = handoff.tier_id and tier.valid_from <= %(at)s and %(at)s < tier.valid_to
    ), false) as prefers_present
from handoff.handoffs as handoff
cross join lateral (
    select rep.crm_owner_id, assignment.assigned_at
    from handoff.assignments as assignment
    left join agreement.reps as rep
        on rep.rep_id = assignment.rep_id and rep.valid_from <= assignment.assigned_at
        and assignment.assigned_at < rep.valid_to
    where assignment.handoff_id = handoff.handoff_id
    order by assignment.assignment_id desc limit 1
) as newest
where handoff.handoff_id = %(handoff)s
"""


def _candidates(connection: Connection, handoff: Row, as_of: datetime) -> list[Candidate]:
    """What the line's own model says of the lead now: an MQL, whatever its score has become."""
    load = loads.newest(connection)
    assert load is not None, "there is a handoff, so an agreement was loaded"
    lead_id, product_id = handoff["lead_id"], handoff["product_id"]
    mql = {"lead_id": lead_id, "product_id": product_id, "decision": "mql"}
    given: dict[str, sql.Composable] = {
        "int_qualifications": replica.these("int_qualifications", [mql]),
        "int_leads": sql.SQL("select * from line.int_leads where lead_id = {}").format(sql.Literal(lead_id)),
    }
    models = replica.Replica(loads.models(connection, load.models_hash), ("int_route_candidates",), as_of, given=given)
    with replica.opened(connection, models, [lead_id]):
        return candidates_of(connection, [lead_id], REPLICA)[lead_id, product_id]
