"""HubSpot's webhooks: signed arrays of events, sent in order from the background, retried when not taken."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox import clock
from sandbox.hubspot.unrest import Unrest
from sandbox.settings import APP_ID, PORTAL_ID

BATCH = 100
TIMEOUT_SECONDS = 5.0
ATTEMPTS = 10
LONGEST_PAUSE_SECONDS = 4.0
"""HubSpot spreads its attempts over a day; here a receiver that comes up must hear at once what happens now."""
UNDELIVERED = ("lastmodifieddate", "hs_lastmodifieddate", "num_unique_conversion_events")
"""Properties that HubSpot sends no webhook for."""
_TYPES = {"0-1": "contact", "0-2": "company", "0-3": "deal"}
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def sign(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """`X-HubSpot-Signature-V3`: base64 of HMAC-SHA256 over method, URI, body and timestamp."""
    decoded = _DECODED.sub(lambda match: chr(int(match.group(1), 16)), uri)
    message = method.encode() + decoded.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


@dataclass
class Webhooks:
    """The events that wait, and what became of those that were sent."""

    url: str
    secret: str
    unrest: Unrest
    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    delivered: int = 0
    failed_attempts: int = 0
    abandoned: int = 0
    last_error: str = ""
    _event_id: int = 0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def created(self, kind: str, record_id: int, at: int, source: str, source_id: str | None) -> None:
        """Announce a new record."""
        self._add(kind, "creation", record_id, at, source, source_id, {"changeFlag": "NEW"})

    def deleted(self, kind: str, record_id: int, at: int) -> None:
        """Announce an archived record."""
        self._add(kind, "deletion", record_id, at, "CRM_UI", None, {"changeFlag": "DELETED"})

    def restored(self, kind: str, record_id: int, at: int) -> None:
        """Announce a record that came back from the recycle bin."""
        self._add(kind, "restore", record_id, at, "CRM_UI", None, {"changeFlag": "RESTORED"})

    def erased(self, record_id: int, at: int) -> None:
        """Announce a contact that was deleted for privacy; its deletion is announced too."""
        self._add("0-1", "privacyDeletion", record_id, at, "CRM_UI", None, {"changeFlag": "DELETED"})
        self.deleted("0-1", record_id, at)

    def changed(
        self, kind: str, record_id: int, name: str, value: str, at: int, source: str, source_id: str | None
    ) -> None:
        """Announce a property's new value."""
        if name not in UNDELIVERED:
            more = {"propertyName": name, "propertyValue": value}
            self._add(kind, "propertyChange", record_id, at, source, source_id, more)

    def merged(self, kind: str, old: list[int], new: int, at: int) -> None:
        """Announce that two records became one with a new id."""
        more = {"primaryObjectId": old[0], "mergedObjectIds": old[1:], "newObjectId": new, "changeFlag": "MERGE"}
        self._add(kind, "merge", old[0], at, "CRM_UI", None, {**more, "numberOfPropertiesMoved": 0})

    def associated(self, from_id: int, to_id: int, primary: bool, removed: bool, at: int) -> None:
        """Announce a contact's association with a company."""
        more = {
            "associationType": "CONTACT_TO_COMPANY",
            "fromObjectId": from_id,
            "toObjectId": to_id,
            "associationRemoved": removed,
            "isPrimaryAssociation": primary,
        }
        self._add("0-1", "associationChange", None, at, "USER", None, more)

    async def run(self) -> None:
        """Send what waits, for ever."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            while True:
                await self._wake.wait()
                while self.waiting and self.url:
                    await self._send(client)
                self._wake.clear()

    def point(self, url: str) -> None:
        """Send to another address from now on; events that wait for the old one are dropped."""
        self.url = url
        self.waiting.clear()

    def _add(
        self,
        kind: str,
        what: str,
        record_id: int | None,
        at: int,
        source: str,
        source_id: str | None,
        more: dict[str, Any],
    ) -> None:
        if not self.url:
            return
        subscription = f"{_TYPES[kind]}.{what}"
        event: dict[str, Any] = {
            "eventId": self._next_id(),
            "subscriptionId": 1_000_000 + zlib.crc32(f"{subscription}:{more.get('propertyName')}".encode()) % 1_000_000,
            "portalId": PORTAL_ID,
            "appId": APP_ID,
            "occurredAt": at,
            "subscriptionType": subscription,
            "attemptNumber": 0,
            "changeSource": source,
        }
        if record_id is not None:
            event["objectId"] = record_id
        if source_id:
            event["sourceId"] = source_id
        self.waiting.extend(self.unrest.events(event | more, self._next_id))
        self._wake.set()

    def _next_id(self) -> int:
        self._event_id += 1
        return self._event_id

    async def _send(self, client: httpx.AsyncClient) -> None:
        if self.unrest.delay_seconds:
            await asyncio.sleep(self.unrest.delay_seconds)
        batch = self.unrest.array([self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))])
        if not batch:
            return
        for attempt in range(ATTEMPTS):
            body = json.dumps([event | {"attemptNumber": attempt} for event in batch]).encode()
            url, timestamp = self.url, str(clock.now())
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) - WebhooksExecutorDaemon",
                "X-HubSpot-Request-Timestamp": timestamp,
                "X-HubSpot-Signature-Version": "v1",
                "X-HubSpot-Signature": hashlib.sha256(self.secret.encode() + body).hexdigest(),
                "X-HubSpot-Signature-V3": sign(self.secret, "POST", url, body, timestamp),
            }
            try:
                response = await client.post(url, content=body, headers=headers)
                if response.is_success:
                    self.delivered += len(batch)
                    return
                self.last_error = f"{url} answered {response.status_code}"
            except httpx.HTTPError as error:
                self.last_error = f"{url}: {type(error).__name__}"
            self.failed_attempts += 1
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, 0.5 * 2**attempt))
            if self.url != url:
                return
        self.abandoned += len(batch)
