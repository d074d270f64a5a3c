"""Control of the Slack workspace: who and what is gone, where interactions go, and what nobody else can see."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sandbox import clock
from sandbox.company.reference import CHANNELS, Owner
from sandbox.hubspot.errors import Refused
from sandbox.slack import given as body
from sandbox.slack.errors import SlackError
from sandbox.slack.people import url_of
from sandbox.slack.triggers import TRIGGER_SECONDS
from sandbox.world import World, world_of

router = APIRouter(prefix="/_sandbox/slack")
TheWorld = Annotated[World, Depends(world_of)]


@router.post("/user")
async def set_user(request: Request, world: TheWorld) -> dict[str, Any]:
    """Deactivate a person, or with `deactivated` false take them back; with an `email`, somebody new comes."""
    given = await body.read(request)
    user, known = body.text(given, "user"), [person.slack_id for person in world.slack.people()]
    if "email" in given and user not in known:
        world.slack.joined.append(_newcomer(user, given))
        return {"user": user, "deactivated": False}
    _one_of(known, user)
    _put(world.slack.inactive, user, bool(given.get("deactivated", True)))
    return {"user": user, "deactivated": user in world.slack.inactive}


@router.post("/channel")
async def set_channel(request: Request, world: TheWorld) -> dict[str, Any]:
    """Archive a channel (`archived`), or take the app out of it (`member` false)."""
    given = await body.read(request)
    channel = _one_of(CHANNELS, body.text(given, "channel"))
    if "archived" in given:
        _put(world.slack.archived, channel, bool(given["archived"]))
    if "member" in given:
        _put(world.slack.absent, channel, not given["member"])
    return {
        "channel": channel,
        "archived": channel in world.slack.archived,
        "member": channel not in world.slack.absent,
    }


@router.post("/token")
async def set_token(request: Request, world: TheWorld) -> dict[str, Any]:
    """Let every call fail with `error`, such as `token_revoked` or `account_inactive`; empty = the token holds."""
    world.slack.token_error = str((await body.read(request)).get("error") or "")
    return {"error": world.slack.token_error}


@router.post("/delete")
async def delete(request: Request, world: TheWorld) -> dict[str, Any]:
    """A person deletes a message, so that no history shows it."""
    given = await body.read(request)
    channel, ts = body.text(given, "channel"), body.text(given, "ts")
    try:
        world.slack.delete(channel, ts)
    except SlackError as error:
        raise Refused(404, f"no message {ts} in {channel}") from error
    return {"channel": channel, "ts": ts}


@router.post("/trigger")
async def trigger(request: Request, world: TheWorld) -> dict[str, Any]:
    """A `trigger_id` of `user`, as from a command; it holds for `seconds`."""
    given = await body.read(request)
    user = _one_of((person.slack_id for person in world.slack.active_people()), body.text(given, "user"))
    seconds = float(given.get("seconds", TRIGGER_SECONDS))
    return {"trigger_id": world.slack.triggers.issue(user, clock.ticks(), seconds)}


@router.get("/interactivity")
async def interactivity(world: TheWorld) -> dict[str, Any]:
    """Where interactions go."""
    return {"url": url_of(world)}


@router.post("/interactivity")
async def set_interactivity(request: Request, world: TheWorld) -> dict[str, Any]:
    """Send interactions to another `url`; empty = nowhere."""
    world.slack.interactivity.url = str((await body.read(request)).get("url") or "")
    return {"url": url_of(world)}


@router.get("/interactions")
async def interactions(world: TheWorld, since: int = 0) -> dict[str, Any]:
    """Interactions after number `since`, with the app's answers and what the person saw of a failure."""
    return {"interactions": [each.seen() for each in world.slack.interactivity.sent if each.n > since]}


@router.get("/views")
async def views(world: TheWorld) -> dict[str, Any]:
    """The open modals, the one on top last."""
    return {"views": [{"user": v.user, "errors": v.errors, **v.body} for v in world.slack.views.open_ones.values()]}


@router.get("/ephemeral")
async def ephemeral(world: TheWorld) -> dict[str, Any]:
    """Messages that one person saw."""
    return {"messages": [asdict(each) for each in world.slack.ephemeral]}


@router.get("/limits")
async def limits(world: TheWorld) -> dict[str, Any]:
    """How often each limited method was called, how often it was refused, and the peaks of all attempts."""
    return {"enabled": world.slack.limited, "methods": world.slack.rates.seen()}


@router.delete("/limits")
async def forget_limits(world: TheWorld) -> dict[str, Any]:
    """Count anew."""
    world.slack.rates.forget()
    return await limits(world)


@router.get("/files/{file_id}")
async def file(file_id: str, world: TheWorld) -> Response:
    """What was uploaded."""
    found = world.slack.files.by_id.get(file_id)
    if found is None or found.content is None:
        raise Refused(404, f"there is no file {file_id!r}")
    # A page that an app uploaded must not run as one of the sandbox's own.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=found.body()["mimetype"], headers=headers)


def _newcomer(user: str, given: dict[str, Any]) -> Owner:
    first, last, zone = (str(given.get(name) or "") for name in ("first_name", "last_name", "time_zone"))
    return Owner("", 0, first, last, body.text(given, "email").lower(), user, zone or "UTC")


def _one_of(known: Iterable[str], given: str) -> str:
    there = list(known)
    if given not in there:
        raise Refused(404, f"no {given!r}: there are {', '.join(there)}")
    return given


def _put(members: set[str], one: str, inside: bool) -> None:
    if inside:
        members.add(one)
    else:
        members.discard(one)
