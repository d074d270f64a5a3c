"""Effects on the outside world: one row each, made in the transaction that decides, carried out afterwards."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection


@dataclass(frozen=True)
class Effect:
    """One thing to do once. Effects with the same `dedupe_key` are the same effect."""

    dedupe_key: str
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    handoff_id: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True)
class Done:
    """It took effect. `label` is what it is counted as; `result` is kept with the row."""

    result: dict[str, Any] = field(default_factory=dict)
    label: str = "sent"


@dataclass(frozen=True)
class NotDelivered:
    """Certainly nothing happened; try again after so many seconds. `is_vendor_wide`: so would every other item."""

    error: str
    retry_after_s: float
    is_vendor_wide: bool = False


@dataclass(frozen=True)
class Permanent:
    """Certainly nothing happened, and trying again will not help."""

    error: str


@dataclass(frozen=True)
class Unknown:
    """It may or may not have happened."""

    error: str


NEVER = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
"""When an effect is due by itself that goes out with another one."""
Outcome = Done | NotDelivered | Permanent | Unknown


class CannotLook(RuntimeError):
    """The vendor could not be asked whether an earlier attempt arrived."""


class Sender(Protocol):
    """How one kind of effect is carried out."""

    def send(self, payload: dict[str, Any], dedupe_key: str) -> Outcome:
        """Carry it out, once; any exception is taken as `Unknown`."""

    def look(self, payload: dict[str, Any], dedupe_key: str, since: datetime) -> Done | None:
        """What an attempt made at or after `since` did; None if nothing. Raises `CannotLook`."""


def put(connection: Connection, *effects: Effect) -> int:
    """Add effects that are not there yet, in the caller's transaction; return how many were new."""
    new = 0
    for effect in effects:
        new += connection.execute(
            "insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, not_before) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (dedupe_key) do nothing",
            (
                effect.dedupe_key,
                effect.handoff_id,
                effect.kind,
                Jsonb(effect.payload),
                effect.created_at,
                effect.not_before or effect.created_at,
            ),
        ).rowcount
    return new


def has(connection: Connection, *dedupe_keys: str) -> bool:
    """Whether one of some effects is there, whatever became of it."""
    found = connection.execute("select from handoff.outbox where dedupe_key = any(%s) limit 1", (list(dedupe_keys),))
    return found.fetchone() is not None
