"""The handoffs that wait for first contact: whose they are, by when, and how they stand; the most urgent first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from handoff.ledger.db import Connection, Row
from handoff.notify.text import in_words
from handoff.web.pages.marks import Mark
from handoff.web.pages.open_query import OPEN, TEAMS

State = Literal["overdue", "undelivered", "reminded", "untold", "snoozed", "offered", "claimed", "accepted"]
ANSWERED: tuple[State, ...] = ("claimed", "accepted", "snoozed")
"""A rep who has said so knows of the lead, by whatever way."""
PER_PAGE = 100
MARKS: dict[State, Mark] = {
    "overdue": "act",
    "undelivered": "act",
    "reminded": "note",
    "untold": "note",
    "snoozed": "note",
    "offered": "fine",
    "claimed": "fine",
    "accepted": "fine",
}
"""In the order in which they are counted."""
WORDS: dict[State, str] = {
    "overdue": "overdue",
    "undelivered": "not told",
    "reminded": "reminded",
    "untold": "on its way",
    "snoozed": "snoozed",
    "offered": "offered",
    "claimed": "says contacted",
    "accepted": "accepted",
}


@dataclass(frozen=True)
class Chosen:
    """What somebody wants to see only; "" is all. `team` is one of the handoff's: a rep may be in several."""

    team: str = ""
    rep: str = ""
    tier: str = ""
    source: str = ""
    state: str = ""


@dataclass(frozen=True)
class Option:
    """One value of a filter, its name, and how many open handoffs have it."""

    value: str
    name: str
    count: int


@dataclass(frozen=True)
class OpenHandoff:
    """One row. `turn` counts the reps who have had it; `due_at` is the deadline that counts."""

    handoff_id: str
    lead_id: str
    lead: str
    company: str
    happened: str
    tier: str
    rep_id: str
    rep: str
    source: str
    score: float
    turn: int
    assigned_at: datetime
    due_at: datetime
    state: State

    @property
    def mark(self) -> Mark:
        """How it is marked."""
        return MARKS[self.state]

    @property
    def word(self) -> str:
        """How its state is told."""
        return WORDS[self.state]


@dataclass(frozen=True)
class OpenHandoffs:
    """One page of them. `states` counts what is chosen but for the state; `options` by the filter's name."""

    total: int
    states: tuple[tuple[State, int], ...]
    rows: tuple[OpenHandoff, ...]
    page: int
    pages: int
    options: dict[str, tuple[Option, ...]]


def read(connection: Connection, as_of: datetime, chosen: Chosen, page: int = 1) -> OpenHandoffs:
    """What is open at `as_of`.

    Args:
        page: from 1; one beyond the last is the last.
    """
    every = connection.execute(OPEN, {"at": as_of}).fetchall()
    owned = [row["assignment_id"] for row in every if row["pool_id"] is None]
    # Without an agreement there is no table to ask, and nobody who was given anything.
    found = connection.execute(TEAMS, {"owned": owned}).fetchall() if owned else []
    teams = {row["assignment_id"]: row["pool_ids"] for row in found}
    for row in every:
        row["state"] = _state(row, as_of)
        row["team"] = row["pool_id"] or teams.get(row["assignment_id"], ())
    of_interest = [row for row in every if _fits(row, chosen, ("team", "rep", "tier", "source"))]
    shown = [row for row in of_interest if _fits(row, chosen, ("state",))]
    shown.sort(key=lambda row: (row["due_at"], row["handoff_id"]))
    pages = max(1, -(-len(shown) // PER_PAGE))
    page = min(max(page, 1), pages)
    counts = Counter(row["state"] for row in of_interest)
    names = _names(connection, as_of) if every else {}
    return OpenHandoffs(
        total=len(shown),
        states=tuple((state, counts[state]) for state in MARKS),
        rows=_told(connection, shown[(page - 1) * PER_PAGE : page * PER_PAGE], names),
        page=page,
        pages=pages,
        options={each.name: _options(every, each.name, names) for each in fields(Chosen) if each.name != "state"},
    )


def _state(row: Row, as_of: datetime) -> State:
    if row["is_untold"]:
        return "untold"
    if row["is_undelivered"] and not any(row[f"is_{each}"] for each in ANSWERED):
        return "undelivered"
    if row["due_at"] <= as_of:
        return "overdue"
    found = next((each for each in ANSWERED if row[f"is_{each}"]), None)
    return found or ("reminded" if row["is_reminded"] else "offered")


def _fits(row: Row, chosen: Chosen, names: Iterable[str]) -> bool:
    return all(getattr(chosen, name) in ("", *_values(row, name)) for name in names)


def _values(row: Row, name: str) -> Sequence[str]:
    found: str | Sequence[str] = row[name]
    return (found,) if isinstance(found, str) else found


def _options(rows: Sequence[Row], name: str, names: dict[tuple[str, str], str]) -> tuple[Option, ...]:
    counts = Counter(value for row in rows for value in _values(row, name) if value)
    found = [
        Option(value, in_words(value) or value if name == "source" else names.get((name, value), value), count)
        for value, count in counts.items()
    ]
    return tuple(sorted(found, key=lambda option: (option.name, option.value)))


def _names(connection: Connection, as_of: datetime) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        """select distinct on (kind, id) kind, id, name from (
            select 'rep' as kind, rep_id as id, name, valid_from from agreement.reps
            union all select 'tier', tier_id, name, valid_from from agreement.tiers
            union all select 'team', pool_id, name, valid_from from agreement.pools
        ) as named where valid_from <= %(at)s order by kind, id, valid_from desc""",
        {"at": as_of},
    )
    return {(row["kind"], row["id"]): row["name"] for row in rows}


def _told(connection: Connection, rows: Sequence[Row], names: dict[tuple[str, str], str]) -> tuple[OpenHandoff, ...]:
    """The rows of one page, with what their handoffs knew of the lead."""
    known = {
        row["handoff_id"]: row
        for row in connection.execute(
            """select handoff_id,
                coalesce(context #>> '{lead,name}', context #>> '{lead,email}', '') as lead,
                coalesce(context #>> '{company,name}', context #>> '{company,domain}', '') as company,
                coalesce(context #>> '{trigger,summary}', '') as happened
            from handoff.handoffs where handoff_id = any(%s)""",
            ([row["handoff_id"] for row in rows],),
        )
    }

    def named(kind: str, row: Row) -> str:
        return names.get((kind, row[kind]), str(row[kind]))

    return tuple(
        OpenHandoff(
            **known[row["handoff_id"]],
            lead_id=row["lead_id"],
            tier=named("tier", row),
            rep_id=row["rep"],
            rep=named("rep", row),
            source=row["source"],
            score=float(row["score"]),
            turn=row["turn"],
            assigned_at=row["assigned_at"],
            due_at=row["due_at"],
            state=row["state"],
        )
        for row in rows
    )
