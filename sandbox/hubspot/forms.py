"""Forms: definitions, submissions newest first, and the public submit."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from sandbox import clock
from sandbox.company.reference import FORM_PATHS, FORMS, SITE
from sandbox.hubspot import activity, mischief
from sandbox.hubspot.definitions import BORN
from sandbox.hubspot.errors import Refused, not_found
from sandbox.hubspot.shapes import body_of, whole
from sandbox.hubspot.validation import is_email
from sandbox.settings import PORTAL_ID
from sandbox.world import World, world_of

definitions = APIRouter()
submissions = APIRouter()
public = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
PAGE = 50


def conversion_id(number: int) -> str:
    """A submission's id on the wire."""
    return f"c0000000-0000-4000-8000-{number:012x}"


@definitions.get("")
@definitions.get("/")
async def list_forms(request: Request) -> dict[str, Any]:
    """The portal's forms; `formTypes` other than `hubspot` and `all` have none."""
    limit = whole(request.query_params.get("limit"), "limit", 20, 500)
    after = request.query_params.get("after", "")
    types = [t for text in request.query_params.getlist("formTypes") for t in text.split(",")] or ["hubspot"]
    found = [guid for guid in FORMS if guid > after] if {"hubspot", "all"} & set(types) else []
    body: dict[str, Any] = {"results": [_form(guid) for guid in found[:limit]]}
    if len(found) > limit:
        body["paging"] = {"next": {"after": found[limit - 1]}}
    return body


@definitions.get("/{guid}")
async def read_form(guid: str) -> dict[str, Any]:
    """One form."""
    if guid not in FORMS:
        raise not_found()
    return _form(guid)


def _form(guid: str) -> dict[str, Any]:
    return {
        "id": guid,
        "name": FORMS[guid],
        "formType": "hubspot",
        "createdAt": BORN,
        "updatedAt": BORN,
        "archived": False,
        "fieldGroups": [],
        "configuration": {
            "language": "en",
            "cloneable": True,
            "editable": True,
            "archivable": True,
            "recaptchaEnabled": False,
            "notifyContactOwner": False,
            "notifyRecipients": [],
            "createNewContactForNewEmail": False,
            "prePopulateKnownValues": True,
            "allowLinkToResetKnownValues": False,
            "lifecycleStages": [],
            "postSubmitAction": {"type": "thank_you", "value": "Thanks for submitting the form."},
        },
        "displayOptions": {
            "renderRawHtml": False,
            "theme": "default_style",
            "submitButtonText": "Submit",
            "style": {},
            "cssClass": "",
        },
        "legalConsentOptions": {"type": "none"},
    }


@submissions.get("/forms/{guid}")
async def list_submissions(guid: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Newest first; no time filter and no contact id, as in life."""
    if guid not in FORMS:
        raise Refused(404, f"Form with guid {guid} not found", "OBJECT_NOT_FOUND")
    limit = whole(request.query_params.get("limit"), "limit", 20, PAGE)
    after = request.query_params.get("after") or ""
    limit = mischief.page_size(world, request, limit)
    at, _, number = after.partition("-")
    if after and not (at.isdecimal() and number.isdecimal()):
        raise Refused(400, f"Invalid after: {after}")
    rows = world.store.rows(
        "SELECT id, at, field_values, page_url FROM submissions WHERE form=? AND (at, id) < (?, ?)"
        " ORDER BY at DESC, id DESC LIMIT ?",
        guid,
        int(at or 2**62),
        int(number or 0),
        limit + 1,
    )
    results = []
    for number_, submitted, values, page_url in rows[:limit]:
        result: dict[str, Any] = {"conversionId": conversion_id(number_), "submittedAt": submitted}
        results.append(result | {"values": json.loads(values)} | ({"pageUrl": page_url} if page_url else {}))
    body: dict[str, Any] = {"results": results}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": f"{rows[limit - 1][1]}-{rows[limit - 1][0]}"}}
    return mischief.page(world, request, body, after)


@public.post("/integration/submit/{portal}/{guid}")
async def submit(portal: str, guid: str, request: Request, world: TheWorld) -> Response:
    """What a form on the site sends; no token. Creates or changes the contact of the e-mail."""
    body = await body_of(request)
    if portal != str(PORTAL_ID) or guid not in FORMS:
        return _refuse(404, "Form not found", "FORM_NOT_FOUND", f"No form {guid} in portal {portal}")
    fields = body.get("fields")
    if not isinstance(fields, list) or not all(isinstance(f, dict) and f.get("name") for f in fields):
        return _refuse(400, "The request is not valid", "INVALID_FIELDS", "fields must be a list of {name, value}")
    email = next((str(f.get("value", "")) for f in fields if f["name"] == "email"), "")
    if not is_email(email):
        message = f"Error in 'fields.email'. Invalid email address '{email}'"
        return _refuse(400, "The request is not valid", "INVALID_EMAIL", message)
    context = body.get("context") or {}
    at = int(body["submittedAt"]) if str(body.get("submittedAt", "")).isdecimal() else clock.now()
    page = context.get("pageUri") or SITE + FORM_PATHS[guid]
    activity.submit_form(world, guid, fields, str(page), context.get("pageName"), at)
    return JSONResponse({"inlineMessage": "Thanks for submitting the form."})


def _refuse(status: int, message: str, kind: str, detail: str) -> Response:
    errors = [{"message": detail, "errorType": kind}]
    return JSONResponse({"status": "error", "message": message, "errors": errors}, status)
