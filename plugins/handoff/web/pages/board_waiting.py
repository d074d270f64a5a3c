"""What has not been worked off, and what holds handoffs back."""

from dataclasses import dataclass
from datetime import datetime

from handoff.extract.overview import LATELY
from handoff.gates import state
from handoff.ledger.db import Connection


@dataclass(frozen=True)
class ClosedGate:
    """A gate that holds handoffs back."""

    gate: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Waiting:
    """Rows of the inbox and the outbox that are still to be worked off; of the last seven days, effects that were given
    up and write-backs that found a person's own choice; breakers of vendors that are open, and floods unanswered."""

    inbox: int
    outbox: int
    given_up: int
    drifted: int
    breakers: int
    floods: int


@dataclass(frozen=True)
class HeldLead:
    """An MQL that has not been handed over, why, and until when if that is known. `promised_at` is the deadline that a
    rep would have had for a hand-raiser, had no gate been closed."""

    lead_id: str
    because: str
    until: datetime | None
    since: datetime
    promised_at: datetime | None = None


@dataclass(frozen=True)
class Held:
    """All of them: how many, hand-raisers by deadline and then the oldest, and how many deadlines are at risk."""

    total: int = 0
    oldest: tuple[HeldLead, ...] = ()
    at_risk: int = 0


def held(connection: Connection, most: int) -> Held:
    """MQLs that wait for a rep, a gate or a person's answer."""
    rows = connection.execute(
        """select lead_id, held_because as because, held_until as until, since.at as since, promised_at,
            count(*) over ()::int as total, count(promised_at) over ()::int as at_risk
        from handoff.pending_leads as pending cross join lateral (
            select coalesce(min(held.extracted_at), pending.extracted_at) as at from handoff.held_mqls as held
            where held.lead_id = pending.lead_id and held.ended_as_of is null
        ) as since
        where held_because is not null order by promised_at nulls last, since.at, lead_id limit %s""",
        (most,),
    ).fetchall()
    counted = (rows[0]["total"], rows[0]["at_risk"]) if rows else (0, 0)
    oldest = (HeldLead(row["lead_id"], row["because"], row["until"], row["since"], row["promised_at"]) for row in rows)
    return Held(counted[0], tuple(oldest), counted[1])


@dataclass(frozen=True)
class Shadow:
    """A shadow definition beside the live ones of its product, over the last seven days, in leads."""

    product_id: str
    definition_id: str
    definition_version: str
    live: int
    shadow: int
    both: int


def shadows(connection: Connection, as_of: datetime) -> tuple[Shadow, ...]:
    """Every shadow definition in force, with what it decided and what was handed over lately, since its trial began."""
    rows = connection.execute(
        """with trials as (
            select *, greatest(began_at, %(as_of)s - %(lately)s) as since from line.int_shadow_trials
            where began_at <= %(as_of)s and %(as_of)s < ends_at
        ), decisions as (
            select trials.product_id, trials.definition_id, trials.definition_version, true as is_shadow,
                coalesce(alias.lead_id, decision.lead_id) as lead_id
            from trials
            inner join handoff.shadow_decisions as decision on decision.definition_id = trials.definition_id
                and decision.definition_version = trials.definition_version and decision.decided_at >= trials.since
            left join staging.stg_handoff__aliases as alias on alias.former_lead_id = decision.lead_id
            union all
            select trials.product_id, trials.definition_id, trials.definition_version, false as is_shadow,
                handed.lead_id
            from trials
            inner join staging.stg_handoff__handoffs as handed on handed.product_id = trials.product_id
                and handed.qualified_at >= trials.since
        ), leads as (
            select definition_id, definition_version, lead_id, bool_or(is_shadow) as is_by_shadow,
                bool_or(not is_shadow) as is_by_live
            from decisions group by definition_id, definition_version, lead_id
        )
        select trials.product_id, trials.definition_id, trials.definition_version,
            count(*) filter (where leads.is_by_live)::int as live,
            count(*) filter (where leads.is_by_shadow)::int as shadow,
            count(*) filter (where leads.is_by_live and leads.is_by_shadow)::int as both
        from trials
        left join leads on leads.definition_id = trials.definition_id
            and leads.definition_version = trials.definition_version
        group by trials.product_id, trials.definition_id, trials.definition_version order by 1, 2""",
        {"as_of": as_of, "lately": LATELY},
    )
    return tuple(Shadow(**row) for row in rows)


def closed_gates(connection: Connection) -> tuple[ClosedGate, ...]:
    """The gates that are closed now, and since when."""
    return tuple(
        ClosedGate(each.gate, each.reason, each.since) for each in state.states(connection) if not each.is_open
    )


def waiting(connection: Connection, as_of: datetime) -> Waiting:
    """The counts as they are now."""
    row = connection.execute(
        """select
            (select count(*) from handoff.inbox where processed_at is null) as inbox,
            (select count(*) from handoff.outbox where state = 'pending') as outbox,
            (select count(*) from handoff.outbox where state = 'dead' and last_attempt_at > %(since)s) as given_up,
            (select count(*) from handoff.outbox where sent_at > %(since)s
                and kind in ('hubspot_contact', 'hubspot_task') and result -> 'drift' <> '{}') as drifted,
            (select count(*) from handoff.apis where breaker <> 'closed') as breakers,
            (select count(*) from handoff.floods where answer is null) as floods""",
        {"since": as_of - LATELY},
    ).fetchone()
    assert row is not None
    return Waiting(**row)
