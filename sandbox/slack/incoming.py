"""Slack's incoming webhooks: an address that is a secret, a message to one channel, an answer that is not JSON.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response

from sandbox.company.reference import BOT_ID, CHANNELS
from sandbox.slack import messages
from sandbox.slack.errors import SlackError
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]

KEY = "sandboxIncomingWebhook01"
CHANNEL_NAME = "revenue-review"
_STATUS = {"channel_is_archived": 410, "no_text": 400, "invalid_blocks": 400, "msg_too_long": 400}


@router.post("/services/{team}/{app}/{key}")
async def incoming(key: str, request: Request, world: TheWorld) -> Response:
    """Post to the channel that the webhook was made for; the body is JSON, or a form whose `payload` is.

    A channel, a user name or an icon in the body is ignored, as it is for webhooks of an app.
    """
    if key != KEY:
        return PlainTextResponse("no_service", 404)
    try:
        given = await _read(request)
        channel = next(channel for channel, name in CHANNELS.items() if name == CHANNEL_NAME)
        if channel in world.slack.archived:
            raise SlackError("channel_is_archived")
        world.slack.admit("chat.postMessage", f"webhook:{key}")
        world.slack.post(channel, BOT_ID, messages.content(given), given.get("thread_ts"))
    except SlackError as error:
        if error.error == "ratelimited":
            return PlainTextResponse("rate_limited", 429, {"Retry-After": str(error.retry_after)})
        return PlainTextResponse(error.error, _STATUS.get(error.error, 400))
    return PlainTextResponse("ok")


async def _read(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        async with request.form() as form:
            text = str(form.get("payload") or "")
    else:
        text = (await request.body()).decode("utf-8", "replace")
    try:
        given = json.loads(text)
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(given, dict):
        raise SlackError("invalid_payload")
    return given
