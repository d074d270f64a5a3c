"""Wakes the line when a webhook has been stored."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from handoff import connections
from handoff.ledger.inbox import CHANNEL, HUBSPOT

RECONNECT_SECONDS = 2.0


class InboxTrigger(BaseEventTrigger):
    """Fires when `handoff.inbox` holds events of HubSpot's that stay unread.

    It listens for Postgres notifications and looks for itself every `poll_seconds` besides, because a notification
    is lost when nobody listens at that moment. The web app tells Airflow of its webhooks itself, so a notified event
    has `grace_seconds` to be read before this fires as well.
    """

    def __init__(self, poll_seconds: float = 5.0, grace_seconds: float = 2.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.poll_seconds = poll_seconds
        self.grace_seconds = grace_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, from which the triggerer makes it again."""
        arguments = {"poll_seconds": self.poll_seconds, "grace_seconds": self.grace_seconds}
        return ("handoff.triggers.inbox.InboxTrigger", arguments)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event per batch of unread webhooks, for as long as the triggerer runs; survives database restarts."""
        seen = 0
        while True:
            try:
                dsn = (await asyncio.to_thread(connections.get, connections.DB)).dsn
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    while True:
                        newest = await self._newest_unread(connection)
                        if newest > seen:
                            seen = newest
                            yield TriggerEvent({"inbox_id": newest})  # type: ignore[no-untyped-call]
                        async for _ in connection.notifies(timeout=self.poll_seconds, stop_after=1):
                            await asyncio.sleep(self.grace_seconds)
            except psycopg.OperationalError as error:
                self.log.warning("The inbox cannot be watched (%s); trying again in %s s", error, RECONNECT_SECONDS)
                await asyncio.sleep(RECONNECT_SECONDS)

    @staticmethod
    async def _newest_unread(connection: psycopg.AsyncConnection[Any]) -> int:
        cursor = await connection.execute(
            "select coalesce(max(inbox_id), 0) from handoff.inbox where processed_at is null and source = %s",
            (HUBSPOT,),
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0
