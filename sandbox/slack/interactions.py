"""What Slack sends when a person acts: signed as Slack signs, given three seconds, and never sent again by itself."""

import asyncio
import hashlib
import hmac
import json
import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox import clock

ANSWER_SECONDS = 3.0
TIMED_OUT = "Operation timed out. Apps need to respond within 3 seconds."
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """`X-Slack-Signature`: version and hex of HMAC-SHA256 over version, timestamp and raw body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


@cache
def _trusted() -> ssl.SSLContext:
    # Read once: it takes long, and the app's three seconds run meanwhile.
    return httpx.create_ssl_context()


@dataclass(frozen=True)
class Signing:
    """How a request is signed."""

    secret: str
    seconds_ago: int = 0
    """How old the time stamp is when the request is sent."""


@dataclass
class Interaction:
    """One request to the app, and its answer."""

    n: int
    at: int
    """When it was sent, epoch milliseconds."""
    body: bytes
    headers: dict[str, str]
    payload: dict[str, Any]
    status: int = 0
    """0: no answer in time, or none at all."""
    ms: float = 0.0
    answer: str = ""
    shown: str = ""
    """What the person sees of a failure; empty = nothing."""

    def seen(self) -> dict[str, Any]:
        """As the control endpoints show it."""
        return {
            "n": self.n,
            "at": self.at,
            "type": self.payload["type"],
            "user": self.payload["user"]["id"],
            "status": self.status,
            "ms": self.ms,
            "answer": self.answer,
            "shown": self.shown,
            "payload": self.payload,
        }


@dataclass
class Interactivity:
    """Where actions go, and those that went; `url` None = as the settings say, empty = nowhere."""

    url: str | None = None
    sent: list[Interaction] = field(default_factory=list)

    async def send(self, url: str, payload: dict[str, Any], signing: Signing) -> Interaction:
        """Send a payload as Slack does."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        timestamp = str(clock.now() // 1000 - signing.seconds_ago)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": _AGENT,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(signing.secret, timestamp, body),
        }
        return await self._post(url, body, headers, payload)

    async def replay(self, url: str, interaction: Interaction) -> Interaction:
        """Send the same bytes under the same signature again, as a thief would."""
        return await self._post(url, interaction.body, interaction.headers, interaction.payload)

    async def _post(self, url: str, body: bytes, headers: dict[str, str], payload: dict[str, Any]) -> Interaction:
        interaction = Interaction(len(self.sent) + 1, clock.now(), body, headers, payload)
        self.sent.append(interaction)
        began = clock.ticks()
        try:
            async with asyncio.timeout(ANSWER_SECONDS), httpx.AsyncClient(timeout=None, verify=_trusted()) as client:
                response = await client.post(url, content=body, headers=headers)
                interaction.status, interaction.answer = response.status_code, response.text
            if response.status_code != httpx.codes.OK:
                interaction.shown = f"This app responded with Status Code {response.status_code}."
        except TimeoutError:
            interaction.shown = TIMED_OUT
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            interaction.shown = f"This app did not answer: {type(error).__name__}."
        interaction.ms = round((clock.ticks() - began) * 1000, 1)
        return interaction
