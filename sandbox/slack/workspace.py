"""A Slack workspace: people, channels, messages, and the rate at which one may write."""

import json
from dataclasses import dataclass, field
from typing import Any

from sandbox import clock
from sandbox.company.reference import BOT_ID, CHANNELS, MARKETING_LEAD, OWNERS, TEAM_ID, Owner
from sandbox.store import Row, Store

BURST = 5
"""Messages that one channel takes at once before one a second holds; Slack tolerates bursts, and promises none."""
PER_MINUTE = {
    "chat.update": 50,
    "conversations.open": 50,
    "conversations.list": 20,
    "conversations.history": 50,
    "conversations.replies": 50,
    "users.lookupByEmail": 50,
    "users.info": 100,
    "views.open": 100,
    "reactions.add": 50,
}
"""Calls a minute per method, by the vendor's tiers."""
APP_ID, BOT_PROFILE = "A0HANDOFF0", "B0HANDOFF0"


class SlackError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, error: str, messages: list[str] | None = None, retry_after: int = 0) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.retry_after = retry_after


@dataclass
class Bucket:
    """Fills at a constant rate up to a capacity."""

    capacity: float
    per_second: float
    level: float
    at: float

    def take(self, now: float) -> float:
        """Take one, or answer how many seconds are missing."""
        self.level = min(self.capacity, self.level + (now - self.at) * self.per_second)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.per_second


@dataclass
class Workspace:
    """State of Slack; messages live in the store."""

    store: Store
    limited: bool
    reactions: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _last_micros: int = 0

    def people(self) -> list[Owner]:
        """Everybody but the bot."""
        return [*OWNERS, MARKETING_LEAD]

    def person(self, user_id: str) -> Owner:
        """A person by Slack id.

        Raises:
            SlackError: `user_not_found`.
        """
        for person in self.people():
            if person.slack_id == user_id:
                return person
        raise SlackError("user_not_found")

    def dm_of(self, user_id: str) -> str:
        """The channel of the bot's conversation with a person."""
        person = self.person(user_id)
        if person.archived:
            raise SlackError("user_disabled")
        return "D" + user_id[1:]

    def channel(self, given: str, by_name: bool = False) -> str:
        """A channel id from what a client gave; a name only where Slack takes one.

        Raises:
            SlackError: `channel_not_found`.
        """
        if given in CHANNELS:
            return given
        if given.startswith("D") and any("D" + p.slack_id[1:] == given for p in self.people() if not p.archived):
            return given
        if by_name:
            if given.startswith("U"):
                return self.dm_of(given)
            for channel, name in CHANNELS.items():
                if given.removeprefix("#") == name:
                    return channel
        raise SlackError("channel_not_found")

    def admit(self, method: str, channel: str = "") -> None:
        """Count a call against its limit.

        Raises:
            SlackError: `ratelimited`, with the seconds to wait.
        """
        if not self.limited:
            return
        if method == "chat.postMessage":
            key, capacity, rate = f"post:{channel}", float(BURST), 1.0
        elif method in PER_MINUTE:
            key, capacity, rate = method, float(PER_MINUTE[method]), PER_MINUTE[method] / 60
        else:
            return
        now = clock.ticks()
        bucket = self._buckets.setdefault(key, Bucket(capacity, rate, capacity, now))
        missing = bucket.take(now)
        if missing:
            raise SlackError("ratelimited", retry_after=max(1, round(missing + 0.499)))

    def post(self, channel: str, user: str, body: dict[str, Any], thread_ts: str | None = None) -> dict[str, Any]:
        """Store a message under a time stamp that no other has; answers the message."""
        self._last_micros = max(clock.now_micros(), self._last_micros + 1)
        ts = f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"
        message: dict[str, Any] = {"type": "message", "user": user, "ts": ts, "team": TEAM_ID, **body}
        if user == BOT_ID:
            message |= {"bot_id": BOT_PROFILE, "app_id": APP_ID}
        if thread_ts:
            message["thread_ts"] = thread_ts
        self.store.run("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", channel, ts, user, thread_ts, json.dumps(message))
        return message

    def replace(self, channel: str, message: dict[str, Any]) -> None:
        """Overwrite a stored message."""
        self.store.run(
            "UPDATE messages SET body=? WHERE channel=? AND ts=?", json.dumps(message), channel, message["ts"]
        )

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        """One message.

        Raises:
            SlackError: `message_not_found`.
        """
        row = self.store.one("SELECT body FROM messages WHERE channel=? AND ts=?", channel, ts)
        if row is None:
            raise SlackError("message_not_found")
        found: dict[str, Any] = json.loads(row[0])
        return found

    def messages(self, where: str, *args: Any) -> list[tuple[str, dict[str, Any]]]:
        """Pairs of channel and message; `where` is SQL over columns of `messages`, ordering included."""
        rows: list[Row] = self.store.rows(f"SELECT channel, body FROM messages WHERE {where}", *args)
        return [(channel, json.loads(body)) for channel, body in rows]
