"""What wakes the line and what does not: HubSpot's events do, what waits in Slack for its reader does not."""

import asyncio

from handoff import clock
from handoff.ledger import db, inbox
from handoff.triggers.inbox import InboxTrigger
from tests.conftest import Database

SOON_S = 10
NOT_S = 0.5


def store(source: str, key: str) -> None:
    with db.connect() as connection:
        assert inbox.store(connection, [inbox.Event(source, key, "any", "1", None, {})], clock.now()) == 1


def test_the_watcher_of_the_inbox_passes_over_what_is_slack_s(ledger: Database) -> None:
    async def watch() -> None:
        store(inbox.SLACK, "pressed")
        events = aiter(InboxTrigger(poll_seconds=0.05, grace_seconds=0).run())
        fires = asyncio.ensure_future(anext(events))
        done, _ = await asyncio.wait([fires], timeout=NOT_S)
        assert not done
        store(inbox.HUBSPOT, "changed")
        await asyncio.wait_for(fires, SOON_S)

    asyncio.run(watch())
