"""Fill an empty sandbox with the demo company's past."""

import json
from collections.abc import Iterator

from sandbox.company.history import ENGAGEMENT_TYPES, EVENTS_PER_CONTACT, company, engagement_id, leads
from sandbox.company.lead import COMPANY_BASE, Lead, companies_for
from sandbox.company.papers import Paper, papers
from sandbox.hubspot import users
from sandbox.hubspot.events import property_set
from sandbox.hubspot.types import COMPANY, CONTACT, association_types
from sandbox.store import Row
from sandbox.world import World

_OBJECT = (
    "INSERT INTO objects (type, id, created, modified, archived, archived_at, properties)"
    " VALUES (?, ?, ?, ?, 0, NULL, ?)"
)
_FOLLOW_DEALS = """
UPDATE objects AS company
SET
    properties = json_set(company.properties, '$.lifecyclestage', deals.stage),
    modified = max(company.modified, deals.modified)
FROM (
    SELECT link.to_id AS company_id, max(deal.modified) AS modified,
        CASE WHEN max(json_extract(deal.properties, '$.dealstage') = 'closedwon') THEN 'customer'
            ELSE 'opportunity' END AS stage
    FROM objects AS deal
    JOIN associations AS link ON link.from_type = deal.type AND link.from_id = deal.id AND link.to_type = '0-2'
    WHERE deal.type = '0-3'
    GROUP BY link.to_id
) AS deals
WHERE company.type = '0-2' AND company.id = deals.company_id
"""
"""What `lifecycle.follow` does with each new deal."""
_CHUNK = 500


def fill(world: World, contacts: int, until: int, events_per_contact: float = EVENTS_PER_CONTACT) -> None:
    """Write companies, contacts, events, submissions, activities and histories that end before `until`."""
    store, seed = world.store, world.settings.seed
    indices = range(companies_for(contacts)) if contacts else range(0)
    made = [company(index, seed, until) for index in indices]
    store.many(_OBJECT, ((COMPANY, i, born, changed, _json(values)) for i, born, changed, values in made))
    store.many("INSERT INTO keys VALUES (?, ?, ?)", ((COMPANY, values["domain"], i) for i, _, _, values in made))
    known: dict[str, int] = {}
    chunk: list[Lead] = []
    for one in leads(contacts, seed, until, events_per_contact):
        chunk.append(one)
        if len(chunk) == _CHUNK:
            _write(world, chunk, known)
            chunk = []
    _write(world, chunk, known)
    store.run(_FOLLOW_DEALS)
    users.fill(world)
    _greet(world)
    store.run("INSERT OR REPLACE INTO meta VALUES ('filled', ?)", str(until))


def _json(values: dict[str, str]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _write(world: World, chunk: list[Lead], known: dict[str, int]) -> None:
    store = world.store
    store.many(_OBJECT, (_contact(one) for one in chunk))
    store.many("INSERT INTO keys VALUES (?, ?, ?)", ((CONTACT, one.email, one.id) for one in chunk))
    store.many("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", (row for one in chunk for row in _stages(one)))
    for one in chunk:
        for *_, facts in one.events:
            text = json.dumps(facts, ensure_ascii=False, sort_keys=True)
            if text not in known:
                known[text] = property_set(store, facts)
    store.many("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (row for one in chunk for row in _events(one, known)))
    store.many(
        "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?)",
        ((n, form, one.id, at, json.dumps(v), page) for one in chunk for n, form, at, v, page in one.submissions),
    )
    store.many(_OBJECT, (row for one in chunk for row in _engagements(one)))
    written = [(one, papers(one, world.settings.seed)) for one in chunk]
    store.many(
        _OBJECT,
        ((p.type, p.id, p.created, p.modified, _json(p.properties)) for _, made in written for p in made),
    )
    links = (row for one, made in written for row in _links(one, made))
    store.many("INSERT INTO associations VALUES (?, ?, ?, ?, ?)", links)


def _contact(one: Lead) -> Row:
    values = dict(one.properties)
    if one.company is not None:
        values["associatedcompanyid"] = str(COMPANY_BASE + one.company + 1)
    return CONTACT, one.id, one.created, one.modified, _json(values)


def _stages(one: Lead) -> Iterator[Row]:
    for stage, at in one.stages:
        yield CONTACT, one.id, "lifecyclestage", stage, at, "FORM" if stage == "lead" else "CRM_UI", None


def _events(one: Lead, known: dict[str, int]) -> Iterator[Row]:
    for number, kind, at, facts in one.events:
        yield number, one.id, kind, at, known[json.dumps(facts, ensure_ascii=False, sort_keys=True)]


def _engagements(one: Lead) -> Iterator[Row]:
    for kind, number, at, facts in one.engagements:
        values = _json(facts | {"hs_object_source": "CRM_UI"})
        yield ENGAGEMENT_TYPES[kind], engagement_id(kind, number), at, at, values


def _links(one: Lead, made: list[Paper]) -> Iterator[Row]:
    pairs = [(ENGAGEMENT_TYPES[kind], engagement_id(kind, number)) for kind, number, _, _ in one.engagements]
    pairs += [(paper.type, paper.id) for paper in made]
    company = (COMPANY, COMPANY_BASE + one.company + 1) if one.company is not None else None
    if company:
        pairs.append(company)
    for kind, other in pairs:
        yield from _both_ways(CONTACT, one.id, kind, other)
    if company:
        for paper in made:
            yield from _both_ways(*company, paper.type, paper.id)


def _both_ways(from_type: str, from_id: int, to_type: str, to_id: int) -> Iterator[Row]:
    for a, a_id, b, b_id in ((from_type, from_id, to_type, to_id), (to_type, to_id, from_type, from_id)):
        for type_id in filter(None, association_types(a, b)):
            yield a, a_id, b, b_id, type_id


def _greet(world: World) -> None:
    """What people said in Slack before the product came."""
    for user, text in (
        ("U0MAYALIND", "The new whitepaper is out. Please answer demo requests quickly this week :pray:"),
        ("U0FARAHALI", "On it. We need to see who each lead is, though, not just an e-mail address."),
    ):
        world.slack.post("C0GENERAL0", user, {"text": text})
