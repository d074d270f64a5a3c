"""The account's details and usage, and its pipelines."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from sandbox import clock
from sandbox.hubspot.definitions import BORN, DEAL_STAGES, STAGES
from sandbox.hubspot.errors import not_found
from sandbox.hubspot.limits import PORTAL_ZONE
from sandbox.hubspot.types import CONTACT, DEAL, resolve
from sandbox.settings import PORTAL_ID
from sandbox.world import World, world_of

info = APIRouter()
pipelines = APIRouter()


@info.get("/details")
async def details() -> dict[str, Any]:
    """The portal."""
    return {
        "portalId": PORTAL_ID,
        "accountType": "STANDARD",
        "timeZone": PORTAL_ZONE.key,
        "companyCurrency": "USD",
        "additionalCurrencies": [],
        "utcOffset": "-05:00",
        "utcOffsetMilliseconds": -18_000_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }


@info.get("/api-usage/daily/private-apps")
async def usage(world: Annotated[World, Depends(world_of)]) -> dict[str, Any]:
    """Calls made today."""
    now = clock.now()
    used = world.limits.usage()
    return {
        "results": [
            {
                "name": "private-apps-api-calls-daily",
                "usageLimit": used["per_day"],
                "currentUsage": used["today"],
                "collectedAt": clock.iso(now),
                "fetchStatus": "SUCCESS",
                "resetsAt": clock.iso(clock.day_start(now) + clock.DAY + 5 * clock.HOUR),
            }
        ]
    }


@pipelines.get("/{name}")
async def list_pipelines(name: str) -> dict[str, Any]:
    """Not paged."""
    return {"results": _pipelines(resolve(name))}


@pipelines.get("/{name}/{pipeline}")
async def read_pipeline(name: str, pipeline: str) -> dict[str, Any]:
    """One pipeline."""
    for found in _pipelines(resolve(name)):
        if found["id"] == pipeline:
            return found
    raise not_found()


def _pipelines(kind: str) -> list[dict[str, Any]]:
    if kind == DEAL:
        stages = [
            _stage(place, value, label, {"probability": p, "isClosed": str(value.startswith("closed")).lower()})
            for place, (value, label, p) in enumerate(DEAL_STAGES)
        ]
        return [_pipeline("default", "Sales Pipeline", stages)]
    if kind == CONTACT:
        stages = [_stage(place, stage, stage.capitalize(), {}) for place, stage in enumerate(STAGES)]
        return [_pipeline("contacts-lifecycle-pipeline", "Lifecycle Stage Pipeline", stages)]
    return []


def _pipeline(given: str, label: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    common = {"archived": False, "createdAt": BORN, "updatedAt": BORN}
    return {"id": given, "label": label, "displayOrder": 0, "stages": stages, **common}


def _stage(place: int, given: str, label: str, metadata: dict[str, str]) -> dict[str, Any]:
    common = {"archived": False, "createdAt": BORN, "updatedAt": BORN}
    common["writePermissions"] = "CRM_PERMISSIONS_ENFORCEMENT"
    return {"id": given, "label": label, "displayOrder": place, "metadata": metadata, **common}
