"""Makes Airflow ask when MQLs are held."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from handoff import connections
from handoff.route.flood import CHANNEL

RECONNECT_SECONDS = 10.0


class FloodTrigger(BaseEventTrigger):
    """Fires when the ledger has a new flood that nobody has answered.

    It listens for Postgres notifications, and looks for itself every `poll_seconds` besides.
    """

    def __init__(self, poll_seconds: float = 30.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, from which the triggerer makes it again."""
        return ("handoff.triggers.flood.FloodTrigger", {"poll_seconds": self.poll_seconds})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event per flood, for as long as the triggerer runs; survives database restarts."""
        seen = 0
        while True:
            try:
                dsn = (await asyncio.to_thread(connections.get, connections.DB)).dsn
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    while True:
                        cursor = await connection.execute("select flood_id from handoff.floods where answer is null")
                        row = await cursor.fetchone()
                        if row and row[0] > seen:
                            seen = row[0]
                            yield TriggerEvent({"flood_id": seen})  # type: ignore[no-untyped-call]
                        async for _ in connection.notifies(timeout=self.poll_seconds, stop_after=1):
                            pass
            except psycopg.OperationalError as error:
                self.log.warning("Floods cannot be watched (%s); trying again in %s s", error, RECONNECT_SECONDS)
                await asyncio.sleep(RECONNECT_SECONDS)
