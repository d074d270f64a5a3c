"""The ladder once more, in plain Python and slowly: calendars walked through day by day, one handoff, no database."""

import csv
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds" / "agreement"
CHAIN = ("ana-costa", "ben-okafor", "farah-ali")
"""Who gets a North American lead, one after the other; Farah is everybody's manager, and her own."""
OVER = ("contacted", "rejected", "withdrawn")
Span = tuple[datetime, datetime]
Step = tuple[str, str, str]
"""Whose clock it was, the step's id, and what became of it."""


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


REPS = {row["rep_id"]: row for row in rows("reps")}
OPENINGS, HOLIDAYS, ESCALATIONS = rows("calendars"), rows("holidays"), rows("escalations")


def day_of(rep_id: str, day: date) -> list[Span]:
    """The open spans of a day; none of the days looked at has a changed clock."""
    rep = REPS[rep_id]
    zone, calendar = ZoneInfo(rep["time_zone"]), rep["calendar_id"]
    if any(row["calendar_id"] == calendar and row["holiday_on"] == day.isoformat() for row in HOLIDAYS):
        return []
    return sorted(
        (
            datetime.combine(day, time.fromisoformat(row["opens"]), zone),
            datetime.combine(day, time.fromisoformat(row["closes"]), zone),
        )
        for row in OPENINGS
        if row["calendar_id"] == calendar and int(row["weekday"]) == day.isoweekday()
    )


def at_work(rep_id: str, at: datetime) -> bool:
    days = [at.date() + timedelta(days=offset) for offset in (-1, 0, 1)]
    return any(begins <= at < ends for day in days for begins, ends in day_of(rep_id, day))


@dataclass
class Turn:
    """One rep's time with the lead."""

    rep_id: str
    assigned_at: datetime
    taken: set[str] = field(default_factory=set)
    is_accepted: bool = False
    is_breached: bool = False
    quiet_until: datetime | None = None
    pauses: list[Span] = field(default_factory=list)

    def reaches(self, seconds: float) -> datetime:
        """When so many seconds of the rep's time have passed, pauses left out."""
        left = timedelta(seconds=seconds)
        for offset in count(-1):
            for begins, ends in day_of(self.rep_id, self.assigned_at.date() + timedelta(days=offset)):
                spans = [(max(begins, self.assigned_at), ends)]
                for pause_begins, pause_ends in self.pauses:
                    spans = [
                        piece
                        for one, other in spans
                        for piece in ((one, min(other, pause_begins)), (max(one, pause_ends), other))
                    ]
                for one, other in spans:
                    if other - one >= left and other > one:
                        return one + left
                    left -= max(other - one, timedelta(0))
        raise AssertionError("days do not end")


class Model:
    """A handoff of one tier, from the first assignment on."""

    def __init__(self, tier_id: str, minutes: int, at: datetime):
        self.seconds = minutes * 60
        self.ladder = sorted(
            (row for row in ESCALATIONS if row["tier_id"] == tier_id), key=lambda row: int(row["step"])
        )
        self.turns = [Turn(CHAIN[0], at)]
        self.over_at: datetime | None = None
        self.seen_at: datetime | None = None
        self.steps: list[Step] = []
        self.is_full = False
        """Whether nobody else has room."""

    def answer(self, kind: str, at: datetime, until: datetime | None = None) -> None:
        turn = self.turns[-1]
        if kind in OVER:
            self.over_at = self.over_at or at
        elif kind == "accepted":
            turn.is_accepted = True
        elif until is not None:
            turn.quiet_until = max(until, turn.quiet_until or until)

    def look(self, at: datetime) -> None:
        turn = self.turns[-1]
        if self.seen_at and at - self.seen_at > timedelta(minutes=5) and self.over_at is None:
            turn.pauses.append((max(self.seen_at, turn.assigned_at), at))
        self.seen_at = at
        deadline = turn.reaches(self.seconds)
        if deadline < at and not (self.over_at and self.over_at <= deadline):
            turn.is_breached = True
        if self.over_at is None:
            self._climb(turn, at)

    def _climb(self, turn: Turn, at: datetime) -> None:
        ripe = [
            row
            for row in self.ladder
            if row["escalation_id"] not in turn.taken
            and turn.reaches(self.seconds * float(row["at_percent"]) / 100) <= at
            and (float(row["at_percent"]) < 100 or turn.is_breached)
        ]
        for row in ripe:
            became = self._became(row, ripe, turn, at)
            if became:
                turn.taken.add(row["escalation_id"])
                self.steps.append((turn.rep_id, row["escalation_id"], became))
            if became == "went on":
                self.turns.append(Turn(CHAIN[len(self.turns)], at))
                return

    def _became(self, row: dict[str, str], ripe: list[dict[str, str]], turn: Turn, at: datetime) -> str | None:
        """What a ripe step becomes now; None while it waits."""
        later = [each for each in ripe if int(each["step"]) > int(row["step"])]
        if row["action"] == "reassign":
            if turn.is_accepted:
                return "stayed"
            if len(self.turns) == len(CHAIN):
                return "stayed"
            return None if self.is_full else "went on"
        if float(row["at_percent"]) < 100 and any(each["action"] == "reassign" for each in later):
            return "passed over"
        if any(each["notify"] == row["notify"] and each["action"] != "reassign" for each in later):
            return "passed over"
        if row["action"] == "remind":
            quiet = turn.quiet_until is not None and at < turn.quiet_until
            return None if quiet or not at_work(turn.rep_id, at) else "told"
        # Nobody is above Farah: the review channel is told of her leads, at any hour.
        return "told" if turn.rep_id == "farah-ali" or at_work("farah-ali", at) else None
