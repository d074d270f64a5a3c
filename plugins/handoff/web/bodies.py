"""Bodies of signed requests, read strictly: one encoding, one parser for each format, bounded depth."""

import json
import math
from typing import Any
from urllib.parse import parse_qsl

from handoff.ledger.storable import storable

DEEPEST = 32
"""Levels of nesting. Slack's messages, the deepest that is sent to us, have about twelve."""
MOST_FIELDS = 16


class BadBody(ValueError):
    """The body is not what was asked for; the message says why and repeats nothing of it beyond a short value."""


def read_json(body: bytes | str) -> Any:
    """A JSON value that Postgres can hold: no NUL, no half characters, no number beyond what a float holds.

    Raises:
        BadBody: not UTF-8, not JSON, or nested deeper than `DEEPEST`.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        value = json.loads(text, parse_constant=_refused, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise BadBody("the body is not JSON") from error
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [child for each in level for child in _children(each)]
        if not level:
            return storable(value)
    raise BadBody("the body is nested too deep")


def read_form(body: bytes) -> list[tuple[str, str]]:
    """The fields of an `application/x-www-form-urlencoded` body, in order, repeated ones too.

    Raises:
        BadBody: not UTF-8, not a form, or more than `MOST_FIELDS` fields.
    """
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise BadBody("the body is not a form") from error


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _number(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
