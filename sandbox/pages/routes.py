"""Pages that a person reads: an index, Slack as its users see it, and the CRM's contacts."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from sandbox import clock
from sandbox.company.reference import CHANNELS
from sandbox.hubspot.types import COMPANY, CONTACT
from sandbox.pages import timeline
from sandbox.slack import mrkdwn
from sandbox.slack.people import url_of
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
MESSAGES, CONTACTS = 60, 50
_templates = Jinja2Templates(Path(__file__).parent / "templates")
_templates.env.globals |= {"mrkdwn": mrkdwn.render, "name_of": mrkdwn.name_of, "owner_name": timeline.owner_name}
_templates.env.filters["moment"] = lambda ts: clock.iso(int(float(ts) * 1000))[5:16].replace("T", " ")


@router.get("/")
async def index(request: Request, world: TheWorld) -> Response:
    """Where everything is."""
    rows = world.store.rows("SELECT type, count(*) FROM objects WHERE archived=0 GROUP BY type")
    counts: dict[str, int] = dict(rows)
    messages = world.store.rows("SELECT count(*) FROM messages")[0][0]
    facts = {"contacts": counts.get(CONTACT, 0), "companies": counts.get(COMPANY, 0), "messages": messages}
    return _page(request, "index.html", {"facts": facts, "life": world.life})


@router.get("/slack")
async def slack(request: Request, world: TheWorld, channel: str = "C0HANDOFFS") -> Response:
    """One channel, newest message last."""
    counts: dict[str, int] = dict(world.store.rows("SELECT channel, count(*) FROM messages GROUP BY channel"))
    rooms = [(given, f"# {name}", counts.get(given, 0)) for given, name in CHANNELS.items()]
    people = world.slack.active_people()
    direct = [(d := "D" + p.slack_id[1:], p.name, counts.get(d, 0)) for p in people]
    found = world.slack.messages("channel = ? ORDER BY ts DESC LIMIT ?", channel, MESSAGES)
    title = {given: label for given, label, _ in rooms + direct}.get(channel)
    if title is None:
        return _page(request, "missing.html", {"what": f"channel {channel}"}, 404)
    messages = [message for _, message in reversed(found)]
    emoji = {ts: v for (c, ts), v in world.slack.reactions.items() if c == channel}
    here = "U" + channel[1:] if channel.startswith("D") else ""
    facts = {
        "rooms": rooms,
        "direct": direct,
        "channel": channel,
        "title": title,
        "reactions": emoji,
        "messages": messages,
        "whispers": [each for each in world.slack.ephemeral if each.channel == channel],
        "failures": _failures(world, channel),
        "modals": [view for view in world.slack.views.open_ones.values() if here in ("", view.user)],
        # Without an address for what people do, a button is a picture of one.
        "pressers": [p for p in people if here in ("", p.slack_id)] if url_of(world) else [],
    }
    return _page(request, "slack.html", facts)


def _failures(world: World, channel: str) -> dict[str, str]:
    """What people saw of the last press of each message, where it went wrong, by the message's time stamp."""
    last: dict[str, str] = {}
    for each in world.slack.interactivity.sent:
        container = each.payload.get("container", {})
        if container.get("channel_id") == channel:
            last[container["message_ts"]] = each.shown
    return last


@router.get("/crm")
async def contacts(request: Request, world: TheWorld, q: str = "", show: str = "changed", page: int = 1) -> Response:
    """Contacts, the last changed first; `show=handed` keeps those that a handoff was written to."""
    where, args = "type='0-1' AND archived=0", []
    if q:
        where += " AND instr(lower(properties), ?)"
        args.append(q.lower())
    if show == "handed":
        where += " AND instr(properties, '\"handoff_')"
    offset = max(0, page - 1) * CONTACTS
    sql = f"SELECT id FROM objects WHERE {where} ORDER BY modified DESC, id DESC LIMIT ? OFFSET ?"
    ids = [row[0] for row in world.store.rows(sql, *args, CONTACTS + 1, offset)]
    records = world.store.read(CONTACT, ids[:CONTACTS])
    rows = [(record, handoff_properties(record.properties), clock.iso(record.modified)[:19]) for record in records]
    facts = {"rows": rows, "q": q, "show": show, "page": max(1, page), "more": len(ids) > CONTACTS}
    return _page(request, "contacts.html", facts)


@router.get("/crm/contacts/{given}")
@router.get("/contacts/{portal}/record/0-1/{given}")
async def contact(request: Request, world: TheWorld, given: str) -> Response:
    """One contact, also under the path that links to HubSpot have."""
    record = world.store.get(CONTACT, int(given)) if given.isdecimal() and len(given) < 19 else None
    if record is None:
        return _page(request, "missing.html", {"what": f"contact {given}"}, 404)
    companies = world.store.read(COMPANY, world.store.associated(CONTACT, record.id, COMPANY))
    facts = {
        "record": record,
        "handoff": handoff_properties(record.properties),
        "properties": sorted(record.properties.items()),
        "companies": companies,
        "entries": timeline.of(world, record),
    }
    return _page(request, "contact.html", facts)


def handoff_properties(properties: dict[str, str]) -> dict[str, str]:
    """What the product wrote, by name without the prefix."""
    return {n.removeprefix("handoff_"): v for n, v in sorted(properties.items()) if n.startswith("handoff_")}


def _page(request: Request, name: str, facts: dict[str, Any], status: int = 200) -> HTMLResponse:
    return _templates.TemplateResponse(request, name, facts, status_code=status)
