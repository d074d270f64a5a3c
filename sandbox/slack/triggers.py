"""What a person's action entitles an app to for a while: one modal, and five answers at an address."""

import uuid
from dataclasses import dataclass, field

from sandbox.slack.errors import SlackError

TRIGGER_SECONDS = 3.0
ANSWERS, ANSWER_SECONDS = 5, 1800.0


@dataclass
class Trigger:
    """Entitles to one modal; `expires` is in seconds of a clock that never goes back."""

    user: str
    expires: float
    is_exchanged: bool = False


@dataclass
class Triggers:
    """All `trigger_id`s that were given out."""

    _given: dict[str, Trigger] = field(default_factory=dict)

    def issue(self, user: str, now: float, seconds: float = TRIGGER_SECONDS) -> str:
        """A new `trigger_id`."""
        trigger_id = f"{7_000_000_000_000 + len(self._given)}.4242424242.{uuid.uuid4().hex}"
        self._given[trigger_id] = Trigger(user, now + seconds)
        return trigger_id

    def exchange(self, trigger_id: str, now: float) -> str:
        """Use it up, and answer whose it is.

        Raises:
            SlackError: `invalid_trigger_id`, `exchanged_trigger_id`, `expired_trigger_id`.
        """
        trigger = self._given.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_exchanged:
            raise SlackError("exchanged_trigger_id")
        if now >= trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.is_exchanged = True
        return trigger.user


@dataclass
class ResponseUrl:
    """Where an app may answer an action."""

    user: str
    channel: str
    ts: str
    """Of the message that was acted on."""
    expires: float
    uses: int = 0


@dataclass
class ResponseUrls:
    """All `response_url`s that were given out, by the secret end of their address."""

    _given: dict[str, ResponseUrl] = field(default_factory=dict)

    def issue(self, user: str, channel: str, ts: str, now: float) -> str:
        """The secret end of a new address."""
        key = uuid.uuid4().hex
        self._given[key] = ResponseUrl(user, channel, ts, now + ANSWER_SECONDS)
        return key

    def use(self, key: str, now: float) -> ResponseUrl:
        """Use it once more.

        Raises:
            SlackError: `no_such_url`, `expired_url`, or `used_url` from the sixth time on.
        """
        url = self._given.get(key)
        if url is None:
            raise SlackError("no_such_url")
        if now >= url.expires:
            raise SlackError("expired_url")
        if url.uses >= ANSWERS:
            raise SlackError("used_url")
        url.uses += 1
        return url
