"""The contact properties that are ours, in the CRM's property group `handoff`.

Definitions: https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide
"""

from collections.abc import Sequence
from typing import Any

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import Conflict, Rejected

GROUP = "handoff"
REASON = "handoff_rejection_reason"
STATUSES = (("due", "Due"), ("breached", "Breached"), ("met", "Met"))
_KINDS = {
    "handoff_score": ("Handoff: score", "number", "number"),
    "handoff_score_parts": ("Handoff: score by part", "string", "textarea"),
    "handoff_trigger": ("Handoff: what the lead did", "string", "textarea"),
    "handoff_definition": ("Handoff: MQL definition and version", "string", "text"),
    "handoff_tier": ("Handoff: tier", "string", "text"),
    "handoff_mql_at": ("Handoff: qualified at", "datetime", "date"),
    "handoff_sla_due_at": ("Handoff: call by", "datetime", "date"),
    "handoff_sla_status": ("Handoff: SLA status", "enumeration", "select"),
    "handoff_first_contact_at": ("Handoff: first contact at", "datetime", "date"),
    REASON: ("Handoff: why sales rejected the lead", "enumeration", "select"),
}

Json = dict[str, Any]


def ensure_properties(hubspot: HubSpotHook, reasons: Sequence[tuple[str, str]] = ()) -> list[str]:
    """Create what is missing and add options that are missing; return the names that were touched.

    Args:
        reasons: the agreement's rejection reasons as (id, label); without any, their property is left for later.

    Raises:
        Rejected: a property by one of our names exists with another type.
    """
    found = {definition["name"]: definition for definition in hubspot.properties("contacts")}
    touched: list[str] = []
    for definition in definitions(reasons):
        name = definition["name"]
        existing = found.get(name)
        if existing is None:
            if not touched and not any(each.get("groupName") == GROUP for each in found.values()):
                _create_group(hubspot)
            _create(hubspot, definition)
            touched.append(name)
        elif existing["type"] != definition["type"]:
            raise Rejected(
                f"HubSpot contact property {name} is of type {existing['type']}, not {definition['type']}: "
                "rename or delete it in HubSpot's settings, then run again"
            )
        elif options := _missing_options(existing, definition):
            hubspot.update_property("contacts", name, {"options": [*existing.get("options", ()), *options]})
            touched.append(name)
    return touched


def definitions(reasons: Sequence[tuple[str, str]]) -> list[Json]:
    """Our properties in the vendor's shape."""
    options = {"handoff_sla_status": STATUSES, REASON: tuple(reasons)}
    return [
        {
            "name": name,
            "label": label,
            "type": kind,
            "fieldType": field,
            "groupName": GROUP,
            **({"options": _options(options[name])} if name in options else {}),
        }
        for name, (label, kind, field) in _KINDS.items()
        if name != REASON or reasons
    ]


def _options(pairs: Sequence[tuple[str, str]]) -> list[Json]:
    return [
        {"value": value, "label": label, "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(pairs)
    ]


def _missing_options(existing: Json, definition: Json) -> list[Json]:
    known = {option["value"] for option in existing.get("options") or ()}
    return [option for option in definition.get("options", ()) if option["value"] not in known]


def _create_group(hubspot: HubSpotHook) -> None:
    try:
        hubspot.create_property_group("contacts", GROUP, "Handoff")
    except Conflict:
        return


def _create(hubspot: HubSpotHook, definition: Json) -> None:
    """Somebody else may have created it since we looked."""
    try:
        hubspot.create_property("contacts", definition)
    except Conflict:
        return
