"""What a control request gives: JSON, or the form of a page."""

import json
from typing import Any

from fastapi import Request

from sandbox.hubspot.errors import Refused


def is_form(request: Request) -> bool:
    """Whether a person sent it from a page."""
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


async def read(request: Request) -> dict[str, Any]:
    """The fields of a request; a form's `block/action` fields become `values` by block and action.

    Raises:
        Refused: 400, the body is no JSON object.
    """
    if is_form(request):
        return await _form(request)
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise Refused(400, f"the body must be JSON: {error}") from error
    if not isinstance(given, dict):
        raise Refused(400, "the body must be a JSON object")
    return given


def text(given: dict[str, Any], name: str) -> str:
    """A field that must be there.

    Raises:
        Refused: 400, it is not.
    """
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"give {name}")
    return value


async def _form(request: Request) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    values: dict[str, dict[str, Any]] = {}
    async with request.form() as form:
        for name in form:
            all_given = [str(value) for value in form.getlist(name) if value]
            block, slash, action = name.partition("/")
            if slash:
                values.setdefault(block, {})[action] = all_given if len(all_given) > 1 else "".join(all_given)
            else:
                fields[name] = "".join(all_given[:1])
    return fields | ({"values": values} if values else {})
