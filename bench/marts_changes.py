"""Handoffs of a grown company, and what changes in it within a quarter of an hour, through the line's own doors."""

import copy
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from handoff.ledger import aliases, db, landing, streams
from handoff.ledger.landing import Record
from handoff.qualify import run as qualify

SEED = 23
DAYS = 180
SMALL = "bench-small"
"""A campaign of few leads."""
Json = dict[str, Any]

# Of a few leads, in half a year: most are answered, half are called, a tenth is rejected.
_HANDOFFS = """
with chosen as (
    select id as lead_id, row_number() over (order by md5(id)) as no
    from (select distinct id from raw.hubspot_contacts) as contacts
    order by md5(id) limit %(count)s
), made as (
    insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id,
        score, trigger_activity_id, trigger_kind, context, as_of, event_at, received_at, extracted_at, qualified_at,
        routed_at)
    select 'bench-' || no, lead_id, definition.product_id, 1, definition.definition_id, definition.version,
        (array['hand_raiser', 'high', 'standard'])[1 + mod(no, 3)], 60 + mod(no, 40), 'a', 'page_viewed',
        jsonb_build_object(
            'company', jsonb_build_object('country', 'US', 'employees', 300),
            'attribution',
            jsonb_build_object('first_source', (array['PAID_SEARCH', 'ORGANIC_SEARCH', null])[1 + mod(no, 3)])
        ),
        moment.at, moment.at - interval '4 s', moment.at - interval '3 s', moment.at - interval '2 s', moment.at,
        moment.at + interval '1 s'
    from chosen
    cross join (
        select product_id, definition_id, version from agreement.definitions
        where status = 'live' and valid_from <= %(at)s and %(at)s < valid_to
        order by definition_id limit 1
    ) as definition
    cross join lateral (select %(at)s - no * %(span)s::interval / %(count)s as at) as moment
    returning handoff_id, qualified_at, lead_id
), numbered as (
    select *, substr(handoff_id, 7)::int as no from made
), reps as (
    select rep_id, row_number() over (order by rep_id) - 1 as place, count(*) over () as reps
    from (select distinct rep_id from agreement.reps where valid_from <= %(at)s and %(at)s < valid_to) as present
), given as (
    insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at)
    select handoff_id, rep_id, null, 'planted', '[]', qualified_at + interval '1 s', qualified_at + interval '4 h'
    from numbered inner join reps on mod(no, reps) = place
    returning handoff_id, assignment_id
), told as (
    insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, state, not_before, sent_at, result)
    select 'slack_dm:' || handoff_id || ':' || assignment_id, handoff_id, 'slack_dm', '{}', qualified_at, 'sent',
        qualified_at, qualified_at + interval '2 s', '{"channel": "D1", "ts": "1.0"}'
    from numbered inner join given using (handoff_id)
)
select handoff_id, assignment_id, qualified_at, no from numbered inner join given using (handoff_id)
"""
_ANSWER = """
insert into handoff.dispositions (handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence)
values (%(handoff)s, %(assignment)s, %(kind)s, %(reason)s, %(at)s, %(at)s, '{}')
"""


def plant_handoffs(admin: Any, count: int, at: datetime) -> int:
    """Give `count` leads a handoff each in the last half a year, and answers to most; returns how many there are."""
    rows = admin.execute(_HANDOFFS, {"count": count, "at": at, "span": f"{DAYS} days"}).fetchall()
    chance = random.Random(SEED)
    answers = []
    for row in rows:
        for kind, reason, share, hours in (
            ("accepted", None, 0.7, 8),
            ("contacted", None, 0.5, 24),
            ("rejected", "no_interest", 0.1, 48),
        ):
            moment = row["qualified_at"] + timedelta(hours=hours * chance.random())
            if chance.random() < share and moment < at:
                answers.append(
                    {
                        **{"handoff": row["handoff_id"], "assignment": row["assignment_id"]},
                        **{"kind": kind, "reason": reason, "at": moment},
                    }
                )
    with admin.cursor() as cursor:
        cursor.executemany(_ANSWER, answers)
    return len(rows)


