"""The web app inside Airflow's API server, below `/handoff`.

Airflow guards no route of a plugin's app: every route here verifies a signature or a token, or tells nothing. The
pages that people look at are added by the plugin, which brings the guard that each of them needs.
"""

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.background import BackgroundTask

from handoff import clock, connections, crash
from handoff.settings import settings
from handoff.web import bodies, hubspot, signature, slack, slack_signature, store, vitals
from handoff.web.answering import Answering
from handoff.web.door import Door, Signed
from handoff.web.places import Places, Refused

PREFIX = "/handoff"
HUBSPOT_PATH = "/hubspot/webhook"
SLACK_PATH = "/slack/interactions"
FORM = "application/x-www-form-urlencoded"


def _hubspot_signed(secrets: list[str], signed: Signed) -> bool:
    query = f"?{signed.query}" if signed.query else ""
    return signature.is_genuine(
        secrets,
        method="POST",
        uri=f"{settings().public_url.rstrip('/')}{PREFIX}{HUBSPOT_PATH}{query}",
        body=signed.body,
        timestamp=signed.timestamp,
        signature=signed.signature,
        as_of=signed.received_at,
    )


def _slack_signed(secrets: list[str], signed: Signed) -> bool:
    return slack_signature.is_genuine(
        secrets,
        body=signed.body,
        timestamp=signed.timestamp,
        signature=signed.signature,
        as_of=signed.received_at,
    )


HUBSPOT = Door(
    connections.HUBSPOT,
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    ticks_per_second=1000,
    largest_body=1_000_000,
    # HubSpot gives up after 5 s.
    answer_seconds=4.5,
    is_genuine=_hubspot_signed,
)
SLACK = Door(
    connections.SLACK,
    "x-slack-signature",
    "x-slack-request-timestamp",
    ticks_per_second=1,
    largest_body=256_000,
    # Slack gives up after 3 s.
    answer_seconds=2.7,
    is_genuine=_slack_signed,
)

app = FastAPI(title="Handoff", docs_url=None, redoc_url=None, openapi_url=None)
# What wakes the line once an answer has gone out; the plugin puts Airflow here.
app.state.wake = lambda: None
app.state.places = Places()
app.state.answering = Answering(lambda: app.state.wake())
app.include_router(vitals.router)


@app.exception_handler(Refused)
async def refuse(request: Request, refused: Refused) -> Response:
    """The answer to a request that got no further: one sentence, and nothing about the company."""
    return JSONResponse({"error": refused.message}, status_code=refused.status, headers=refused.headers)


@app.post(HUBSPOT_PATH)
async def hubspot_webhook(request: Request) -> Response:
    """Store a verified batch of change events, and wake the line if it tells of more than our own writes.

    401 for anything whose signature cannot be confirmed, 413 and 408 for bodies too large or too slow, 400 for a
    signed body that is no list of events of this portal, 503 when webhooks are not configured, too many come at once
    or nothing could be stored: HubSpot then sends it again.
    """
    received_at = clock.now()
    with app.state.places.one(HUBSPOT_PATH) as place:
        signed = await HUBSPOT.receive(request, place, received_at)
        portal_id = await store.our_portal_id()
        try:
            events = hubspot.events(bodies.read_json(signed.body), portal_id)
        except hubspot.OtherPortal as error:
            await store.note_other_portal(error.portal_id, received_at)
            raise Refused(400, str(error)) from None
        except bodies.BadBody as error:
            raise Refused(400, str(error)) from None
        stored = await store.store(events, received_at)
    is_news = stored and not all(event.is_echo for event in events)
    return JSONResponse({"stored": stored}, background=BackgroundTask(request.app.state.wake) if is_news else None)


@app.post(SLACK_PATH)
async def slack_interaction(request: Request) -> Response:
    """Store what somebody pressed or submitted in Slack, then apply it, and answer 200: with nothing, which Slack takes
    for "done", or with what is wrong with a form.

    Once it is stored nothing is lost: what cannot be applied now, the watch applies within a minute. 401, 408, 413 and
    503 as for HubSpot, 415 for a signed body that is no form, 400 for a form without exactly one interaction.
    """
    received_at = clock.now()
    with app.state.places.one(SLACK_PATH) as place:
        signed = await SLACK.receive(request, place, received_at)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            asked = slack.challenge(signed.body)
            if asked is None:
                raise Refused(415, "the body is no form")
            return PlainTextResponse(asked)
        try:
            fields = bodies.read_form(signed.body)
            if slack.is_ssl_check(fields):
                return Response()
            event = slack.interaction(fields, signed.timestamp, signed.body)
        except bodies.BadBody as error:
            raise Refused(400, str(error)) from None
        await store.store([event], received_at)
        crash.point("watch.answer.stored")
        answering: Answering = request.app.state.answering
        return await answering.answer(event.event_key, received_at)
