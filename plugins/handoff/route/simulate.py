"""Past arrivals under another rota, other caps, calendars or service levels: who would have got what, and how late.

A lead is taken to be called after as many open minutes as it was in truth; one that nobody called is called by nobody.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from handoff.agreement.deciding_day import put_in_force
from handoff.ledger.db import Connection, Row
from handoff.ledger.reps import rep_of
from handoff.qualify import replica
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet
from handoff.route.assign import Burden, Candidate, Choice, NobodyEligible, choose
from handoff.route.contexts import candidate
from handoff.route.due import NoCalendar, due_at
from handoff.route.had import had

CANDIDATES = "int_route_candidates"
SELECTION = "+path:models/route"
"""By its folder: dbt prints the SQL of models that are selected by name."""


@dataclass(frozen=True)
class Given:
    """One arrival as it would have gone. `rep_id` is None when nobody could take it; `reason` says why."""

    handoff_id: str
    tier_id: str
    at: datetime
    rep_id: str | None
    pool_id: str | None
    reason: str
    due_at: datetime | None = None
    contacted_at: datetime | None = None
    ended_at: datetime | None = None
    """First contact, rejection or withdrawal, whichever comes first."""

    def is_breach(self, end: datetime) -> bool:
        """Whether the promise would have been broken by `end`: as in `fct_sla_outcomes`, whatever ends it in time keeps
        it, and while its deadline lies ahead it is open. One that has passed is taken to have been judged."""
        return self.due_at is not None and self.due_at < end and (self.ended_at is None or self.ended_at > self.due_at)


def arrivals(connection: Connection, start: datetime, end: datetime) -> list[Row]:
    """Handoffs of a span, oldest first, each with the facts that it is routed by: what was known of the lead then.

    `contact_seconds` and `end_seconds` are open time of the rep of then, until first contact and until that, a
    rejection or a withdrawal; 0 when no open time had passed, null when there was none.
    """
    return connection.execute(_ARRIVALS, {"start": start, "end": end}).fetchall()


def left_out(connection: Connection, start: datetime, end: datetime) -> int:
    """How many handoffs of a span `arrivals` lacks, because what was known of their leads is no longer kept."""
    row = connection.execute(
        """select count(*) as handoffs from handoff.handoffs as handoff
        where handoff.routed_at >= %s and handoff.routed_at < %s
        and not exists (select from handoff.lead_facts as version where version.lead_id = handoff.lead_id)""",
        (start, end),
    ).fetchone()
    return int(row["handoffs"]) if row else 0


_ARRIVALS = f"""
with given as (
    select handoff.handoff_id, handoff.lead_id, handoff.product_id, handoff.cycle, handoff.tier_id, handoff.routed_at,
        first.assigned_at, rep.calendar_id, rep.time_zone, answer.contacted_at, answer.ended_at
    from handoff.handoffs as handoff
    inner join lateral (
        select assigned_at, rep_id from handoff.assignments as assignment
        where assignment.handoff_id = handoff.handoff_id order by assignment_id limit 1
    ) as first on true
    {rep_of("first")}
    left join lateral (
        select min(occurred_at) filter (where kind = 'contacted') as contacted_at, min(occurred_at) as ended_at
        from handoff.dispositions as answer
        where answer.handoff_id = handoff.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
    ) as answer on true
    where handoff.routed_at >= %(start)s and handoff.routed_at < %(end)s
)
select
    given.handoff_id, given.lead_id, given.product_id, given.cycle, given.tier_id, given.routed_at, told.facts,
    case when given.calendar_id is not null and given.contacted_at is not null
        then coalesce(waited.contact_seconds, 0) end as contact_seconds,
    case when given.calendar_id is not null and given.ended_at is not null
        then coalesce(waited.end_seconds, 0) end as end_seconds