def apply(connection: db.Connection, at: datetime) -> dict[str, int]:
    """A quarter of an hour's changes, landed and judged as of `at`: to each kind a hundredth of the leads, at most 200.

    Returns: how many of each kind.
    """
    found = connection.execute(
        "select distinct on (id) id, payload from raw.hubspot_contacts order by id, updated_at desc, version_id desc"
    ).fetchall()
    contacts = {row["id"]: row["payload"] for row in found}
    chance = random.Random(SEED)
    each = max(1, min(200, len(contacts) // 100))
    ids = chance.sample(sorted(contacts), each * 7)
    groups = [ids[number * each : (number + 1) * each] for number in range(7)]
    new, late, again, kept, gone, deleted, moved_on = groups
    batch = landing.open_batch(connection, "poll", at)

    def land(stream: streams.Stream, records: list[Record]) -> None:
        landing.land(connection, batch, stream, records, loaded_at=at)

    land(streams.EVENTS, [_visit(lead, at, number) for number, lead in enumerate(new)])
    land(streams.EVENTS, [_visit(lead, at - timedelta(days=40), number) for number, lead in enumerate(late)])
    land(streams.EVENTS, _repeated(connection, again))
    land(streams.CONTACTS, [_changed(contacts[lead], at, _reached("opportunity", at)) for lead in moved_on])
    land(streams.CONTACTS, [_changed(contacts[lead], at, _archived) for lead in deleted + gone])
    land(streams.CONTACTS, [_changed(contacts[lead], at, _latest_source(at)) for lead in kept])
    aliases.learn(connection, "contacts", dict(zip(gone, kept, strict=True)), at)
    land(streams.CAMPAIGNS, [_renamed(at)])
    qualify.run(connection, at)
    answered = _answer_some(connection, each, at)
    return {
        **{"new_acts": len(new), "late_acts": len(late), "repeated_acts": len(again), "merged": len(gone)},
        **{"deleted": len(deleted), "other_stage": len(moved_on), "answered": answered},
    }


def plant_campaign(connection: db.Connection, at: datetime) -> None:
    """Acts of a hundredth of the leads, at most 200, in a campaign of their own, landed and judged as of `at`."""
    found = connection.execute("select distinct id from raw.hubspot_contacts order by id").fetchall()
    leads = random.Random(SEED).sample([row["id"] for row in found], max(1, min(200, len(found) // 100)))
    batch = landing.open_batch(connection, "poll", at)
    visits = [_visit(lead, at - timedelta(days=1), number, SMALL) for number, lead in enumerate(leads)]
    landing.land(connection, batch, streams.EVENTS, visits, loaded_at=at)
    qualify.run(connection, at)


def land_visit(connection: db.Connection, lead: str, at: datetime, occurred_at: datetime) -> None:
    """A visit of one lead, landed and judged as of `at`."""
    batch = landing.open_batch(connection, "poll", at)
    landing.land(connection, batch, streams.EVENTS, [_visit(lead, occurred_at, 0)], loaded_at=at)
    qualify.run(connection, at)


def _visit(lead: str, at: datetime, number: int, campaign: str | None = None) -> Record:
    utm = campaign or f"c{number % 5}"
    url = f"https://www.brightwell.example/pricing?utm_source=bench&utm_medium=cpc&utm_campaign={utm}"
    key = f"bench-{at:%j%H%M}-{lead}"
    payload = {
        **{"objectType": "CONTACT", "objectId": lead, "eventType": "e_visited_page", "id": key},
        **{"occurredAt": at.isoformat(), "properties": {"hs_url": url, "hs_title": "Pricing"}},
    }
    return Record(key, at, payload)


def _repeated(connection: db.Connection, leads: list[str]) -> list[Record]:
    """Acts that `raw` holds already, one a lead."""
    rows = connection.execute(
        """select distinct on (contact_ids[1]) id, updated_at, payload from raw.hubspot_events
        where contact_ids && %s::text[] order by contact_ids[1], id""",
        (leads,),
    )
    return [Record(row["id"], row["updated_at"], row["payload"]) for row in rows]


def _changed(payload: Json, at: datetime, change: Callable[[Json], None]) -> Record:
    changed = copy.deepcopy(payload)
    changed["updatedAt"] = at.isoformat()
    change(changed)
    return Record(changed["id"], at, changed)


def _reached(stage: str, at: datetime) -> Callable[[Json], None]:
    def change(payload: Json) -> None:
        payload["properties"]["lifecyclestage"] = stage
        payload["propertiesWithHistory"]["lifecyclestage"].insert(0, {"value": stage, "timestamp": at.isoformat()})

    return change


def _latest_source(at: datetime) -> Callable[[Json], None]:
    def change(payload: Json) -> None:
        payload["properties"] |= {"hs_latest_source": "PAID_SOCIAL", "hs_latest_source_timestamp": at.isoformat()}

    return change


def _archived(payload: Json) -> None:
    payload["archived"] = True


def _renamed(at: datetime) -> Record:
    """The campaign that was planted, under a name of its own: the leads that it touched move."""
    properties = {"hs_name": f"Named at {at:%H:%M}", "hs_utm": SMALL}
    return Record("bench-campaign", at, {"id": "bench-campaign", "properties": properties})


def _answer_some(connection: db.Connection, count: int, at: datetime) -> int:
    rows = connection.execute(
        """select assignment.handoff_id, assignment_id from handoff.assignments as assignment
        where not exists (
            select from handoff.dispositions as answer
            where answer.handoff_id = assignment.handoff_id and answer.kind in ('accepted', 'rejected')
        )
        order by assignment_id limit %s""",
        (count,),
    ).fetchall()
    for row in rows:
        given = {"handoff": row["handoff_id"], "assignment": row["assignment_id"]}
        connection.execute(_ANSWER, {**given, "kind": "accepted", "reason": None, "at": at})
    return len(rows)
