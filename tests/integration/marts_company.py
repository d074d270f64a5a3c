"""A company whose numbers one can work out by hand, and handoffs made at random beside it."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

Admin = psycopg.Connection[dict[str, Any]]

AT = datetime(2026, 6, 30, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
WINDOW = timedelta(days=90)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
STAGES = ("accepted", "contacted", "sql", "won")


@dataclass
class Handoff:
    """What is planted of one; the stages of `at` that are None were not reached."""

    key: str
    lead: str
    qualified_at: datetime
    source: str | None = "PAID_SEARCH"
    country: str | None = "US"
    is_kept: bool = True
    rejected_at: datetime | None = None
    withdrawn_at: datetime | None = None
    rep: str = "ana-costa"
    tier: str = "high"
    version: str = "1"
    campaign: str | None = None
    at: dict[str, datetime | None] = field(default_factory=dict)


def moment(text: str) -> datetime:
    """An instant of 2026, such as `03-10 14:00:00.5`, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def plant_contact(
    admin: Admin,
    lead: str,
    created_at: datetime | None,
    stages: Mapping[datetime, str],
    *,
    source: str | None = "PAID_SEARCH",
    landed_at: datetime = AT - DAY,
    is_archived: bool = False,
) -> None:
    """One version of a contact, as HubSpot tells it; stages by when they were entered."""
    history = [{"value": stage, "timestamp": at.isoformat()} for at, stage in sorted(stages.items(), reverse=True)]
    properties = {
        "createdate": created_at and created_at.isoformat(),
        "email": f"Jo.{lead}@person{lead}.example",
        "firstname": f"Jolanda{lead}",
        "lastname": f"Quimby{lead}",
        "jobtitle": f"Head of Unit {lead}",
        "hs_analytics_source": source,
        "country": "US",
    }
    payload = {"id": lead, "properties": properties, "propertiesWithHistory": {"lifecyclestage": history}}
    if is_archived:
        payload = {"id": lead, "archived": True, "properties": {}}
    admin.execute(
        """with batch as (insert into raw.batches (source, started_at) values ('poll', %(at)s) returning batch_id)
        insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload)
        select %(id)s, %(at)s, %(at)s, batch_id, %(payload)s from batch""",
        {"id": lead, "at": landed_at, "payload": Jsonb(payload)},
    )


def plant(admin: Admin, handoff: Handoff, until: datetime = AT) -> None:
    """A handoff whose webhook came a second after its event, which came four before it qualified.

    Args:
        until: up to when the watch has looked at its clock.
    """
    qualified_at = handoff.qualified_at
    context = {
        "company": {"country": handoff.country, "industry": None, "employees": 300},
        "attribution": {"first_source": handoff.source, "latest_source": None, "campaign": handoff.campaign},
    }
    admin.execute(
        """insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id, definition_version,
            tier_id, score, trigger_activity_id, trigger_kind, context, as_of, event_at, received_at, extracted_at,
            qualified_at, routed_at)
        values (%(id)s, %(lead)s, 'platform', (select count(*) + 1 from handoff.handoffs where lead_id = %(lead)s),
            'platform-mql', %(version)s, %(tier)s, 80.25, 'a', 'page_viewed', %(context)s, %(at)s,
            %(at)s - interval '4 s', %(at)s - interval '3 s', %(at)s - interval '2 s', %(at)s,
            %(at)s + interval '1 s')""",
        {
            "id": handoff.key,
            "lead": handoff.lead,
            "version": handoff.version,
            "tier": handoff.tier,
            "context": Jsonb(context if handoff.is_kept else {}),
            "at": qualified_at,
        },
    )
    given = admin.execute(
        """insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at)
        values (%s, %s, 'na', 'planted', '[]', %s, %s) returning assignment_id""",
        (handoff.key, handoff.rep, qualified_at + SECOND, qualified_at + DAY),
    ).fetchone()
    assert given
    admin.execute(
        """insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, state, not_before, sent_at,
            result)
        values (%s, %s, 'slack_dm', '{}', %s, 'sent', %s, %s, '{"channel": "D1", "ts": "1.0"}')""",
        (
            f"slack_dm:{handoff.key}:{given['assignment_id']}",
            handoff.key,
            *(qualified_at + SECOND, qualified_at + SECOND, qualified_at + timedelta(seconds=2.5)),
        ),
    )
    answers = [
        ("accepted", None, handoff.at.get("accepted")),
        ("contacted", None, handoff.at.get("contacted")),
        ("rejected", "no_interest", handoff.rejected_at),
        ("withdrawn", None, handoff.withdrawn_at),
    ]
    for kind, reason, at in answers:
        if at:
            admin.execute(
                """insert into handoff.dispositions (handoff_id, assignment_id, kind, reason_id, occurred_at,
                    recorded_at, evidence) values (%s, %s, %s, %s, %s, %s, '{}')""",
                (handoff.key, given["assignment_id"], kind, reason, at, at),
            )
    due_at = qualified_at + DAY
    stops = [at for kind, _, at in answers if at and kind != "accepted"]
    if due_at < until and not any(at <= due_at for at in stops):
        admin.execute(
            "insert into handoff.breaches (assignment_id, due_at, marked_at) values (%s, %s, %s)",
            (given["assignment_id"], due_at, due_at),
        )


