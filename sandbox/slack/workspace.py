"""A Slack workspace: people, channels, messages, and what became of them."""

import json
from dataclasses import dataclass, field
from typing import Any

from sandbox import clock
from sandbox.company.reference import BOT_ID, CHANNELS, MARKETING_LEAD, OWNERS, TEAM_ID, Owner
from sandbox.slack.errors import SlackError
from sandbox.slack.files import Files
from sandbox.slack.interactions import Interactivity
from sandbox.slack.rates import Rates
from sandbox.slack.triggers import ResponseUrls, Triggers
from sandbox.slack.views import APP_ID, BOT_PROFILE, Views
from sandbox.store import Row, Store


@dataclass(frozen=True)
class Share:
    """A message with files that Slack is about to post."""

    due: int
    """Epoch milliseconds."""
    channel: str
    body: dict[str, Any]
    thread_ts: str | None


@dataclass(frozen=True)
class Ephemeral:
    """A message that one person sees, and nobody can read again."""

    channel: str
    user: str
    message: dict[str, Any]


@dataclass
class Workspace:
    """State of Slack; messages live in the store."""

    store: Store
    limited: bool
    address: str = ""
    """As the app reached this server last, so that it also reaches the addresses that it is given."""
    token_error: str = ""
    """Why the app's token no longer holds; empty = it does."""
    joined: list[Owner] = field(default_factory=list)
    """People who came since the start."""
    inactive: set[str] = field(default_factory=lambda: {p.slack_id for p in OWNERS if p.archived})
    """People who were deactivated."""
    archived: set[str] = field(default_factory=set)
    """Channels."""
    absent: set[str] = field(default_factory=set)
    """Channels that the app is not in."""
    reactions: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)
    ephemeral: list[Ephemeral] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    rates: Rates = field(default_factory=Rates)
    files: Files = field(default_factory=Files)
    triggers: Triggers = field(default_factory=Triggers)
    response_urls: ResponseUrls = field(default_factory=ResponseUrls)
    views: Views = field(default_factory=Views)
    interactivity: Interactivity = field(default_factory=Interactivity)
    _last_micros: int = 0

    def people(self) -> list[Owner]:
        """Everybody but the bot."""
        return [*OWNERS, MARKETING_LEAD, *self.joined]

    def active_people(self) -> list[Owner]:
        """Everybody who was not deactivated."""
        return [person for person in self.people() if person.slack_id not in self.inactive]

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
        self.person(user_id)
        if user_id in self.inactive:
            raise SlackError("user_disabled")
        return "D" + user_id[1:]

    def channel(self, given: str, by_name: bool = False) -> str:
        """A channel id from what a client gave; a name only where Slack takes one.

        Raises:
            SlackError: `channel_not_found`.
        """
        if given in CHANNELS:
            return given
        if given.startswith("D") and given in ("D" + p.slack_id[1:] for p in self.active_people()):
            return given
        if by_name:
            if given.startswith("U"):
                return self.dm_of(given)
            for channel, name in CHANNELS.items():
                if given.removeprefix("#") == name:
                    return channel
        raise SlackError("channel_not_found")

    def writable(self, given: str, by_name: bool = False) -> str:
        """A channel that the app may write in.

        Raises:
            SlackError: `channel_not_found`, `is_archived`, `not_in_channel`.
        """
        channel = self.channel(given, by_name)
        if channel in self.archived:
            raise SlackError("is_archived")
        return self._joined(channel)

    def readable(self, given: str) -> str:
        """A channel whose messages the app may read; archived ones, too.

        Raises:
            SlackError: `channel_not_found`, `not_in_channel`.
        """
        return self._joined(self.channel(given))

    def _joined(self, channel: str) -> str:
        if channel in self.absent:
            raise SlackError("not_in_channel")
        return channel

    def admit(self, method: str, channel: str = "") -> None:
        """Count a call against its limit.

        Raises:
            SlackError: `ratelimited`, with the seconds to wait.
        """
        missing = self.rates.take(method, channel, clock.ticks(), self.limited)
        if missing:
            raise SlackError("ratelimited", retry_after=max(1, round(missing + 0.499)))

    def stamp(self) -> str:
        """A time stamp that nothing else has."""
        self._last_micros = max(clock.now_micros(), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def post(self, channel: str, user: str, body: dict[str, Any], thread_ts: str | None = None) -> dict[str, Any]:
        """Store a message under a time stamp that no other has; answers the message."""
        ts = self.stamp()
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

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message, as if it had never been.

        Raises:
            SlackError: `message_not_found`.
        """
        if not self.store.run("DELETE FROM messages WHERE channel=? AND ts=?", channel, ts):
            raise SlackError("message_not_found")

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
        due = [share for share in self.shares if share.due <= clock.now()]
        self.shares = [share for share in self.shares if share not in due]
        for share in due:
            self.post(share.channel, BOT_ID, share.body, share.thread_ts)
        rows: list[Row] = self.store.rows(f"SELECT channel, body FROM messages WHERE {where}", *args)
        return [(channel, json.loads(body)) for channel, body in rows]
