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
        """select lead_id, held_because as because, held_until as until, extracted_at as since, promised_at,
            count(*) over ()::int as total, count(promised_at) over ()::int as at_risk
        from handoff.pending_leads where held_because is not null
        order by promised_at nulls last, extracted_at, lead_id limit %s""",
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
    """Every shadow definition in force, with what it decided and what was handed over lately."""
    rows = connection.execute(
        """with lately as (
            select product_id, definition_id, definition_version, lead_id from handoff.shadow_decisions
            where decided_at > %(as_of)s - %(lately)s
        ), handed as (
            select distinct product_id, lead_id from handoff.handoffs where routed_at > %(as_of)s - %(lately)s
        )
        select definition.product_id, definition.definition_id, definition.version as definition_version,
            (select count(*) from handed where handed.product_id = definition.product_id)::int as live,
            count(lately.lead_id)::int as shadow, count(handed.lead_id)::int as both
        from agreement.definitions as definition
        left join lately on lately.definition_id = definition.definition_id
            and lately.definition_version = definition.version
        left join handed on handed.product_id = lately.product_id and handed.lead_id = lately.lead_id
        where definition.status = 'shadow'
        and definition.valid_from <= %(as_of)s and %(as_of)s < definition.valid_to
        group by definition.product_id, definition.definition_id, definition.version order by 1, 2""",
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
            (select count(*) from handoff.outbox where kind = 'hubspot_contact' and sent_at > %(since)s
                and result -> 'drift' <> '{}') as drifted,
            (select count(*) from handoff.apis where breaker <> 'closed') as breakers,
            (select count(*) from handoff.floods where answer is null) as floods""",
        {"since": as_of - LATELY},
    ).fetchone()
    assert row is not None
    return Waiting(**row)
