"""The board: whether the data is all there, and what waits or stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.charts import Joint
from handoff.extract import overview, quarantine
from handoff.extract.quarantine import Quarantine
from handoff.gates import state
from handoff.gates.state import State
from handoff.ledger.db import Connection
from handoff.review import policies
from handoff.review.pack import flow
from handoff.review.policies import Policy
from handoff.web.pages import board_streams, board_waiting, filters, review
from handoff.web.pages.board_streams import StreamRow
from handoff.web.pages.board_waiting import ClosedGate, Held, Shadow, Waiting
from handoff.web.pages.marks import Mark

QUARANTINE_ROWS = 100
HELD_ROWS = 50
LATE = timedelta(minutes=45)
"""Three builds of the marts."""


@dataclass(frozen=True)
class Tile:
    """One number of the top row. `note` says what it is made of, or what it means."""

    label: str
    value: int
    mark: Mark
    note: str


@dataclass(frozen=True)
class Board:
    """Everything on the page, as of one moment."""

    as_of: datetime
    tiles: tuple[Tile, ...]
    closed_gates: tuple[ClosedGate, ...]
    gates: tuple[State, ...]
    streams: tuple[StreamRow, ...]
    quarantine: Quarantine
    held: Held
    shadows: tuple[Shadow, ...]
    """None before an agreement was loaded."""
    policies: tuple[Policy, ...]
    """None before the marts were built."""
    policies_at: datetime | None
    """When they were checked; None for more than a week ago."""
    funnel: tuple[Joint, ...]
    """None before the marts were built."""

    @property
    def bottleneck(self) -> str:
        """Where in the funnel most are lost, in a sentence."""
        return flow.stopped_of(self.funnel)


def read(connection: Connection, as_of: datetime) -> Board:
    """Look at what moves with the line in one snapshot, so that the numbers fit together.

    What dbt builds anew is read before it, by statements that each see what is there when they begin: a table is then
    replaced by another, whose rows are younger than the snapshot, so that nothing would be in it.
    """
    promises = policies.read(connection)
    checked_at = policies.checked_at(connection, promises)
    funnel = review.funnel(connection, as_of)
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        states = overview.read(connection, as_of)
        unread = quarantine.read(connection, QUARANTINE_ROWS)
        held = board_waiting.held(connection, HELD_ROWS)
        gates = board_waiting.closed_gates(connection)
        states_of_gates = state.states(connection)
        waiting = board_waiting.waiting(connection, as_of)
        loaded = connection.execute("select to_regclass('line.int_shadow_trials') is not null as yes").fetchone()
        shadows = board_waiting.shadows(connection, as_of) if loaded and loaded["yes"] else ()
    streams = board_streams.rows(states, as_of)
    tiles = (
        *_standing_still(gates, streams),
        *_missing(unread, streams),
        *_waiting(waiting, held),
        *_broken(promises, checked_at, as_of),
    )
    return Board(
        as_of=as_of,
        tiles=tiles,
        closed_gates=gates,
        gates=states_of_gates,
        streams=streams,
        quarantine=unread,
        held=held,
        shadows=shadows,
        policies=promises,
        policies_at=checked_at,
        funnel=tuple(funnel),
    )


def _standing_still(gates: Sequence[ClosedGate], streams: Sequence[StreamRow]) -> tuple[Tile, ...]:
    late = sum(each.is_late for each in streams)
    return (
        Tile("Closed gates", len(gates), _act(len(gates)), "nothing is handed over" if gates else "all open"),
        Tile("Late streams", late, _act(late), "the line may stand still" if late else f"of {len(streams)}"),
    )


def _missing(held: Quarantine, streams: Sequence[StreamRow]) -> tuple[Tile, ...]:
    lacking = sum(bool(each.state.lacks) for each in streams)
    missed = sum(each.state.missed for each in streams)
    swept = sum(each.state.swept for each in streams)
    parts = f"records {held.records:,}, values {held.values:,}" if held.total else "all could be read"
    return (
        Tile("Streams without access", lacking, _act(lacking), f"of {len(streams)}"),
        Tile("Quarantined", held.total, _act(held.total), parts),
        Tile("Missed by the fast pass", missed, _note(missed), "7 days, found by the slow pass"),
        Tile("Missed by both", swept, _act(swept), "7 days, found by the nightly sweep"),
    )


def _waiting(waiting: Waiting, held: Held) -> tuple[Tile, ...]:
    outbox_mark = "act" if waiting.given_up else _note(waiting.outbox)
    given_up = f"and {waiting.given_up:,} given up in 7 days" if waiting.given_up else "messages and write-backs"
    return (
        Tile("MQLs held", held.total, _act(held.total), _about_held(held)),
        Tile("Inbox waiting", waiting.inbox, _note(waiting.inbox), "webhooks and presses"),
        Tile("Outbox waiting", waiting.outbox, outbox_mark, given_up),
        Tile(
            "Breakers open", waiting.breakers + waiting.floods, _act(waiting.breakers + waiting.floods), _about(waiting)
        ),
        Tile("Drift", waiting.drifted, _note(waiting.drifted), "7 days, a person chose otherwise in HubSpot"),
    )


def _broken(promises: Sequence[Policy], checked_at: datetime | None, as_of: datetime) -> tuple[Tile, ...]:
    broken = sum(bool(each.broken) for each in promises)
    if not promises:
        note = "not checked yet"
    elif checked_at is None:
        note = f"of {len(promises)}, checked more than a week ago"
    else:
        note = f"of {len(promises)}, checked {filters.span(as_of - checked_at)} ago"
    is_late = bool(promises) and (checked_at is None or as_of - checked_at > LATE)
    return (Tile("Policies broken", broken, "act" if broken else "note" if is_late else "fine", note),)


def _about(waiting: Waiting) -> str:
    if waiting.floods:
        return "more MQLs than usual wait for an answer"
    return "a vendor does not answer" if waiting.breakers else "all vendors answer"


def _about_held(held: Held) -> str:
    if held.at_risk:
        return f"nobody has them; {held.at_risk:,} raised a hand"
    return "nobody has them" if held.total else "every one has a rep"


def _act(value: int) -> Mark:
    return "act" if value else "fine"


def _note(value: int) -> Mark:
    return "note" if value else "fine"
