"""The secret addresses that Slack hands out: one that takes a file's bytes, one that answers an action.

They begin with `/api/` so that the log holds them and faults befall them.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sandbox import clock
from sandbox.company.reference import BOT_ID
from sandbox.slack import arguments, messages
from sandbox.slack.errors import SlackError
from sandbox.slack.triggers import ResponseUrl
from sandbox.slack.workspace import Ephemeral, Workspace
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
_GONE = ("no_such_url", "expired_url", "used_url")


@router.post("/api/upload/v1/{key}")
async def upload(key: str, request: Request, world: TheWorld) -> Response:
    """A file's bytes, raw or as the one file of a form."""
    content = await request.body()
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            parts = [part for part in form.values() if not isinstance(part, str)]
            content = await parts[0].read() if parts else b""
    file = world.slack.files.receive(key, content)
    return PlainTextResponse(f"OK - {len(content)}") if file else PlainTextResponse("no such upload", 404)


@router.post("/api/actions/{team}/{number}/{key}")
async def respond(key: str, request: Request, world: TheWorld) -> Response:
    """An app's answer to an action: to the person alone unless it says otherwise."""
    try:
        url = world.slack.response_urls.use(key, clock.ticks())
        _answer(world.slack, url, await arguments.read(request))
    except SlackError as error:
        status = 404 if error.error in _GONE else 400
        return JSONResponse({"ok": False, "error": error.error}, status)
    return PlainTextResponse("ok")


def _answer(slack: Workspace, url: ResponseUrl, args: arguments.Args) -> None:
    if arguments.is_true(args.get("delete_original")):
        slack.delete(url.channel, url.ts)
        return
    body = messages.content(args)
    if arguments.is_true(args.get("replace_original")):
        slack.replace(url.channel, messages.rewritten(slack.message(url.channel, url.ts), body))
    elif args.get("response_type") == "in_channel":
        slack.post(url.channel, BOT_ID, body, args.get("thread_ts"))
    else:
        message = {"type": "message", "user": BOT_ID, "ts": slack.stamp(), **body}
        slack.ephemeral.append(Ephemeral(url.channel, url.user, message))
