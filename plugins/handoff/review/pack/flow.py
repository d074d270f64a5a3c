"""Where the time went, where leads stop, what converts, and what sales sent back."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from handoff import charts
from handoff.agreement.document import Picture, Section, Table
from handoff.charts import Joint
from handoff.ledger.db import Connection
from handoff.review.pack.figures import Figure, Figures, leads_behind
from handoff.review.pack.names import Names
from handoff.web.pages.filters import wait

STATIONS = {
    "receive": "Event to webhook",
    "extract": "Webhook to landed",
    "qualify": "Landed to decided",
    "route": "Decided to a rep",
    "notify": "Rep chosen to message sent",
    "system": "Event to message: the system in all",
    "rep": "Message to first contact, in the rep's working time",
}
FUNNEL = ("funnel", "stopped")
STAGES = ("mql", "accepted", "contacted", "sql", "won")
NAMES = {"mql": "MQL", "sql": "SQL"}
DIMENSIONS = {"source": "Source", "campaign": "Campaign", "segment": "Segment", "version": "Definition"}
EXAMPLES = ("First example", "Second example", "Third example")


def delays(figures: Figures, week: date) -> Section:
    """The delay ledger."""
    found = {each.member: each for each in figures.of(week, "delay", "station")}
    shown = [(text, found[name]) for name, text in STATIONS.items() if name in found]
    return Section(
        "Where the time went",
        ("Between what happened and the first contact, station by station.",),
        (
            Table(
                "Delay ledger",
                ("Station", "Median", "Nine of ten below", "Handoffs"),
                tuple((text, *each.times, f"{each.handoffs:,}") for text, each in shown),
                tuple((each.link,) for _, each in shown),
            ),
        ),
    )


def name_of_stage(stage: str) -> str:
    """As people call it."""
    return NAMES.get(stage, stage.capitalize())


def wait_of(median: float | None) -> str:
    """What a funnel says of the seconds from the stage before; sales may have been quicker than their own answer."""
    if median is None:
        return ""
    return f"after {wait(median)}" if median >= 0 else wait(median)


def stopped_of(joints: Sequence[Joint]) -> str:
    """Where most are lost, in a sentence, and why a pipe may grow wider. Who may still go on is not lost."""
    worst = charts.bottleneck(joints)
    if worst:
        told = f"Most stop before {worst.stage}: {worst.stopped:,}"
        told += f", and {worst.still_open:,} more may still reach it." if worst.still_open else "."
    elif any(each.still_open for each in joints):
        told = "Too early to tell where most stop: whoever has not gone on still may."
    else:
        told = "Nobody has stopped on the way."
    wider = [each.stage for before, each in pairwise(joints) if each.reached > before.reached]
    if wider:
        told += f" More reached {' and '.join(wider)} than the stage before, which can be passed by."
    return told


def _joint(reached: Figure, stopped: Figure | None) -> Joint:
    lost, still = (stopped.counted, stopped.still_open) if stopped else (0, 0)
    return Joint(name_of_stage(reached.member), reached.counted, wait_of(reached.median_seconds), lost, still)


def bottleneck(figures: Figures, week: date) -> Section:
    """The funnel of the week's MQLs as a pipe, and where most of them stop."""
    reached, stopped = ({each.member: each for each in figures.of(week, name, "stage")} for name in FUNNEL)
    joints = [_joint(reached[stage], stopped.get(stage)) for stage in STAGES if stage in reached]
    says = "; ".join(each.told for each in joints)
    picture = Picture(
        "funnel", "From MQL to customer; the wait is the median from the stage before", says, charts.pipe(joints)
    )
    rows = [reached[stage] for stage in STAGES if stage in reached]
    lost = [stopped[stage] for stage in STAGES if stage in stopped]
    return Section(
        "The bottleneck",
        (stopped_of(joints),),
        (
            Table(
                "Stages reached by the MQLs of this week, so far",
                ("Stage", "Reached", "Median wait", "Nine of ten below"),
                tuple((name_of_stage(each.member), each.so_far, *each.times) for each in rows),
                tuple((each.link,) for each in rows),
            ),
            Table(
                "Of those who reached the stage before, lost before this one",
                ("Stage", "Lost", "May still reach it"),
                tuple((name_of_stage(each.member), each.interval, f"{each.still_open:,}") for each in lost),
                tuple((each.link,) for each in lost),
            ),
        ),
        (picture,) if joints else (),
    )


def conversion(figures: Figures, week: date) -> Section:
    """From MQL to SQL, of the newest week whose window is over; until there is one, of the oldest, as far as it got."""
    shown = figures.told_cohort(week) or week
    all_of_it = figures.one(shown, "conversion")
    if all_of_it and all_of_it.is_complete:
        words = f"MQLs of {shown:%G-W%V}, the newest week whose window is over"
    else:
        words = f"MQLs of {shown:%G-W%V}, whose window is not over, so that these shares may still rise"
    return Section(
        "Conversion from MQL to SQL",
        (f"{words}: {all_of_it.interval}." if all_of_it else "There are no MQLs yet.",),
        tuple(
            Table(
                f"By {name.lower()}",
                (name, "Became SQL", "Still open"),
                tuple(
                    (each.member, each.interval, f"{each.still_open:,}")
                    for each in figures.of(shown, "conversion", key)
                ),
                tuple((each.link,) for each in figures.of(shown, "conversion", key)),
            )
            for key, name in DIMENSIONS.items()
        ),
    )


def rejections(connection: Connection, figures: Figures, week: date, names: Names) -> Section:
    """What sales sent back, by reason and by the clause that the reason accuses, with examples.

    A pack is kept for good, so it names handoffs: of somebody who is erased they lead to nobody.
    """

    def table(caption: str, columns: tuple[str, ...], dimension: str) -> Table:
        rows, links = [], []
        for each in figures.of(week, "rejections", dimension):
            behind = leads_behind(connection, week, "rejections", dimension, each.member)[: len(EXAMPLES)]
            handoffs = [str(row["handoff_id"]) for row in behind]
            missing = ["–"] * (len(EXAMPLES) - len(handoffs))
            rows.append((*names.all_of(dimension, each.member), f"{each.handoffs:,}", *handoffs, *missing))
            links.append((each.link, *[""] * len(columns), *(f"/lead/{handoff}" for handoff in handoffs)))
        return Table(caption, (*columns, "Rejected", *EXAMPLES), tuple(rows), tuple(links))

    return Section(
        "Rejections",
        (),
        (
            table("By reason, and the clause that it accuses", ("Reason", "Clause"), "traced"),
            table("By reason", ("Reason",), "reason"),
            table("By the clause that the reason accuses", ("Clause",), "clause"),
        ),
    )
