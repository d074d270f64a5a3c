"""Phone numbers come later: sent to the caller's webhook, and kept for those who ask again."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox import clock

CREDITS = 8
"""For one mobile number."""
KEPT_MILLISECONDS = 30 * clock.DAY
PENDING_SECONDS = 10
TIMEOUT_SECONDS = 5.0
Body = dict[str, Any]


@dataclass
class Result:
    """What was found for one request."""

    due: int
    """When it is there, epoch milliseconds."""
    body: Body


@dataclass
class Phones:
    """All searches for phone numbers."""

    delay_seconds: float = 1.0
    copies: int = 1
    """How often each webhook is sent; Apollo may repeat one."""
    delivered: int = 0
    failed: int = 0
    last_error: str = ""
    _results: dict[int, Result] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def search(self, request_id: int, body: Body, url: str) -> None:
        """Have a result ready, and sent to `url` unless that is empty, after the delay."""
        self._results[request_id] = Result(clock.now() + int(self.delay_seconds * 1000), body)
        if url:
            task = asyncio.create_task(self._send(url, body | {"request_id": request_id}))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def look(self, request_id: int, now: int) -> tuple[int, Body]:
        """HTTP status and body for a search, at `now` epoch milliseconds."""
        found = self._results.get(request_id)
        if found is None:
            return 404, {"error": "Unknown request_id", "error_code": "request_id_unknown"}
        if now < found.due:
            pending = {"error": "Result is not ready yet", "error_code": "result_pending"}
            return 404, pending | {"retry_after_seconds": PENDING_SECONDS}
        if now >= found.due + KEPT_MILLISECONDS:
            return 410, {"error": "Result is no longer available", "error_code": "request_id_expired"}
        return 200, found.body

    def age(self, days: float) -> None:
        """Make every result older."""
        for result in self._results.values():
            result.due -= int(days * clock.DAY)

    async def _send(self, url: str, body: Body) -> None:
        await asyncio.sleep(self.delay_seconds)
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            for _ in range(self.copies):
                try:
                    (await client.post(url, json=body)).raise_for_status()
                    self.delivered += 1
                except httpx.HTTPError as error:
                    self.failed += 1
                    self.last_error = f"{url}: {type(error).__name__}"


def numbers(person_ids: list[str]) -> Body:
    """The result for people that were found: a number each, made of their id."""
    people = []
    for person_id in person_ids:
        digits = f"{int(person_id[:8], 16) % 10_000:04d}"
        number = {
            "raw_number": f"+1 202-555-{digits}",
            "sanitized_number": f"+1202555{digits}",
            "confidence_cd": "high",
            "status_cd": "valid_number",
            "type_cd": "mobile",
            "position": 0,
        }
        people.append({"id": person_id, "status": "success", "phone_numbers": [number]})
    return {
        "status": "success",
        "total_requested_enrichments": len(people),
        "unique_enriched_records": len(set(person_ids)),
        "missing_records": 0,
        "credits_consumed": float(CREDITS * len(people)),
        "people": people,
    }