from given
inner join lateral (
    select facts from handoff.lead_facts as version where version.lead_id = given.lead_id
    order by version.known_from > given.routed_at, abs(extract(epoch from version.known_from - given.routed_at))
    limit 1
) as told on true
left join lateral (
    select
        sum(extract(epoch from least(shift.closes_at, given.contacted_at) - opened.at))
            filter (where opened.at < given.contacted_at) as contact_seconds,
        sum(extract(epoch from least(shift.closes_at, given.ended_at) - opened.at)) as end_seconds
    from line.int_open_intervals as shift
    cross join lateral (select greatest(shift.opens_at, given.assigned_at) as at) as opened
    where shift.calendar_id = given.calendar_id and shift.time_zone = given.time_zone
    and shift.closes_at > given.assigned_at and shift.opens_at < given.ended_at
) as waited on true
order by given.routed_at, given.handoff_id
"""


def simulate(
    connection: Connection, models: ModelSet, tables: Tables, rows: Sequence[Row], end: datetime, day: date
) -> Iterator[Given]:
    """Route each arrival again, one after the other, by an agreement.

    Args:
        models: compiled for all leads, with `SELECTION`.
        tables: the agreement's.
        day: the day whose rows count for the whole span; but an absence's dates are when somebody is away.
    """
    tables = put_in_force(tables, day, ("absences",))
    keyed = [
        {**row["facts"], "lead_id": row["handoff_id"], "as_of": row["routed_at"], "extracted_at": row["routed_at"]}
        for row in rows
    ]
    mqls = [{"lead_id": row["handoff_id"], "product_id": row["product_id"], "decision": "mql"} for row in rows]
    asked = replica.Replica(
        # As a view it says at each moment who is there.
        ModelSet(tuple(replace(each, is_view=each.is_view or each.name == CANDIDATES) for each in models.models)),
        (CANDIDATES, "int_open_intervals"),
        end,
        tables,
        {
            "int_leads": replica.these("int_leads", keyed),
            "int_qualifications": replica.these("int_qualifications", mqls),
        },
    )
    tiers = {row["tier_id"]: row for row in tables["tiers"]}
    reps = {row["rep_id"]: row for row in tables["reps"]}
    with replica.opened(connection, asked, [row["handoff_id"] for row in rows]):
        done: dict[str | None, list[Given]] = defaultdict(list)
        credits: dict[str | None, dict[str, int]] = {}
        for row in rows:
            given = _routed(connection, row, tiers, reps, credits, done)
            done[given.rep_id].append(given)
            yield given


def _routed(
    connection: Connection,
    row: Row,
    tiers: dict[str, dict[str, Any]],
    reps: dict[str, dict[str, Any]],
    credits: dict[str | None, dict[str, int]],
    done: Mapping[str | None, Sequence[Given]],
) -> Given:
    at, tier = row["routed_at"], tiers.get(row["tier_id"])
    if tier is None:
        return Given(row["handoff_id"], row["tier_id"], at, None, None, "the agreement has no such service level")
    connection.execute("select set_config('handoff.as_of', %s, true)", (at.isoformat(),))
    candidates = [
        candidate(each)
        for each in connection.execute(
            "select * from pg_temp.int_route_candidates where lead_id = %s order by step_rank, rep_id",
            (row["handoff_id"],),
        )
    ]
    present = str(tier["prefers_present"]).lower() == "true"
    try:
        before = had(connection, row["lead_id"], row["product_id"], at) if row["cycle"] > 1 else ()
        burdens = _burdens(candidates, reps, done, at)
        choice = choose(candidates, credits, burdens, before=before, prefers_present=present)
        return _given(connection, row, choice, int(tier["response_minutes"]) * 60, reps, credits)
    except (NobodyEligible, NoCalendar) as error:
        return Given(row["handoff_id"], row["tier_id"], at, None, None, str(error))


def _given(
    connection: Connection,
    row: Row,
    choice: Choice,
    seconds: int,
    reps: dict[str, dict[str, Any]],
    credits: dict[str | None, dict[str, int]],
) -> Given:
    chosen, at = choice.candidate, row["routed_at"]
    rep = reps[chosen.rep_id]
    clock = (rep["calendar_id"], rep["time_zone"], at)
    due = due_at(connection, *clock, seconds, "pg_temp")
    called, ended = (
        None if row[name] is None else due_at(connection, *clock, float(row[name]), "pg_temp")
        for name in ("contact_seconds", "end_seconds")
    )
    if choice.credits is not None:
        credits[chosen.pool_id] = choice.credits
    who = (chosen.rep_id, chosen.pool_id, choice.reason)
    return Given(row["handoff_id"], row["tier_id"], at, *who, due, called, ended)


def _burdens(
    candidates: Sequence[Candidate],
    reps: dict[str, dict[str, Any]],
    done: Mapping[str | None, Sequence[Given]],
    at: datetime,
) -> dict[str, Burden]:
    """As `turns.burdens`, of what was given in the simulation."""
    found = {}
    for rep_id in {each.rep_id for each in candidates} & reps.keys():
        zone = ZoneInfo(reps[rep_id]["time_zone"])
        today = at.astimezone(zone).date()
        found[rep_id] = Burden(
            open=sum(each.ended_at is None or each.ended_at > at for each in done.get(rep_id, ())),
            today=sum(each.at.astimezone(zone).date() == today for each in done.get(rep_id, ())),
        )
    return found
