"""Control of the sandbox itself: health, log, faults, limits, life, webhooks, and the truth about Slack."""

import json
from dataclasses import asdict, fields
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox import clock
from sandbox.company import seed
from sandbox.company.reference import CHANNELS, OWNERS_BY_SLACK
from sandbox.faults import rule
from sandbox.hubspot import control as hubspot
from sandbox.hubspot.errors import Refused
from sandbox.world import Life, World, world_of

router = APIRouter(prefix="/_sandbox")
router.include_router(hubspot.router)
TheWorld = Annotated[World, Depends(world_of)]
UNREST = ("duplicate", "shuffle", "repeat_event_id", "lose", "delay_seconds")


async def _given(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw) if raw else {}
    except ValueError as error:
        raise Refused(400, f"the body must be JSON: {error}") from error


@router.get("/health")
async def health(world: TheWorld) -> dict[str, Any]:
    """Whether it serves, and how much it holds."""

    def count(sql: str) -> int:
        row = world.store.one(sql)
        return int(row[0]) if row else 0

    return {
        "status": "ok",
        "now": clock.iso(clock.now()),
        "contacts": count("SELECT count(*) FROM objects WHERE type='0-1' AND archived=0"),
        "companies": count("SELECT count(*) FROM objects WHERE type='0-2' AND archived=0"),
        "events": count("SELECT count(*) FROM events"),
        "submissions": count("SELECT count(*) FROM submissions"),
        "messages": count("SELECT count(*) FROM messages"),
        "requests": world.requests,
        "seed": world.settings.seed,
    }


@router.get("/log")
async def log(world: TheWorld, since: int = 0, vendor: str = "", path: str = "", limit: int = 1000) -> dict[str, Any]:
    """Requests after number `since`, oldest first; the newest `limit` of them."""
    found = [e for e in world.log if e.n > since and vendor in ("", e.vendor) and path in e.path]
    return {"requests": [asdict(entry) for entry in found[-limit:]], "total": len(found)}


@router.delete("/log")
async def clear_log(world: TheWorld) -> dict[str, Any]:
    """Forget the log."""
    world.log.clear()
    return {"requests": []}


@router.get("/faults")
async def faults(world: TheWorld) -> dict[str, Any]:
    """The rules in force, with how often each was asked and struck."""
    return {"faults": [asdict(r) for r in world.faults.rules]}


@router.post("/faults")
async def set_faults(request: Request, world: TheWorld) -> dict[str, Any]:
    """Replace the rules: one rule, or `{"faults": [rule, …]}`."""
    given = await _given(request)
    try:
        world.faults.rules = [rule(item) for item in (given.get("faults", [given]))]
    except (TypeError, ValueError) as error:
        raise Refused(400, f"invalid fault: {error}") from error
    return {"faults": [asdict(r) for r in world.faults.rules]}


@router.delete("/faults")
async def clear_faults(world: TheWorld) -> dict[str, Any]:
    """No more faults."""
    world.faults.rules = []
    return {"faults": []}


@router.get("/limits")
async def limits(world: TheWorld) -> dict[str, Any]:
    """HubSpot's buckets, how often each refused, and the most that was tried at a time."""
    return world.limits.usage()


@router.post("/limits")
async def set_limits(request: Request, world: TheWorld) -> dict[str, Any]:
    """Change `enabled`, `per_second`, `per_ten_seconds`, `per_day`; `enabled` holds for Slack and Apollo too."""
    for name, value in (await _given(request)).items():
        if name not in ("enabled", "per_second", "per_ten_seconds", "per_day"):
            raise Refused(400, f"unknown limit {name!r}")
        setattr(world.limits, name, bool(value) if name == "enabled" else int(value))
    world.slack.limited = world.apollo.limited = world.limits.enabled
    return world.limits.usage()


@router.delete("/limits")
async def forget_limits(world: TheWorld) -> dict[str, Any]:
    """Count refusals and peaks from now on."""
    world.limits.forget()
    return world.limits.usage()


@router.get("/life")
async def life(world: TheWorld) -> dict[str, Any]:
    """The rate at which things happen, and how reps behave."""
    return asdict(world.life)


@router.post("/life")
async def set_life(request: Request, world: TheWorld) -> dict[str, Any]:
    """Change `rate`, `reps`, `accept`, `reject`, `delay_seconds`."""
    given, known = await _given(request), {f.name for f in fields(Life)} - {"last_refusal"}
    for name, value in given.items():
        if name not in known:
            raise Refused(400, f"unknown field {name!r}: give {', '.join(sorted(known))}")
        setattr(world.life, name, bool(value) if name == "reps" else float(value))
    if "rate" in given and "reps" not in given:
        world.life.reps = world.life.rate > 0
    return asdict(world.life)


@router.get("/webhooks")
async def webhooks(world: TheWorld) -> dict[str, Any]:
    """Where webhooks go, and how many went."""
    hooks = world.webhooks
    return {
        "url": hooks.url,
        "waiting": len(hooks.waiting),
        "delivered": hooks.delivered,
        "failedAttempts": hooks.failed_attempts,
        "abandoned": hooks.abandoned,
        "lastError": hooks.last_error,
        **{name: getattr(hooks.unrest, name) for name in UNREST},
    }


@router.post("/webhooks")
async def set_webhooks(request: Request, world: TheWorld) -> dict[str, Any]:
    """Send webhooks to another `url` (empty = nowhere), or badly: see `sandbox.hubspot.unrest.Unrest`."""
    given = await _given(request)
    for name, value in given.items():
        if name not in ("url", *UNREST):
            raise Refused(400, f"unknown field {name!r}: give url, {', '.join(UNREST)}")
        if name != "url":
            setattr(world.webhooks.unrest, name, float(value))
    if "url" in given:
        world.webhooks.point(str(given["url"] or ""))
    return await webhooks(world)


@router.post("/reset")
async def reset(request: Request, world: TheWorld) -> dict[str, Any]:
    """Start again with `contacts` contacts (default: as many as at start) and a history that ends at `until`,
    epoch milliseconds (default: now): with one seed and one `until` it is the same history."""
    given = await _given(request)
    contacts, until = int(given.get("contacts", world.settings.contacts)), int(given.get("until", clock.now()))
    world.reset()
    seed.fill(world, contacts, until)
    return await health(world)


@router.get("/slack/messages")
async def messages(world: TheWorld, channel: str = "", since: str = "") -> dict[str, Any]:
    """Every message with its metadata, oldest first; `channel` is an id, `since` a message's `ts`."""
    found = world.slack.messages("(? = '' OR channel = ?) AND ts > ? ORDER BY ts", channel, channel, since)
    return {"messages": [{"channel": c, "channelName": _name(c), **m} for c, m in found]}


def _name(channel: str) -> str:
    owner = OWNERS_BY_SLACK.get("U" + channel[1:])
    return CHANNELS.get(channel) or (owner.name if owner else channel)
