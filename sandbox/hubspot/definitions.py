"""Property definitions: HubSpot's own from `properties.csv`, and the portal's custom ones."""

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.hubspot.errors import Refused
from sandbox.hubspot.types import CONTACT, DEAL, ENGAGEMENTS, PLURALS
from sandbox.store import Store

STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
"""Lifecycle stages, in the order in which they may only move forward."""
DEAL_STAGES = (
    ("appointmentscheduled", "Appointment scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified to buy", "0.4"),
    ("presentationscheduled", "Presentation scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision maker bought-in", "0.8"),
    ("contractsent", "Contract sent", "0.9"),
    ("closedwon", "Closed won", "1.0"),
    ("closedlost", "Closed lost", "0.0"),
)
"""Stages of the sales pipeline: id, label, probability."""
BORN = "2019-10-14T20:45:42.027Z"
TYPES = ("string", "number", "date", "datetime", "enumeration", "bool")


@dataclass(frozen=True)
class Definition:
    """What a write is checked against; `body` is the vendor's shape."""

    name: str
    type: str
    options: frozenset[str]
    """Values an enumeration accepts; empty when options are kept elsewhere (`externalOptions`)."""
    read_only: bool
    calculated: bool
    unique: bool
    owner: bool
    """The value is an owner's id."""
    body: dict[str, Any]


def from_body(body: dict[str, Any]) -> Definition:
    """A definition from the vendor's shape."""
    meta = body.get("modificationMetadata") or {}
    return Definition(
        name=body["name"],
        type=body["type"],
        options=frozenset(option["value"] for option in body.get("options") or ()),
        read_only=bool(meta.get("readOnlyValue")),
        calculated=bool(body.get("calculated")),
        unique=bool(body.get("hasUniqueValue")),
        owner=body.get("referencedObjectType") == "OWNER",
        body=body,
    )


def options(values: list[str]) -> list[dict[str, Any]]:
    """Options whose labels are read from their values."""
    return [
        {"label": v.replace("_", " ").capitalize(), "value": v, "hidden": False, "displayOrder": place}
        for place, v in enumerate(values)
    ]


def _standard(name: str, label: str, kind: str, field: str, group: str, flags: str, values: list[str]) -> Definition:
    return from_body(
        {
            "updatedAt": BORN,
            "createdAt": BORN,
            "name": name,
            "label": label,
            "type": kind,
            "fieldType": field,
            "description": "",
            "groupName": group,
            "options": options(values),
            "displayOrder": -1,
            "calculated": "C" in flags,
            "externalOptions": "X" in flags,
            "archived": False,
            "hasUniqueValue": "U" in flags,
            "hidden": "H" in flags,
            "hubspotDefined": True,
            "modificationMetadata": {
                "archivable": False,
                "readOnlyDefinition": True,
                "readOnlyOptions": "R" in flags,
                "readOnlyValue": "R" in flags,
            },
            "formField": not flags,
            **({"referencedObjectType": "OWNER"} if "O" in flags else {}),
        }
    )


@cache
def standard(kind: str) -> dict[str, Definition]:
    """HubSpot's own properties of one object type."""
    found: dict[str, Definition] = {}
    with (Path(__file__).parent / "properties.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["object"] == PLURALS[kind] or (row["object"] == "engagements" and kind in ENGAGEMENTS):
                values = row["options"].split(";") if row["options"] else []
                found[row["name"]] = _standard(
                    row["name"], row["label"], row["type"], row["fieldType"], row["group"], row["flags"], values
                )
    if kind == CONTACT:
        for stage in STAGES:
            for name, label in (
                (f"hs_lifecyclestage_{stage}_date", f"Became a {stage} date"),
                (f"hs_v2_date_entered_{stage}", f'Date entered "{stage}"'),
                (f"hs_v2_date_exited_{stage}", f'Date exited "{stage}"'),
            ):
                found[name] = _standard(name, label, "datetime", "date", "contactlcs", "R", [])
    if kind == DEAL:
        for stage, words, _ in DEAL_STAGES:
            name, label = f"hs_v2_date_entered_{stage}", f'Date entered "{words}"'
            found[name] = _standard(name, label, "datetime", "date", "dealinformation", "R", [])
    return found


class Catalogue:
    """The properties of every object type in one portal: HubSpot's own and the portal's, as they are by now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._custom: dict[str, dict[str, Definition]] = {}
        self._live: dict[str, dict[str, Definition]] = {}
        self.reload()

    def reload(self) -> None:
        """Read what the portal made and changed again."""
        self._custom = {kind: {} for kind in PLURALS}
        self._live = {}
        for kind, body in self._store.rows("SELECT type, body FROM definitions"):
            definition = from_body(json.loads(body))
            self._custom[kind][definition.name] = definition

    def of(self, kind: str) -> dict[str, Definition]:
        """Live properties by name."""
        if kind not in self._live:
            found = standard(kind) | self._custom[kind]
            self._live[kind] = {name: d for name, d in found.items() if not d.body.get("archived")}
        return self._live[kind]

    def archived(self, kind: str) -> list[Definition]:
        """Properties that were archived."""
        return [d for d in self._custom[kind].values() if d.body.get("archived")]

    def save(self, kind: str, body: dict[str, Any]) -> Definition:
        """Create or replace a property."""
        definition = from_body(body)
        self._store.run("INSERT OR REPLACE INTO definitions VALUES (?, ?, ?)", kind, definition.name, json.dumps(body))
        self._custom[kind][definition.name] = definition
        self._live.pop(kind, None)
        return definition

    def get(self, kind: str, name: str) -> Definition:
        """One live property.

        Raises:
            Refused: 404, it does not exist.
        """
        found = self.of(kind).get(name)
        if found is None:
            raise Refused(404, f"Property {name} does not exist", "OBJECT_NOT_FOUND")
        return found