def at_random(seed: int, count: int) -> list[Handoff]:
    """Handoffs of as many leads in half a year, some of whose stages come before those that they should follow."""
    chance, answers = random.Random(seed), random.Random(seed + 1)
    made = []
    for number in range(1000, 1000 + count):
        began = moment("01-02 00:00:00") + timedelta(
            seconds=chance.randrange(int((AT - moment("01-02 00:00:00")).total_seconds()))
        )
        at: dict[str, datetime | None] = {}
        for stage, share, days in (("accepted", 0.7, 2), ("contacted", 0.6, 3), ("won", 0.3, 120)):
            when = began + timedelta(seconds=chance.randrange(int(days * DAY.total_seconds())))
            at[stage] = when if chance.random() < share and when < AT - DAY else None
        # An acceptance is an SQL by the agreement; some have the stage before it.
        stage_at = began + timedelta(seconds=chance.randrange(-3600, 86400 * 5))
        has_stage = chance.random() < 0.3 and stage_at < AT - DAY
        at["sql_stage"] = stage_at if has_stage else None
        at["sql"] = min((each for each in (at["sql_stage"], at["accepted"]) if each), default=None)
        source = chance.choice(["PAID_SEARCH", "ORGANIC_SEARCH", "unknown", None])
        made.append(Handoff(f"g{number}", str(number), began, source, at=at))
        made[-1].rep, made[-1].tier = answers.choice(["ana-costa", "ben-okafor"]), answers.choice(["high", "standard"])
        when = began + timedelta(seconds=answers.randrange(1, int(3 * DAY.total_seconds())))
        made[-1].rejected_at = when if answers.random() < 0.3 and when < AT - DAY else None
    return made


def plant_at_random(admin: Admin, handoffs: list[Handoff]) -> None:
    for each in handoffs:
        began = {each.qualified_at - 30 * DAY: "lead"}
        later = {
            at: stage
            for at, stage in ((each.at["sql_stage"], "salesqualifiedlead"), (each.at["won"], "customer"))
            if at
        }
        plant_contact(admin, each.lead, each.qualified_at - 30 * DAY, began | later, source=each.source)
        plant(admin, each)


def funnel_of(handoffs: list[Handoff]) -> dict[tuple[date, str, str], Counter[str]]:
    """What the funnel must say by cohort week, source and stage, counted one by one."""
    found: dict[tuple[date, str, str], Counter[str]] = {}
    for each in handoffs:
        day = each.qualified_at.astimezone(ZONE).date()
        week = day - timedelta(days=day.weekday())
        before = each.qualified_at
        is_over = bool(each.rejected_at or each.withdrawn_at) or each.qualified_at + WINDOW <= AT
        for place, stage in enumerate(STAGES):
            at = each.at.get(stage)
            further = [each.at.get(later) for later in STAGES[place + 1 :]]
            counts = found.setdefault((week, each.source or "(blank)", stage), Counter())
            counts["cohort_size"] += 1
            counts["reached"] += at is not None
            counts["reached_in_window"] += at is not None and at < each.qualified_at + WINDOW
            if before:
                went_on = bool(at) or any(later > before for later in further if later)
                counts["went_on"] += went_on
                counts["lost"] += is_over and not went_on
                counts["still_open"] += not is_over and not went_on
            if at and before:
                counts["waits"] += 1
                counts["negative_waits"] += at < before
                counts["total_wait_seconds"] += int((at - before).total_seconds())
            before = at  # type: ignore[assignment]
    return found


TOLD_BY = {
    "handoffs": ("all", "source", "tier"),
    "acceptance": ("all",),
    "conversion": ("all", "source", "campaign"),
    "attainment": ("all", "tier", "rep"),
}


def pack_of(handoffs: list[Handoff]) -> dict[tuple[date, str, str, str], Counter[str]]:
    """What the weekly pack must count by week, figure, dimension and member, one by one."""
    found: dict[tuple[date, str, str, str], Counter[str]] = {}

    def add(at: datetime, figure: str, each: Handoff, counted: bool | None, is_open: bool) -> None:
        day = at.astimezone(ZONE).date()
        source = (each.source or "(blank)") if each.is_kept else "unknown"
        campaign = (each.campaign or "(blank)") if each.is_kept else "unknown"
        faces = {"all": "all", "source": source, "campaign": campaign, "tier": each.tier, "rep": each.rep}
        for dimension, member in ((name, faces[name]) for name in TOLD_BY[figure]):
            key = (day - timedelta(days=day.weekday()), figure, dimension, member)
            counts = found.setdefault(key, Counter())
            counts["handoffs"] += 1
            counts["decided"] += counted is not None
            counts["counted"] += bool(counted)
            counts["still_open"] += is_open

    for each in handoffs:
        routed_at, sql_at = each.qualified_at + SECOND, each.at.get("sql")
        is_taken_on = bool(each.at.get("accepted") or each.at.get("contacted"))
        is_ended = bool(each.rejected_at or each.withdrawn_at)
        add(routed_at, "handoffs", each, None, False)
        add(
            *(routed_at, "acceptance", each),
            True if is_taken_on else False if each.rejected_at else None,
            not is_taken_on and not is_ended,
        )
        # Each had it alone, and a day for it.
        due_at = each.qualified_at + DAY
        stopped_at = min((at for at in (each.at.get("contacted"), each.rejected_at) if at), default=None)
        is_running = stopped_at is None and due_at >= AT
        is_in_time = None if is_running else stopped_at is not None and stopped_at <= due_at
        add(routed_at, "attainment", each, is_in_time, is_running)
        ends_at = each.qualified_at + WINDOW
        add(
            *(each.qualified_at, "conversion", each),
            sql_at is not None and sql_at < ends_at,
            sql_at is None and not is_ended and ends_at > AT,
        )
    return found
