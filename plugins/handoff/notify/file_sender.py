"""Files below a message: the pictures of the weekly pack, and the pack for print."""

from collections.abc import Callable
from datetime import datetime

from handoff.clients import slack_files
from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import Refused, SlackError
from handoff.ledger.db import Connection, Row
from handoff.ledger.outbox import CannotLook, Done, Outcome, Permanent
from handoff.notify.card_senders import GONE, CardSender
from handoff.notify.senders import Now, Payload, tried

Content = Callable[[Connection, Payload], bytes]


class FileSender(CardSender):
    """Shares a file below a message that stands.

    :param content: makes the file's bytes of a payload; raises LookupError when there is no such file.
    """

    def __init__(self, connection: Connection, slack: SlackHook, now: Now, content: Content):
        super().__init__(connection, slack, now)
        self._content = content

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Find the file that an earlier attempt may have shared."""
        source = self._source(payload)
        if source is None or source["state"] != "sent":
            return None
        place = source["result"]
        try:
            found = slack_files.find(self._slack, place["channel"], place["ts"], str(payload["name"]), since)
        except Refused as problem:
            if problem.code in GONE:
                return Done({**place, "gone": problem.code}, "gone")
            raise CannotLook(str(problem)) from problem
        except SlackError as problem:
            raise CannotLook(str(problem)) from problem
        return Done(found, "shared") if found else None

    def _follow(self, source: Row, payload: Payload, dedupe_key: str) -> tuple[Outcome, str]:
        place, name, title = source["result"], str(payload["name"]), str(payload["title"])
        try:
            content = self._content(self._connection, payload)
        except LookupError as problem:
            return Permanent(f"{problem}"), ""
        return tried(
            lambda: slack_files.share(self._slack, place["channel"], place["ts"], name, title, content), "shared"
        )
