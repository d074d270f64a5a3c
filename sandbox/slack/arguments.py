"""Arguments of a Slack call: JSON, form or query."""

import json
from typing import Any

from fastapi import Request

from sandbox.slack.errors import SlackError

Args = dict[str, Any]
_JSON = {
    "blocks": "invalid_blocks_format",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "files": "invalid_arguments",
}
"""What a form carries as JSON text, and the error when it cannot be read."""


async def read(request: Request) -> Args:
    """All arguments of a request.

    Raises:
        SlackError: the body, or JSON inside a form, cannot be read.
    """
    args: Args = dict(request.query_params)
    if request.method == "POST" and "json" in request.headers.get("content-type", ""):
        try:
            given = json.loads(await request.body() or b"{}")
        except ValueError as wrong:
            raise SlackError("invalid_json") from wrong
        if not isinstance(given, dict):
            raise SlackError("json_not_object")
        return args | given
    if request.method == "POST":
        async with request.form() as form:
            args |= {name: value for name, value in form.items() if isinstance(value, str)}
    for name, error in _JSON.items():
        if isinstance(args.get(name), str) and args[name]:
            try:
                args[name] = json.loads(args[name])
            except ValueError as wrong:
                raise SlackError(error) from wrong
    return args


def required(args: Args, name: str, error: str = "invalid_arguments") -> str:
    """An argument that must be there."""
    value = args.get(name)
    if value in (None, ""):
        raise SlackError(error, [f"[ERROR] missing required field: {name}"] if error == "invalid_arguments" else None)
    return str(value)


def is_true(given: object) -> bool:
    """Whether a flag was set, in JSON or in a form."""
    return str(given).lower() in ("true", "1")
