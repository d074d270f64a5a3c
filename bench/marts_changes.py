"""What changes in a grown company within a quarter of an hour, through the line's own doors."""

import copy
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bench import marts_planted
from handoff.ledger import aliases, db, landing, streams
from handoff.ledger.landing import Record
from handoff.qualify import run as qualify

SEED = 23
SMALL = "bench-small"
"""A campaign of few leads."""
Json = dict[str, Any]


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


def land_sessions(connection: db.Connection, lead: str, at: datetime, sessions: list[datetime]) -> None:
    """Versions of a contact from long ago, each with a session of its own, judged as of `at`."""
    row = connection.execute("select payload from raw.hubspot_contacts where id = %s limit 1", (lead,)).fetchone()
    assert row is not None
    for session in sessions:
        version = _changed(row["payload"], session, _latest_source(session))
        batch = landing.open_batch(connection, "poll", session)
        landing.land(connection, batch, streams.CONTACTS, [version], loaded_at=session)
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
        connection.execute(marts_planted.ANSWER, {**given, "kind": "accepted", "reason": None, "at": at})
    return len(rows)
