"""Checks of property values on API writes: one bad value refuses the whole record."""

import json
import math
import re
from collections.abc import Collection
from typing import Any

from sandbox import clock
from sandbox.hubspot.definitions import Definition
from sandbox.hubspot.errors import Refused
from sandbox.settings import PORTAL_ID

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\".]+(\.[^@\s,;<>()\".]+)+")
_MAX_CHARACTERS = 65_536


def clean(definitions: dict[str, Definition], properties: object, owners: Collection[str]) -> dict[str, str]:
    """Check and normalise what a client wrote; an empty string means clear.

    Args:
        definitions: the object type's properties by name.
        properties: the `properties` of the request's body.
        owners: ids of owners that are not archived.

    Raises:
        Refused: 400; the message holds HubSpot's list of what is wrong, as JSON.
    """
    if not isinstance(properties, dict):
        raise Refused(400, "Invalid input JSON: properties must be an object")
    values: dict[str, str] = {}
    faults: list[dict[str, Any]] = []
    for name, given in properties.items():
        definition = definitions.get(name)
        if definition is None:
            faults.append(_fault(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif definition.read_only:
            message = f'"{name}" is a read only property; its value cannot be set.'
            faults.append(_fault(name, "READ_ONLY_VALUE", message))
        elif given is None or given == "":
            values[name] = ""
        elif isinstance(given, dict | list):
            faults.append(_fault(name, "INVALID_TYPE", f'Property "{name}" must be a string'))
        else:
            text = ("true" if given else "false") if isinstance(given, bool) else str(given)
            try:
                values[name] = _value(definition, text, owners)
            except ValueError as wrong:
                code, message = wrong.args
                faults.append(_fault(name, code, message))
    if faults:
        errors = [
            {"message": f["message"], "code": f["error"], "context": {"propertyName": [f["name"]]}} for f in faults
        ]
        raise Refused(400, f"Property values were not valid: {json.dumps(faults)}", errors=errors)
    return values


def is_email(text: str) -> bool:
    """Whether HubSpot would take it for an address."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def _value(definition: Definition, text: str, owners: Collection[str]) -> str:
    if len(text) > _MAX_CHARACTERS:
        raise ValueError("PROPERTY_VALUE_TOO_LONG", f"Value is longer than {_MAX_CHARACTERS} characters")
    if definition.name == "email":
        if not is_email(text.strip()):
            raise ValueError("INVALID_EMAIL", f"Email address {text} is invalid")
        return text.strip().lower()
    if definition.owner:
        if text not in owners:
            raise ValueError("INVALID_OWNER_ID", f"Owner {text} does not exist")
        return text
    if definition.type == "number":
        return _number(text)
    if definition.type in ("date", "datetime"):
        try:
            at = clock.parse(text)
        except ValueError:
            raise ValueError("INVALID_DATE", f"{text} was not a valid long.") from None
        return clock.iso(at)[:10] if definition.type == "date" else clock.iso(at)
    if definition.type == "bool" and text not in ("true", "false"):
        raise ValueError("INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    if definition.type == "enumeration" and definition.options:
        several = definition.body.get("fieldType") == "checkbox"
        for part in text.split(";") if several else [text]:
            if part and part not in definition.options:
                allowed = ", ".join(option["value"] for option in definition.body["options"])
                raise ValueError("INVALID_OPTION", f"{part} was not one of the allowed options: [{allowed}]")
    return text


def _number(text: str) -> str:
    try:
        valid = math.isfinite(float(text))
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("INVALID_INTEGER", f"{text} was not a valid number.")
    return text


def _fault(name: str, error: str, message: str) -> dict[str, Any]:
    return {
        "isValid": False,
        "message": message,
        "error": error,
        "name": name,
        "localizedErrorMessage": message,
        "portalId": PORTAL_ID,
    }
