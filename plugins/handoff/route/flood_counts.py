"""What the breaker counts: how many MQLs an hour lets through, how many went, and whom a flood holds or let go."""

from datetime import datetime

from handoff.ledger.db import Connection
from handoff.route.decisions import IDENTITIES

Key = tuple[str, str]
"""Lead and product."""

# What a lead does after the answer is no part of the flood: an import that comes again is held again.
_OF_A_FLOOD = """exists (
    select from (
        select handoff.lead_id as id
        union all
        select alias.old_id from handoff.aliases as alias where alias.object_type = 'contacts' and alias.id = coalesce((
            select id from handoff.aliases where object_type = 'contacts' and old_id = handoff.lead_id
        ), handoff.lead_id)
    ) as identity
    inner join handoff.flood_leads as held on held.lead_id = identity.id and held.product_id = handoff.product_id
    inner join handoff.floods as flood using (flood_id)
    where handoff.routed_at >= held.held_at and handoff.event_at <= flood.answered_at
)"""
_PENDING = f"""
select identity.present_id as lead_id, held.product_id, flood.answer, flood.answered_at
from ({IDENTITIES}) as identity
inner join handoff.flood_leads as held on held.lead_id = identity.id
inner join handoff.floods as flood using (flood_id)
"""


def allowed(connection: Connection, as_of: datetime) -> int:
    """How many MQLs go through in an hour without asking."""
    row = connection.execute(
        f"""select greatest(policy.flood_floor, policy.flood_factor * coalesce((
            select max(hour.handoffs) from (
                select count(*) as handoffs from handoff.handoffs as handoff
                where handoff.routed_at > %(at)s - interval '7 days' and handoff.routed_at <= %(at)s - interval '1 hour'
                and not {_OF_A_FLOOD}
                and not exists (
                    select from handoff.floods as flood where flood.answer is distinct from 'released'
                    and handoff.routed_at > flood.opened_at - interval '1 hour'
                    and handoff.routed_at <= coalesce(flood.answered_at, %(at)s)
                )
                group by date_trunc('hour', handoff.routed_at)
            ) as hour
        ), 0)) as allowed
        from agreement.handoff_policy as policy where policy.valid_from <= %(at)s and %(at)s < policy.valid_to""",
        {"at": as_of},
    ).fetchone()
    assert row is not None, "`handoff agreement check` refuses an agreement without a policy"
    return int(row["allowed"])


def lately(connection: Connection, as_of: datetime) -> int:
    """How many went through in the hour up to `as_of`."""
    row = connection.execute(
        f"""select count(*) as handoffs from handoff.handoffs as handoff
        where handoff.routed_at > %(at)s - interval '1 hour'
        and not {_OF_A_FLOOD}""",
        {"at": as_of},
    ).fetchone()
    assert row is not None
    return int(row["handoffs"])


def released(connection: Connection) -> dict[Key, datetime]:
    """Pending leads that a person let go, and until when what they did is let go with them."""
    rows = connection.execute(
        f"""select lead_id, product_id, max(answered_at) as until from ({_PENDING}) as held
        where answer = 'released' group by lead_id, product_id"""
    )
    return {(row["lead_id"], row["product_id"]): row["until"] for row in rows}


def waiting(connection: Connection) -> set[Key]:
    """Pending leads of a flood that nobody has answered."""
    rows = connection.execute(f"select lead_id, product_id from ({_PENDING}) as held where answer is null")
    return {(row["lead_id"], row["product_id"]) for row in rows}
