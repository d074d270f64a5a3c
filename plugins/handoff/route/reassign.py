"""Give a handoff to another rep: by the same rules, never to one who had it, nor, if anybody else may
take it, to one who did not keep the lead the time before, and with the clock started again."""

from datetime import datetime

from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.ledger.reps import rep_of
from handoff.notify.context import Context
from handoff.qualify import loads
from handoff.route import assignments
from handoff.route.assign import choose
from handoff.route.assignments import Assignment, Cause
from handoff.route.had import had
from handoff.route.present import REPLICA, candidates_now, prefers_present
from handoff.route.turns import burdens, credits
from handoff.sync.targets import owner_target, reopened_target
from handoff.watch import give_back


def reassign(connection: Connection, handoff_id: str, as_of: datetime, cause: Cause) -> Assignment:
    """Choose again in the caller's transaction, as the agreement and the CRM stand at `as_of`.

    Raises:
        NobodyEligible: nobody else may take it; it stays where it is, and the caller says so to a person.
        NoCalendar: as `due_at`.
        Unfinished: a load of the agreement is under way, or broke off.
    """
    loads.must_be_finished(connection)
    give_back.until_left(connection, handoff_id, as_of)
    assignments.lock(connection)
    handoff = connection.execute(_HANDOFF, {"handoff": handoff_id}).fetchone()
    assert handoff is not None
    candidates = candidates_now(connection, handoff["lead_id"], handoff["product_id"], as_of)
    choice = choose(
        candidates,
        credits(connection, candidates),
        burdens(connection, candidates, as_of, REPLICA),
        had=handoff["had"],
        before=had(connection, handoff["routed_lead_id"], handoff["product_id"], handoff["routed_at"]),
        prefers_present=prefers_present(connection, handoff["tier_id"], as_of),
    )
    given = assignments.give(connection, handoff_id, choice, Context.from_json(handoff["context"]), as_of, cause)
    target = owner_target(
        handoff["lead_id"], given.rep["crm_owner_id"], given.due_at, handoff["crm_owner_id"], handoff["assigned_at"]
    )
    assignments.write_back(connection, given, target, as_of)
    if cause != "declined":
        _use_up(connection, handoff_id, handoff, as_of)
    return given


def _use_up(connection: Connection, handoff_id: str, handoff: Row, as_of: datetime) -> None:
    """A wish for another rep in the CRM that nobody could fulfil: the next rep begins with a new lead all the same."""
    for said in connection.execute(_WISH, {"assignment": handoff["assignment_id"]}):
        target = reopened_target(handoff["lead_id"], said["status"], said["reason_id"], said["updated_at"])
        key = f"hubspot_contact:{handoff_id}:{handoff['assignment_id']}:left"
        outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, handoff_id))


_WISH = """
select evidence ->> 'hs_lead_status' as status, evidence ->> 'handoff_rejection_reason' as reason_id,
    evidence ->> 'updated_at' as updated_at
from handoff.dispositions
where assignment_id = %(assignment)s and kind = 'declined' and evidence ->> 'hs_lead_status' is not null
"""


_HANDOFF = f"""
select
    handoff.context, handoff.product_id, handoff.tier_id, handoff.lead_id as routed_lead_id, handoff.routed_at,
    newest.crm_owner_id, newest.assigned_at, newest.assignment_id,
    coalesce(
        (select alias.id from handoff.aliases as alias
        where alias.object_type = 'contacts' and alias.old_id = handoff.lead_id),
        handoff.lead_id
    ) as lead_id,
    (select array_agg(distinct rep_id) from handoff.assignments as assignment
    where assignment.handoff_id = handoff.handoff_id) as had
from handoff.handoffs as handoff
cross join lateral (
    select rep.crm_owner_id, assignment.assigned_at, assignment.assignment_id
    from handoff.assignments as assignment
    {rep_of("assignment")}
    where assignment.handoff_id = handoff.handoff_id
    order by assignment.assignment_id desc limit 1
) as newest
where handoff.handoff_id = %(handoff)s
"""
