"""The demo company's past as payloads in HubSpot's shapes: pure, streaming, usable without a server.

All functions take the number of contacts, the seed, and the end of history in epoch milliseconds, and yield the same
records for the same arguments. A record's payload is what batch/read answers, with associations embedded.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox import clock
from sandbox.company.lead import COMPANY_BASE, Lead, companies_for, lead
from sandbox.company.people import company_domain, organization_of
from sandbox.company.reference import FORMS
from sandbox.hubspot.events import KINDS, event_id
from sandbox.hubspot.forms import conversion_id
from sandbox.hubspot.types import CALL, COMMUNICATION, EMAIL, FIRST_IDS, MEETING

EVENTS_PER_CONTACT = 12.0
ENGAGEMENT_TYPES = {"calls": CALL, "emails": EMAIL, "meetings": MEETING, "communications": COMMUNICATION}
Payload = dict[str, Any]


def leads(n: int, seed: int, until: int, events_per_contact: float = EVENTS_PER_CONTACT) -> Iterator[Lead]:
    """All contacts with their histories, one at a time."""
    for index in range(n):
        yield lead(index, seed, until, n, events_per_contact)


def company(index: int, seed: int, until: int) -> tuple[int, int, int, dict[str, str]]:
    """Id, created, modified and properties of one company; some of them are missing, as in life."""
    domain = company_domain(index)
    random = Random(f"{seed}:company:{index}")
    found = organization_of(domain, seed)
    assert found is not None
    created = until - clock.HOUR - int(random.random() * 900 * clock.DAY)
    modified = created + int(random.random() * (until - clock.HOUR - created))
    known = {
        "name": found.name,
        "domain": domain,
        "industry": found.industry if random.random() < 0.85 else "",
        "numberofemployees": str(found.employees) if random.random() < 0.8 else "",
        "annualrevenue": str(found.revenue) if random.random() < 0.6 else "",
        "country": found.country if random.random() < 0.9 else "",
        "state": found.state if random.random() < 0.7 else "",
        "city": found.city if random.random() < 0.7 else "",
        "lifecyclestage": "lead",
        "hubspot_owner_id": str(random.randint(1001, 1005)) if random.random() < 0.08 else "",
        "hs_object_source": "CRM_UI",
    }
    return COMPANY_BASE + index + 1, created, modified, {name: value for name, value in known.items() if value}


def _payload(
    record_id: int, created: int, modified: int, properties: dict[str, str], stamps: tuple[str, str]
) -> Payload:
    kept = {
        "hs_object_id": str(record_id),
        stamps[0]: clock.iso(created),
        stamps[1]: clock.iso(modified),
    }
    return {
        "id": str(record_id),
        "properties": properties | kept,
        "createdAt": clock.iso(created),
        "updatedAt": clock.iso(modified),
        "archived": False,
    }


def contact_payload(made: Lead) -> Payload:
    """A contact as batch/read answers it, its company embedded."""
    properties = dict(made.properties)
    if made.company is not None:
        properties["associatedcompanyid"] = str(COMPANY_BASE + made.company + 1)
    body = _payload(made.id, made.created, made.modified, properties, ("createdate", "lastmodifieddate"))
    if made.company is not None:
        results = [{"id": properties["associatedcompanyid"], "type": "contact_to_company"}]
        body["associations"] = {"companies": {"results": results}}
    return body


def generate_contacts(
    n: int, seed: int, until: int, events_per_contact: float = EVENTS_PER_CONTACT
) -> Iterator[Payload]:
    """Contacts, ascending by id."""
    return (contact_payload(made) for made in leads(n, seed, until, events_per_contact))


def generate_companies(n: int, seed: int, until: int) -> Iterator[Payload]:
    """The companies of a portal with `n` contacts, as they were before their deals moved them."""
    for index in range(companies_for(n)):
        yield _payload(*company(index, seed, until), ("createdate", "hs_lastmodifieddate"))


def generate_events(n: int, seed: int, until: int, events_per_contact: float = EVENTS_PER_CONTACT) -> Iterator[Payload]:
    """Event occurrences, grouped by contact, each contact's in order of time."""
    for made in leads(n, seed, until, events_per_contact):
        for number, kind, at, facts in made.events:
            yield {
                "objectType": "CONTACT",
                "objectId": str(made.id),
                "eventType": KINDS[kind],
                "occurredAt": clock.iso(at),
                "id": event_id(number),
                "properties": facts,
            }


def generate_submissions(
    n: int, seed: int, until: int, events_per_contact: float = EVENTS_PER_CONTACT
) -> Iterator[Payload]:
    """Form submissions, with the form's id and name beside what HubSpot answers."""
    for made in leads(n, seed, until, events_per_contact):
        for number, form, at, values, page in made.submissions:
            yield {
                "conversionId": conversion_id(number),
                "submittedAt": at,
                "values": values,
                "pageUrl": page,
                "formId": form,
                "formName": FORMS[form],
            }


def engagement_id(kind: str, number: int) -> int:
    """Record id of an activity from history."""
    return FIRST_IDS[ENGAGEMENT_TYPES[kind]] + number


def generate_engagements(
    n: int, seed: int, until: int, events_per_contact: float = EVENTS_PER_CONTACT
) -> Iterator[tuple[str, Payload]]:
    """Pairs of type (`calls`, `emails`, `meetings`, `communications`) and activity, its contact embedded."""
    for made in leads(n, seed, until, events_per_contact):
        for kind, number, at, facts in made.engagements:
            properties = facts | {"hs_object_source": "CRM_UI"}
            record_id = engagement_id(kind, number)
            body = _payload(record_id, at, at, properties, ("hs_createdate", "hs_lastmodifieddate"))
            results = [{"id": str(made.id), "type": f"{kind[:-1]}_to_contact"}]
            yield kind, body | {"associations": {"contacts": {"results": results}}}
