"""Slack's Web API: one route, one function per method, errors as `ok: false` in HTTP 200."""

import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from sandbox.slack import arguments, conversations, messages, modals, uploads, users
from sandbox.slack.arguments import Args
from sandbox.slack.errors import SlackError
from sandbox.slack.rates import MESSAGE
from sandbox.slack.trouble import Trouble
from sandbox.slack.workspace import Workspace
from sandbox.world import World, world_of

router = APIRouter()


@router.post("/api/{method}")
@router.get("/api/{method}")
async def call(method: str, request: Request, world: Annotated[World, Depends(world_of)]) -> Response:
    """Any method, with JSON, form or query arguments."""
    slack = world.slack
    try:
        args = await arguments.read(request)
        _check_token(world, request.headers.get("authorization", "").removeprefix("Bearer ") or args.pop("token", ""))
        slack.address = str(request.base_url).rstrip("/")
        function = METHODS.get(method)
        if function is None:
            raise SlackError("unknown_method")
        if method != MESSAGE:
            slack.admit(method)
        trouble = Trouble(world.faults, request.method, request.url.path, method)
        trouble.before()
        return JSONResponse({"ok": True} | await trouble.after(function(slack, args)))
    except SlackError as error:
        body: dict[str, Any] = {"ok": False, "error": error.error}
        if error.messages:
            body |= {"errors": error.messages, "response_metadata": {"messages": error.messages}}
        if error.retry_after:
            return JSONResponse(body, 429, {"Retry-After": str(error.retry_after)})
        return JSONResponse(body)


def _check_token(world: World, token: str) -> None:
    if not token:
        raise SlackError("not_authed")
    if not hmac.compare_digest(str(token).encode(), world.settings.slack_token.encode()):
        raise SlackError("invalid_auth")
    if world.slack.token_error:
        raise SlackError(world.slack.token_error)


METHODS: dict[str, Callable[[Workspace, Args], Args]] = {
    "api.test": lambda slack, args: {"args": args},
    "auth.test": users.auth_test,
    MESSAGE: messages.post_message,
    "chat.update": messages.update,
    "chat.delete": messages.delete,
    "chat.postEphemeral": messages.post_ephemeral,
    "chat.getPermalink": messages.permalink,
    "users.lookupByEmail": users.lookup_by_email,
    "users.info": users.user_info,
    "reactions.add": messages.add_reaction,
    "conversations.open": conversations.open_dm,
    "conversations.list": conversations.list_all,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "files.getUploadURLExternal": uploads.get_upload_url,
    "files.completeUploadExternal": uploads.complete_upload,
    "views.open": modals.open_view,
    "views.update": modals.update_view,
}
