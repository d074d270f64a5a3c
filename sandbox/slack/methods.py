"""Slack's Web API: one route, one function per method, errors as `ok: false` in HTTP 200."""

import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from sandbox.slack import arguments, conversations, messages, users
from sandbox.slack.arguments import Args
from sandbox.slack.workspace import SlackError, Workspace
from sandbox.world import World, world_of

router = APIRouter()


@router.post("/api/{method}")
@router.get("/api/{method}")
async def call(method: str, request: Request, world: Annotated[World, Depends(world_of)]) -> Response:
    """Any method, with JSON, form or query arguments."""
    try:
        args = await arguments.read(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or args.pop("token", "")
        if not token:
            raise SlackError("not_authed")
        if not hmac.compare_digest(str(token).encode(), world.settings.slack_token.encode()):
            raise SlackError("invalid_auth")
        function = METHODS.get(method)
        if function is None:
            raise SlackError("unknown_method")
        if method != "chat.postMessage":
            world.slack.admit(method)
        answer = function(world.slack, args)
        return JSONResponse({"ok": True} | answer)
    except SlackError as error:
        body: dict[str, Any] = {"ok": False, "error": error.error}
        if error.messages:
            body |= {"errors": error.messages, "response_metadata": {"messages": error.messages}}
        if error.retry_after:
            return JSONResponse(body, 429, {"Retry-After": str(error.retry_after)})
        return JSONResponse(body)


METHODS: dict[str, Callable[[Workspace, Args], Args]] = {
    "api.test": lambda slack, args: {"args": args},
    "auth.test": users.auth_test,
    "chat.postMessage": messages.post_message,
    "chat.update": messages.update,
    "chat.getPermalink": messages.permalink,
    "users.lookupByEmail": users.lookup_by_email,
    "users.info": users.user_info,
    "reactions.add": messages.add_reaction,
    "conversations.open": conversations.open_dm,
    "conversations.list": conversations.list_all,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "views.open": conversations.open_view,
}
