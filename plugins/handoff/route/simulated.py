"""What a simulation of the routing comes to: load, fairness, wait and breaches, side by side."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median, quantiles

from handoff.agreement.document import Document, Section, Table
from handoff.qualify.loads import Tables
from handoff.route.simulate import Given


@dataclass(frozen=True)
class RepLoad:
    """One rep's part: leads given, the most that were open at once, and in how many the promise was broken: in time
    nobody was in touch, nor rejected it."""

    rep_id: str
    leads: int
    most_open: int
    breaches: int


@dataclass(frozen=True)
class Outcome:
    """One agreement's part. Waits are minutes by the clock on the wall, of leads that were called; `unfairness` is how
    many leads a rep had more or less than the pool's weights say, for the rep furthest off, by pool."""

    label: str
    on: date
    """The day whose rows of the agreement were in force."""
    arrivals: int
    left_out: int
    """Handoffs of the span beside those, of leads of whom nothing is kept any more."""
    nobody: tuple[tuple[str, str], ...]
    """(handoff, why)."""
    breaches: int
    wait_median: float | None
    wait_p90: float | None
    reps: tuple[RepLoad, ...]
    unfairness: dict[str, float]


def outcome(label: str, tables: Tables, given: Sequence[Given], day: date, end: datetime, left_out: int = 0) -> Outcome:
    """Add up what was given to whom.

    Args:
        end: of the span; a deadline after it is not broken yet.
        day: the day whose rows of the agreement were in force.
    """
    waits = sorted((each.contacted_at - each.at).total_seconds() / 60 for each in given if each.contacted_at)
    by_rep: dict[str, list[Given]] = defaultdict(list)
    for each in given:
        if each.rep_id:
            by_rep[each.rep_id].append(each)
    return Outcome(
        label=label,
        on=day,
        arrivals=len(given),
        left_out=left_out,
        nobody=tuple((each.handoff_id, each.reason) for each in given if each.rep_id is None),
        breaches=sum(each.is_breach(end) for each in given),
        wait_median=round(median(waits), 1) if waits else None,
        wait_p90=round(quantiles(waits, n=10, method="inclusive")[-1], 1) if len(waits) > 1 else None,
        reps=tuple(
            RepLoad(rep_id, len(rows), _most_open(rows), sum(each.is_breach(end) for each in rows))
            for rep_id, rows in sorted(by_rep.items(), key=lambda each: (-len(each[1]), each[0]))
        ),
        unfairness=dict(_unfairness(tables, given, day)),
    )


def _most_open(rows: Iterable[Given]) -> int:
    changes = [(each.at, 1) for each in rows] + [(each.ended_at, -1) for each in rows if each.ended_at]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def _unfairness(tables: Tables, given: Sequence[Given], day: date) -> Iterable[tuple[str, float]]:
    text = day.isoformat()
    weights: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tables["pool_members"]:
        if str(row["valid_from"]) <= text < str(row["valid_to"]):
            weights[row["pool_id"]][row["rep_id"]] = int(row["weight"])
    taken = Counter((each.pool_id, each.rep_id) for each in given)
    for pool_id, members in sorted(weights.items()):
        total = sum(taken[pool_id, rep_id] for rep_id in members)
        share = total / sum(members.values())
        if total:
            yield pool_id, round(max(abs(taken[pool_id, each] - share * w) for each, w in members.items()), 1)


def document(before: Outcome, after: Outcome, start: datetime, end: datetime) -> Document:
    """The comparison as a page."""
    sides = (before, after)
    reps = sorted({each.rep_id for side in sides for each in side.reps})
    loads = [{each.rep_id: each for each in side.reps} for side in sides]
    none = RepLoad("", 0, 0, 0)
    figures = [
        ("Handoffs", *(str(side.arrivals) for side in sides)),
        ("That nobody could take", *(str(len(side.nobody)) for side in sides)),
        ("Nobody in touch in time, nor rejected", *(_share(side.breaches, side.arrivals) for side in sides)),
        ("Minutes to first contact, median", *(_minutes(side.wait_median) for side in sides)),
        ("Minutes to first contact, 90th percentile", *(_minutes(side.wait_p90) for side in sides)),
    ]
    columns = ("", before.label, after.label)
    load = [
        (rep_id, *(f"{(one := each.get(rep_id, none)).leads} ({one.most_open}, {one.breaches})" for each in loads))
        for rep_id in reps
    ]
    pools = sorted(before.unfairness.keys() | after.unfairness.keys())
    fairness = [(pool, *(str(side.unfairness.get(pool, "no lead")) for side in sides)) for pool in pools]
    return Document(
        title=f"Routing: {before.label} → {after.label}",
        summary=(
            f"The handoffs of {start:%Y-%m-%d} to {end:%Y-%m-%d}, routed again one after the other, all of them by the "
            f"rows in force on {after.on}. A lead is taken to be called after as many open minutes of whoever gets it "
            "as it was in truth.",
            *_left_out(after.left_out),
        ),
        sections=(
            Section("Side by side", tables=(Table("Figures", columns, tuple(figures)),)),
            Section(
                "Load and fairness",
                tables=(
                    Table("Leads by rep (most open at once, nobody in touch in time)", columns, tuple(load)),
                    Table("Leads more or less than the weights say, the rep furthest off", columns, tuple(fairness)),
                ),
            ),
            Section("Nobody", tables=(_nobody(after),)),
        ),
        signatories=(),
        stamp="Nothing was written, and nobody was told.",
    )


def _left_out(count: int) -> Iterable[str]:
    if count:
        yield (
            f"{count:,} more handoffs of that span are left out: their leads were erased, or are older than what is "
            "kept. Loads and breaches are lower by them, on both sides."
        )


def _nobody(side: Outcome) -> Table:
    return Table(f"Handoffs that nobody could take, {side.label}", ("Id", "Why"), side.nobody[:25])


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)" if whole else "0"


def _minutes(value: float | None) -> str:
    return "nobody was called" if value is None else f"{value:,.1f}"
