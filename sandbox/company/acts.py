"""Make something happen now: `POST /_sandbox/act/{what}`, with a JSON object or query parameters."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox import clock
from sandbox.company import cast, removal
from sandbox.company.reference import CAMPAIGNS, DEMO_FORM, FORM_PATHS, FORMS, MAILS, REASONS, SITE
from sandbox.hubspot import activity, records
from sandbox.hubspot.definitions import Catalogue
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.records import Source
from sandbox.hubspot.types import CALL, CONTACT, EMAIL, MEETING
from sandbox.hubspot.validation import is_email
from sandbox.store import Record
from sandbox.world import World, world_of

router = APIRouter()
Given = dict[str, Any]


@router.post("/_sandbox/act/{what}")
async def act(what: str, request: Request, world: Annotated[World, Depends(world_of)]) -> dict[str, Any]:
    """Do it, and answer who did it and when."""
    function = ACTS.get(what)
    if function is None:
        raise Refused(404, f"unknown act {what!r}: give one of {', '.join(ACTS)}")
    raw = await request.body()
    try:
        given = dict(request.query_params) | (json.loads(raw) if raw else {})
    except (ValueError, TypeError) as error:
        raise Refused(400, f"the body must be a JSON object: {error}") from error
    at = clock.now()
    return {"act": what} | cast.described(function(world, given, at), at)


def submit(world: World, contact: Record, form: str, at: int) -> Record:
    """A contact fills a form in with what is known about them."""
    fields = [
        {"name": name, "value": contact.properties[name]}
        for name in ("email", "firstname", "lastname", "company", "jobtitle", "country")
        if contact.properties.get(name)
    ]
    page = SITE + FORM_PATHS[form]
    activity.submit_form(world, form, fields, page, None, at)
    return world.store.read(CONTACT, [contact.id])[0]


def demo_request(world: World, given: Given, at: int) -> Record:
    """A business lead looks at the prices twice and asks for a demo."""
    country, employees, email = given.get("country"), _number(given, "employees"), str(given.get("email") or "")
    if email:
        if not is_email(email):
            raise Refused(400, f"email {email!r} is not an address")
        contact = cast.newcomer(world, email, country, employees)
    else:
        contact = cast.suitable(world, country, employees)
    # A visit is seen a moment after it happened, as everywhere in analytics.
    for before in (2000, 1000):
        contact = activity.visit(world, contact, "/pricing", at - before)
    return submit(world, contact, DEMO_FORM, at)


def form(world: World, given: Given, at: int) -> Record:
    """Any form: `form` is its guid or its name."""
    wanted = str(given.get("form") or DEMO_FORM)
    found = next((guid for guid, name in FORMS.items() if wanted in (guid, name)), None)
    if found is None:
        raise Refused(400, f"unknown form {wanted!r}: give one of {', '.join(FORMS.values())}")
    return submit(world, _whom(world, given), found, at)


def page_view(world: World, given: Given, at: int) -> Record:
    """A page view of `path`."""
    return activity.visit(world, _whom(world, given), str(given.get("path") or "/pricing"), at)


def email_open(world: World, given: Given, at: int) -> Record:
    """A marketing e-mail opened; with `clicked`, a link in it followed."""
    clicked = str(given.get("clicked", "")).lower() in ("true", "1")
    return activity.mail(world, _whom(world, given), MAILS[0], CAMPAIGNS[0], at, clicked)


def contact(world: World, given: Given, at: int) -> Record:
    """A new contact: `email`, and `properties` if any."""
    values = records.check(world, CONTACT, {"email": str(given.get("email") or "")} | (given.get("properties") or {}))
    return records.create(world, CONTACT, values, Source("CRM_UI"), at)


def edit(world: World, given: Given, at: int) -> Record:
    """A person changes `properties` of a contact in the CRM; or an application does, whose `sourceType` is `source`."""
    person = _whom(world, given)
    values = records.check(world, CONTACT, given.get("properties") or {})
    by = Source(str(given["source"])) if given.get("source") else Source("CRM_UI", _user(person, given))
    return records.update(world, person, values, by, at)


def call(world: World, given: Given, at: int) -> Record:
    """The owner (or `owner_id`) calls; `direction` INBOUND turns it round."""
    person = _whom(world, given)
    values = {
        "hs_call_title": f"Call with {person.properties.get('firstname', 'a lead')}",
        "hs_call_direction": str(given.get("direction") or "OUTBOUND"),
        "hs_call_status": str(given.get("status") or "COMPLETED"),
        "hs_call_duration": "240000",
    }
    return _logged(world, CALL, person, values, given, at)


def email(world: World, given: Given, at: int) -> Record:
    """The owner writes; with `incoming`, the contact answers."""
    incoming = str(given.get("incoming", "")).lower() in ("true", "1")
    values = {
        "hs_email_subject": "Re: Your question about Brightwell" if incoming else "Your question about Brightwell",
        "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
        "hs_email_status": "SENT",
    }
    return _logged(world, EMAIL, _whom(world, given), values, given, at)


def meeting(world: World, given: Given, at: int) -> Record:
    """A meeting tomorrow; `source` says who booked it."""
    values = {
        "hs_meeting_title": "Brightwell demo",
        "hs_meeting_start_time": clock.iso(at + clock.DAY),
        "hs_meeting_end_time": clock.iso(at + clock.DAY + 30 * clock.MINUTE),
        "hs_meeting_outcome": "SCHEDULED",
        "hs_meeting_source": str(given.get("source") or "MEETINGS_PUBLIC"),
    }
    return _logged(world, MEETING, _whom(world, given), values, given, at)


def reject(world: World, given: Given, at: int) -> Record:
    """A rep sets the lead to unqualified, with a `reason` if the portal keeps reasons."""
    person = _whom(world, given)
    values = {"hs_lead_status": "UNQUALIFIED"}
    reasons = reasons_of(world.catalogue)
    if reasons:
        values["handoff_rejection_reason"] = str(given.get("reason") or world.random.choice(reasons))
    checked = records.check(world, CONTACT, values)
    return records.update(world, person, checked, Source("CRM_UI", _user(person, given)), at)


def reasons_of(catalogue: Catalogue) -> list[str]:
    """What a rep may choose as a reason; empty when the portal has no such property."""
    definition = catalogue.of(CONTACT).get("handoff_rejection_reason")
    if definition is None:
        return []
    return [option["value"] for option in definition.body["options"] if not option.get("hidden")] or list(REASONS)


def _whom(world: World, given: Given) -> Record:
    return cast.named(world, given) or cast.somebody(world)


def _user(person: Record, given: Given) -> str:
    owner = str(given.get("owner_id") or person.properties.get("hubspot_owner_id") or "1001")
    return f"userId:{2_000_000 + int(owner)}"


def _logged(world: World, kind: str, person: Record, values: dict[str, str], given: Given, at: int) -> Record:
    owner = str(given.get("owner_id") or person.properties.get("hubspot_owner_id") or "1001")
    checked = records.check(world, kind, values | {"hubspot_owner_id": owner})
    ago = _number(given, "minutes_ago") or 0
    activity.log(world, kind, person, checked, owner, at - ago * clock.MINUTE)
    return world.store.read(CONTACT, [person.id])[0]


def _number(given: Given, name: str) -> int | None:
    value = given.get(name)
    if value in (None, ""):
        return None
    if not str(value).isdecimal():
        raise Refused(400, f"{name} must be a whole number, got {value!r}")
    return int(str(value))


ACTS: dict[str, Callable[[World, Given, int], Record]] = {
    "demo_request": demo_request,
    "form": form,
    "page_view": page_view,
    "email_open": email_open,
    "contact": contact,
    "edit": edit,
    "call": call,
    "email": email,
    "meeting": meeting,
    "reject": reject,
    "archive": removal.archive,
    "restore": removal.restore,
    "merge": removal.merge,
    "erase": removal.erase,
}
