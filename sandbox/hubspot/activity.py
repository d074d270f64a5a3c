"""What people do, and what HubSpot makes of it: visits, marketing mail, forms, activities of reps."""

import json
from typing import Any

from sandbox import clock
from sandbox.company.reference import FORMS, SITE, title_of
from sandbox.hubspot import engagements, events, links, records
from sandbox.hubspot.records import ANALYTICS, EMAIL, Source
from sandbox.hubspot.types import COMPANY, CONTACT
from sandbox.hubspot.validation import clean
from sandbox.store import Record
from sandbox.world import World

SESSION = 30 * clock.MINUTE


def visit(
    world: World, contact: Record, path: str, at: int, source: str = "DIRECT_TRAFFIC", campaign: str = ""
) -> Record:
    """A page view: an event, and the counters that move with it."""
    url, before = SITE + path, contact.properties
    properties = {"hs_url": url, "hs_title": title_of(path), "hs_session_source": source}
    if campaign:
        properties |= {"hs_utm_campaign": campaign, "hs_utm_medium": "cpc", "hs_utm_source": "google"}
    events.add(world.store, contact.id, events.VISITED, at, properties)
    last = before.get("hs_analytics_last_timestamp")
    changes = {
        "hs_analytics_num_page_views": str(int(before.get("hs_analytics_num_page_views", "0")) + 1),
        "hs_analytics_last_url": url,
        "hs_analytics_last_timestamp": clock.iso(at),
    }
    if not last or at - clock.parse(last) > SESSION:
        changes |= {
            "hs_analytics_num_visits": str(int(before.get("hs_analytics_num_visits", "0")) + 1),
            "hs_analytics_last_visit_timestamp": clock.iso(at),
            "hs_latest_source": source,
            "hs_latest_source_timestamp": clock.iso(at),
            "hs_latest_source_data_1": campaign,
        }
    if "hs_analytics_first_url" not in before:
        changes |= {"hs_analytics_first_url": url, "hs_analytics_first_visit_timestamp": clock.iso(at)}
        changes |= {"hs_analytics_source": before.get("hs_analytics_source", source)}
    return records.update(world, contact, changes, ANALYTICS)


def mail(world: World, contact: Record, subject: str, campaign: str, at: int, clicked: bool) -> Record:
    """A marketing e-mail opened, or a link in it clicked."""
    what, word = (events.CLICKED, "click") if clicked else (events.OPENED, "open")
    events.add(world.store, contact.id, what, at, {"hs_email_subject": subject, "hs_campaign_name": campaign})
    before, stamp = contact.properties, clock.iso(at)
    changes = {
        f"hs_email_{word}": str(int(before.get(f"hs_email_{word}", "0")) + 1),
        f"hs_email_last_{word}_date": stamp,
        f"hs_email_first_{word}_date": before.get(f"hs_email_first_{word}_date", stamp),
        "hs_email_last_email_name": subject,
        "hs_last_sales_activity_timestamp": stamp,
        "hs_last_sales_activity_type": f"EMAIL_{word.upper()}",
    }
    return records.update(world, contact, changes, EMAIL)


def submit_form(
    world: World, guid: str, fields: list[dict[str, Any]], page_url: str, page_name: str | None, at: int
) -> Record:
    """A form submission: the contact is created or changed, and its conversion properties move."""
    writable = {n: d for n, d in world.catalogue.of(CONTACT).items() if not d.read_only}
    given = {f["name"]: str(f.get("value", "")) for f in fields if f["name"] in writable}
    values = {name: value for name, value in clean(writable, given, world.staff.live_ids).items() if value}
    source = Source("FORM", guid)
    contact = find_or_create(world, values, source)
    number = world.store.next_id("submissions", 0)
    before, stamp = contact.properties, clock.iso(at)
    path = page_url.removeprefix(SITE).partition("?")[0]
    name = f"{page_name or title_of(path)}: {FORMS[guid]}"
    earlier = before.get("hs_calculated_form_submissions", "")
    forms = {entry.partition(":")[0] for entry in earlier.split(";") if entry} | {guid}
    changes = values | {
        "recent_conversion_date": stamp,
        "recent_conversion_event_name": name,
        "first_conversion_date": before.get("first_conversion_date", stamp),
        "first_conversion_event_name": before.get("first_conversion_event_name", name),
        "num_conversion_events": str(int(before.get("num_conversion_events", "0")) + 1),
        "num_unique_conversion_events": str(len(forms)),
        "hs_calculated_form_submissions": ";".join(filter(None, (f"{guid}:0:{at}", earlier))),
        "hs_last_sales_activity_timestamp": stamp,
        "hs_last_sales_activity_type": "FORM_SUBMITTED",
    }
    entries = [{"name": f["name"], "value": str(f.get("value", "")), "objectTypeId": "0-1"} for f in fields]
    world.store.run(
        "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?)", number, guid, contact.id, at, json.dumps(entries), page_url
    )
    facts = {"hs_form_id": guid, "hs_form_name": FORMS[guid], "hs_url": page_url}
    events.add(world.store, contact.id, events.SUBMITTED, at, facts)
    return records.update(world, contact, changes, source)


def find_or_create(world: World, values: dict[str, str], source: Source) -> Record:
    """The contact of an e-mail; a new one joins the company of its domain."""
    for known in world.store.by_key(CONTACT, values["email"]):
        contact = world.store.get(CONTACT, known)
        if contact is not None:
            return contact
    contact = records.create(world, CONTACT, values, source)
    links.join_company(world, contact)
    return contact


def log(world: World, kind: str, contact: Record, values: dict[str, str], owner: str, at: int) -> Record:
    """An activity that a rep logs in the CRM at the present moment; `at` is when it happened."""
    user = Source("CRM_UI", f"userId:{2_000_000 + int(owner)}" if owner else None)
    values = values | {"hs_timestamp": clock.iso(at)} | ({"hubspot_owner_id": owner} if owner else {})
    record = records.create(world, kind, values, user)
    links.link(world, kind, record.id, CONTACT, contact.id)
    for company in world.store.associated(CONTACT, contact.id, COMPANY):
        links.link(world, kind, record.id, COMPANY, company)
    engagements.reflect(world, record)
    return record
