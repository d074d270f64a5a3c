"""What people do in Slack: `POST /_sandbox/slack/{click,submit,close}`, with JSON or from a page's form."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from sandbox import clock
from sandbox.company.reference import TEAM_ID, Owner
from sandbox.hubspot.errors import Refused
from sandbox.slack import given as body
from sandbox.slack import modals, payloads
from sandbox.slack.errors import SlackError
from sandbox.slack.interactions import Interaction, Signing
from sandbox.slack.views import Body, View
from sandbox.world import World, world_of

router = APIRouter(prefix="/_sandbox/slack")
TheWorld = Annotated[World, Depends(world_of)]
MOST_TIMES = 100


def url_of(world: World) -> str:
    """Where interactions go; empty = nowhere."""
    chosen = world.slack.interactivity.url
    return world.settings.slack_interactivity_url if chosen is None else chosen


@router.post("/click")
async def click(request: Request, world: TheWorld) -> Response:
    """Press a message's button, or choose `value` in its menu.

    `user` is one person or a list; each presses `times` times, one press after the other, or all `together`. `secret`
    and `seconds_ago` spoil the signature.
    """
    given = await body.read(request)
    channel, ts = body.text(given, "channel"), body.text(given, "ts")
    users = given["user"] if isinstance(given.get("user"), list) else [body.text(given, "user")]
    times = int(given.get("times") or 1)
    if not 1 <= times <= MOST_TIMES:
        raise Refused(400, f"times must be between 1 and {MOST_TIMES}")
    presses = [(_person(world, str(user)), body.text(given, "action_id")) for user in users for _ in range(times)]
    url, signing = _target(world), _signing(world, given)

    async def press(person: Owner, action_id: str) -> Interaction:
        payload = _pressed(world, request, person, channel, ts, action_id, given.get("value"))
        return await world.slack.interactivity.send(url, payload, signing)

    if given.get("together"):
        sent = list(await asyncio.gather(*(press(*each) for each in presses)))
    else:
        sent = [await press(*each) for each in presses]
    return _answer(request, channel, sent)


@router.post("/submit")
async def submit(request: Request, world: TheWorld) -> Response:
    """Submit a modal with `values`, by block and action or by action alone; `user` is whose it is unless given."""
    given = await body.read(request)
    view = _view(world, given)
    person = _person(world, str(given.get("user") or view.user))
    trigger_id = world.slack.triggers.issue(person.slack_id, clock.ticks())
    try:
        payload = payloads.view_submission(person, view.body, given.get("values") or {}, trigger_id)
    except payloads.Unfinished as error:
        raise Refused(400, str(error)) from error
    sent = await world.slack.interactivity.send(_target(world), payload, _signing(world, given))
    modals.answered(world.slack, view, sent)
    return _answer(request, str(given.get("channel") or ""), [sent])


@router.post("/close")
async def close(request: Request, world: TheWorld) -> Response:
    """Close a modal without submitting it; the app hears of it if it asked to."""
    given = await body.read(request)
    view = _view(world, given)
    world.slack.views.close(view)
    sent = []
    if view.body["notify_on_close"]:
        payload = payloads.view_closed(_person(world, view.user), view.body, is_cleared=False)
        sent.append(await world.slack.interactivity.send(_target(world), payload, _signing(world, given)))
    return _answer(request, str(given.get("channel") or ""), sent)


@router.post("/replay")
async def replay(request: Request, world: TheWorld) -> Response:
    """Send the interaction number `n` again, byte for byte."""
    n, sent = int((await body.read(request)).get("n") or 0), world.slack.interactivity.sent
    if not 1 <= n <= len(sent):
        raise Refused(404, f"there is no interaction {n}")
    return _answer(request, "", [await world.slack.interactivity.replay(_target(world), sent[n - 1])])


def _pressed(world: World, request: Request, person: Owner, channel: str, ts: str, action_id: str, value: Any) -> Body:
    slack, now = world.slack, clock.ticks()
    try:
        message = slack.message(slack.channel(channel), ts)
        action = payloads.pressed(message, action_id, value, slack.stamp())
    except (SlackError, payloads.Unfinished) as error:
        raise Refused(404, f"nothing to press: {error}") from error
    address = slack.address or str(request.base_url).rstrip("/")
    key = slack.response_urls.issue(person.slack_id, channel, ts, now)
    response_url = f"{address}/api/actions/{TEAM_ID}/{len(slack.interactivity.sent) + 1}/{key}"
    trigger_id = slack.triggers.issue(person.slack_id, now)
    return payloads.block_actions(person, channel, message, action, trigger_id, response_url)


def _person(world: World, user: str) -> Owner:
    for person in world.slack.active_people():
        if person.slack_id == user:
            return person
    raise Refused(404, f"nobody active is {user!r}")


def _view(world: World, given: dict[str, Any]) -> View:
    try:
        return world.slack.views.find(body.text(given, "view_id"))
    except SlackError as error:
        raise Refused(404, f"no open view {given['view_id']!r}") from error


def _target(world: World) -> str:
    if not url_of(world):
        raise Refused(409, "interactions go nowhere: set SANDBOX_SLACK_INTERACTIVITY_URL")
    return url_of(world)


def _signing(world: World, given: dict[str, Any]) -> Signing:
    return Signing(str(given.get("secret") or world.settings.slack_secret), int(given.get("seconds_ago") or 0))


def _answer(request: Request, channel: str, sent: list[Interaction]) -> Response:
    if body.is_form(request):
        return RedirectResponse(f"/slack?channel={channel}" if channel else "/slack", 303)
    return JSONResponse({"interactions": [each.seen() for each in sent]})
