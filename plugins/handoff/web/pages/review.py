"""The weekly pack as a page: as it was posted, or, of a week that was not, as the marts have it now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handoff import charts
from handoff.agreement import source
from handoff.agreement.document import Document, Picture
from handoff.charts import Joint
from handoff.ledger.db import Connection, Row
from handoff.review import performance
from handoff.review.pack import figures, flow, names, pack, printing
from handoff.review.pack.figures import name_of
from handoff.review.run import last_week

FUNNEL_DAYS = 28
"""How far back the board's funnel looks for the Mondays of its weeks."""


@dataclass(frozen=True)
class ReviewPage:
    """What the template shows. `was_posted`: later numbers no longer change it."""

    week: str
    before: str
    after: str
    document: Document
    was_posted: bool
    posted: list[str]


def read(connection: Connection, week: date, as_of: datetime) -> ReviewPage:
    """The page of a week.

    Raises:
        handoff.review.performance.NotBuilt: the marts have not been built yet.
    """
    kept = pack.kept(connection, week)
    return ReviewPage(
        week=name_of(week),
        before=name_of(week - timedelta(days=7)),
        after=name_of(week + timedelta(days=7)),
        document=kept or pack.make(connection, source(), week, as_of),
        was_posted=kept is not None,
        posted=pack.weeks(connection),
    )


def newest(connection: Connection, as_of: datetime) -> str:
    """The week to show to somebody who names none: the newest that was posted, or the last whole one.

    Raises:
        handoff.review.performance.NotBuilt: none was posted, and the marts have not been built yet.
    """
    posted = pack.weeks(connection)
    if posted:
        return posted[0]
    performance.ask_built(connection)
    return name_of(last_week(connection, as_of))


def print_of(page: ReviewPage) -> bytes:
    """The pack as a PDF."""
    return printing.pdf(page.document)


def picture_of(page: ReviewPage, name: str) -> str:
    """One of its charts as an SVG file.

    Raises:
        LookupError: it has none of that name.
    """
    found: dict[str, Picture] = {
        picture.name: picture for section in page.document.sections for picture in section.pictures
    }
    if name not in found:
        raise LookupError(f"the pack of {page.week} has no picture {name}")
    return charts.svg(found[name].definition)


def leads(connection: Connection, week: date, figure: str, dimension: str, member: str) -> list[Row]:
    """The leads behind a figure.

    Raises:
        handoff.review.performance.NotBuilt: the marts have not been built yet.
    """
    performance.ask_built(connection)
    return figures.leads_behind(connection, week, figure, dimension, member)


def called(connection: Connection, figure: str, dimension: str, member: str) -> str:
    """The name of whom or what a figure is about."""
    return names.read(connection).of(figures.CLAUSE if figure == figures.CLAUSE else dimension, member)


def funnel(connection: Connection, as_of: datetime) -> list[Joint]:
    """The stages that the MQLs of the company's present week and the three before have reached; none before the marts
    were built."""
    built = connection.execute("select to_regclass('line.int_review_stages') is not null as yes").fetchone()
    if not built or not built["yes"]:
        return []
    rows = connection.execute(
        """select member, count(*) filter (where figure = 'funnel' and is_counted) as reached,
            percentile_cont(0.5) within group (order by seconds) as wait,
            count(*) filter (where figure = 'stopped' and is_counted) as stopped,
            count(*) filter (where figure = 'stopped' and is_open) as still_open
        from line.int_review_stages
        cross join (
            select (%(at)s at time zone time_zone)::date as day
            from agreement.company where valid_from <= %(at)s and %(at)s < valid_to
        ) as today
        where week_starts_on > today.day - %(days)s::int and week_starts_on <= today.day group by member""",
        {"at": as_of, "days": FUNNEL_DAYS},
    ).fetchall()
    found = {row["member"]: row for row in rows}
    return [
        Joint(
            flow.name_of_stage(row["member"]),
            row["reached"],
            flow.wait_of(row["wait"]),
            row["stopped"],
            row["still_open"],
        )
        for row in (found[stage] for stage in flow.STAGES if stage in found)
    ]
