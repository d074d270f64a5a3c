"""A portal of one's own for tests that bring bad days over it, with all of HubSpot's clients pointed at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from hubspot import HubSpot
from hubspot_sdk import HubSpot as DatedHubSpot

from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox

OBJECTS = "/crm/objects/2026-09"


@dataclass(frozen=True)
class Portal:
    """A sandbox, and its clients."""

    sandbox: RunningSandbox
    http: httpx.Client
    v3: HubSpot
    dated: DatedHubSpot

    def calm(self) -> None:
        """Every day is a good day again."""
        self.sandbox.control("DELETE", "faults")
        self.sandbox.control("POST", "index", {"delay_seconds": [0, 0], "catch_up": True})
        self.sandbox.control("POST", "scopes", {"missing": []})

    def fault(self, kind: str, **more: Any) -> None:
        """One rule, and no other."""
        self.sandbox.control("POST", "faults", {"kind": kind, **more})

    def create(self, kind: str = "contacts", **properties: str) -> str:
        """Id of a new record."""
        made = self.http.post(f"{OBJECTS}/{kind}", json={"properties": properties})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def patch(self, record: str, kind: str = "contacts", **properties: str) -> httpx.Response:
        """Change a record."""
        return self.http.patch(f"{OBJECTS}/{kind}/{record}", json={"properties": properties})

    def read(self, record: str, *names: str, kind: str = "contacts") -> dict[str, Any]:
        """A record's properties by batch/read."""
        body = {"inputs": [{"id": record}], "properties": list(names)}
        answer = self.http.post(f"{OBJECTS}/{kind}/batch/read", json=body).json()
        properties: dict[str, Any] = answer["results"][0]["properties"]
        return properties

    def search(self, *filters: dict[str, Any], kind: str = "contacts", **more: Any) -> list[dict[str, Any]]:
        """The first 200 records that search finds."""
        body = {"filterGroups": [{"filters": list(filters)}], "limit": 200, **more}
        answer = self.http.post(f"{OBJECTS}/{kind}/search", json=body)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def found(self, name: str, value: str, kind: str = "contacts") -> list[str]:
        """Ids of the records that search finds by a property's value."""
        return [r["id"] for r in self.search({"propertyName": name, "operator": "EQ", "value": value}, kind=kind)]


@contextmanager
def open_portal(contacts: int = 0, **settings: Any) -> Iterator[Portal]:
    """A portal without limits, until the block ends."""
    token = Settings().hubspot_token
    with running_sandbox(contacts=contacts, **{"limits": False, **settings}) as sandbox:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=sandbox.url, headers=headers, timeout=30) as http:
            dated = DatedHubSpot(access_token=token, base_url=sandbox.url, max_retries=0)
            yield Portal(sandbox, http, HubSpot(access_token=token, host=sandbox.url), dated)
