"""Who is meant: a named contact, a suitable lead, or somebody at random."""

from collections import deque
from typing import Any

from sandbox import clock
from sandbox.company.people import company_domain, organization_of, person_of
from sandbox.company.reference import COMPETITORS, FREEMAIL, SERVED, UNSERVED_COUNTRIES
from sandbox.hubspot import links, records
from sandbox.hubspot.activity import find_or_create
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.records import Source
from sandbox.hubspot.types import COMPANY, CONTACT
from sandbox.store import Record
from sandbox.world import World

_FRESH = 1_000_000
"""Companies made up on demand are numbered from here, so that none of them is in the history."""
_SUITABLE = """
SELECT c.id FROM objects c JOIN objects k
    ON k.type = '0-2' AND k.id = CAST(json_extract(c.properties, '$.associatedcompanyid') AS INTEGER)
WHERE c.type = '0-1' AND c.archived = 0
    AND json_extract(c.properties, '$.lifecyclestage') IN ('lead', 'subscriber')
    AND json_extract(c.properties, '$.hubspot_owner_id') IS NULL
    AND json_extract(c.properties, '$.jobtitle') NOT IN ('Student', 'Intern')
    AND json_extract(c.properties, '$.hs_email_optout') IS NULL
    AND json_extract(c.properties, '$.hs_email_bounce') IS NULL
    AND CAST(json_extract(k.properties, '$.numberofemployees') AS INTEGER) >= 50
    AND json_extract(k.properties, '$.lifecyclestage') <> 'customer'
    AND json_extract(k.properties, '$.industry') IN ({industries})
    AND json_extract(k.properties, '$.country') NOT IN ({countries})
    AND json_extract(c.properties, '$.country') NOT IN ({countries})
ORDER BY c.id
""".format(industries=str(SERVED)[1:-1], countries=", ".join(f"'{country}'" for country in UNSERVED_COUNTRIES))


def named(world: World, given: dict[str, Any]) -> Record | None:
    """The contact of `contact_id` or `email`; none when neither is given.

    Raises:
        Refused: 404, there is no such contact.
    """
    ids: list[int] = []
    if given.get("contact_id"):
        text = str(given["contact_id"])
        ids = [int(text)] if text.isdecimal() else []
    elif given.get("email"):
        ids = world.store.by_key(CONTACT, str(given["email"]))
    else:
        return None
    found = world.store.get(CONTACT, ids[0]) if ids else None
    if found is None or found.archived_at is not None:
        raise Refused(404, f"no contact {given.get('contact_id') or given.get('email')} in the sandbox")
    return found


def somebody(world: World) -> Record:
    """Any live contact."""
    row = world.store.one("SELECT min(id), max(id) FROM objects WHERE type='0-1' AND archived=0")
    if row is None or row[0] is None:
        raise Refused(409, "the sandbox has no contacts: start it with --contacts, or create one")
    at = world.random.randint(row[0], row[1])
    found = world.store.one("SELECT id FROM objects WHERE type='0-1' AND archived=0 AND id>=? ORDER BY id LIMIT 1", at)
    assert found is not None
    return world.store.read(CONTACT, [found[0]])[0]


def suitable(world: World, country: str | None, employees: int | None) -> Record:
    """A business lead with complete firmographics whom nobody works on yet; made up when the portal has none left."""
    if world.pool is None:
        ids = [row[0] for row in world.store.rows(_SUITABLE)]
        world.random.shuffle(ids)
        world.pool = deque(ids)
    if country is None and employees is None:
        while world.pool:
            contact = world.store.get(CONTACT, world.pool.popleft())
            if contact and contact.archived_at is None and "hubspot_owner_id" not in contact.properties:
                return contact
    number = _FRESH + world.random.randrange(10**9)
    while world.store.by_key(COMPANY, company_domain(number)):
        number += 1
    return newcomer(world, f"robin.{number}@{company_domain(number)}", country, employees)


def newcomer(world: World, email: str, country: str | None, employees: int | None) -> Record:
    """The contact of an address, with company and firmographics; what exists already is kept, unless given here."""
    seed, domain = world.settings.seed, email.lower().rpartition("@")[2]
    person, organization = person_of(email, seed), organization_of(domain, seed)
    place = country or ("United States" if person.country in UNSERVED_COUNTRIES else person.country)
    if organization is not None and domain not in (*FREEMAIL, *COMPETITORS):
        firm = {
            "name": organization.name,
            "domain": domain,
            "industry": organization.industry if organization.industry in SERVED else "COMPUTER_SOFTWARE",
            "country": place,
            "numberofemployees": str(employees or max(60, organization.employees)),
            "annualrevenue": str(organization.revenue),
        }
        known = world.store.by_key(COMPANY, domain)
        if not known:
            records.create(world, COMPANY, firm, Source("CRM_UI"))
        elif country or employees:
            stated = {"country": country or "", "numberofemployees": str(employees or "")}
            changes = {name: value for name, value in stated.items() if value}
            records.update(world, world.store.read(COMPANY, known[:1])[0], changes, Source("CRM_UI"))
    values = {
        "email": email.lower(),
        "firstname": person.first_name or "Robin",
        "lastname": person.last_name or "Reyes",
        "jobtitle": person.title if person.seniority != "intern" else "RevOps Manager",
        "country": place,
        **({"company": organization.name} if organization else {}),
    }
    contact = find_or_create(world, values, Source("FORM"))
    if country and contact.properties.get("country") != country:
        contact = records.update(world, contact, {"country": country}, Source("FORM"))
    links.join_company(world, contact)
    return contact


def described(record: Record, at: int) -> dict[str, Any]:
    """What an act answers: who or what it was, and when."""
    properties = record.properties
    name = f"{properties.get('firstname', '')} {properties.get('lastname', '')}".strip()
    return {
        **({"contactId": str(record.id)} if record.type == CONTACT else {}),
        "objectId": str(record.id),
        "email": properties.get("email"),
        "name": name or properties.get("name") or properties.get("dealname", ""),
        "company": properties.get("company"),
        "occurredAt": clock.iso(at),
        "occurredAtMs": at,
    }
