"""Which of HubSpot's scopes a request needs, and the answer when the app lacks one."""

import json
import re
import uuid

from sandbox.hubspot.errors import Refused
from sandbox.hubspot.types import COMPANY, CONTACT, DEAL, EMAIL, PLURALS, USER, resolve

_OF_TYPE = {kind: f"crm.objects.{PLURALS[kind]}" for kind in (CONTACT, COMPANY, DEAL, USER)}
_READING_POSTS = re.compile(r"/(search|batch/read)$")
_VERSION = r"(?:v\d|2026-\d\d)"
_RECORDS = re.compile(rf"^/crm/(?:objects/{_VERSION}|{_VERSION}/objects)/([^/]+)")
_PAIRS = re.compile(rf"^/crm/(?:associations/{_VERSION}|{_VERSION}/associations)/([^/]+)/([^/]+)")
_SCHEMAS = re.compile(rf"^/crm/(?:(?:properties|pipelines)/{_VERSION}|{_VERSION}/(?:properties|pipelines))/([^/]+)")
_FIXED = (
    (re.compile(r"^/crm/(owners/|v3/owners)"), "crm.objects.owners.read"),
    (re.compile(r"^/events/"), "business-intelligence"),
    (re.compile(r"^/marketing/(campaigns/|v3/campaigns)"), "marketing.campaigns.read"),
    (re.compile(r"^/(marketing/v3/forms|form-integrations/)"), "forms"),
)


def required(method: str, path: str) -> tuple[str, ...]:
    """The scopes that a request needs; none for what every app may read."""
    verb = "read" if method == "GET" or _READING_POSTS.search(path) else "write"
    for pattern, scope in _FIXED:
        if pattern.match(path):
            return (scope,)
    if found := _PAIRS.match(path):
        return tuple(dict.fromkeys(_of(name, verb) for name in found.groups()))
    if found := _RECORDS.match(path):
        return (_of(found[1], verb),)
    if found := _SCHEMAS.match(path):
        kind = _kind(found[1])
        return (f"crm.schemas.{PLURALS[kind if kind in (COMPANY, DEAL) else CONTACT]}.{verb}",)
    return ()


def refusal(scopes: tuple[str, ...]) -> bytes:
    """The body of a 403 for scopes that were not granted."""
    return json.dumps(
        {
            "status": "error",
            "message": "This app hasn't been granted all required scopes to make this call. Read more about required"
            " scopes here: https://developers.hubspot.com/scopes.",
            "correlationId": str(uuid.uuid4()),
            "errors": [
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": list(scopes)},
                }
            ],
            "category": "MISSING_SCOPES",
        }
    ).encode()


def _of(name: str, verb: str) -> str:
    kind = _kind(name)
    if kind == EMAIL and verb == "read":
        return "sales-email-read"
    # Activities have no scopes of their own: who may read contacts may read what was done with them.
    return f"{_OF_TYPE.get(kind, _OF_TYPE[CONTACT])}.{verb}"


def _kind(name: str) -> str:
    try:
        return resolve(name)
    except Refused:
        return CONTACT
