"""The pack of a week, made from the marts and kept as it was posted."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from handoff.agreement import stored
from handoff.agreement.document import Document, Picture, Section, Table
from handoff.agreement.model import Agreement
from handoff.ledger.db import Connection
from handoff.review.pack import actions, changed, commitments, context, figures, flow, names
from handoff.review.pack.context import Trial
from handoff.review.pack.figures import name_of

DAYS_BACK = 400
"""Weeks of which something is told: those whose window is over, and the cohorts beside one another."""


def make(connection: Connection, files: Agreement, week: date, as_of: datetime, trial: Trial | None = None) -> Document:
    """The pack about a week, from the marts as they are, and from the agreement that was loaded.

    Args:
        files: the checkout's agreement, of which it is told where it has not been loaded.
        trial: as of `context.worst_clause`: a page that somebody waits for does without.

    Raises:
        handoff.review.performance.NotBuilt: the marts have not been built yet.
    """
    agreement, unloaded = stored.deciding(connection, files)
    worst = context.worst_clause(connection, agreement, week, as_of, trial)
    found = figures.read(connection, week, DAYS_BACK)
    called = names.read(connection)
    first = commitments.section(found, week, called)
    return Document(
        title=f"Revenue review, week {week:%V} of {week:%G}",
        summary=first.paragraphs,
        sections=(
            Section(first.title, (), first.tables, first.pictures),
            flow.delays(found, week),
            flow.bottleneck(found, week),
            flow.conversion(found, week),
            flow.rejections(connection, found, week, called),
            worst,
            context.shadows(found, week),
            changed.section(agreement, week, week + timedelta(days=7), unloaded),
            context.health(connection, found, week),
            actions.section(actions.of_meeting(connection, week, as_of)),
        ),
        signatories=(),
        stamp=f"{week} to {week + timedelta(days=6)}, as known {as_of:%Y-%m-%d %H:%M} UTC. Every figure of the "
        "week is a row of marts.rpt_weekly_review, what is said of a clause one of marts.fct_clause_performance, "
        "and what a change would have done is what `handoff backtest` says; intervals hold in 95 of 100 cases.",
    )


def keep(connection: Connection, week: date, document: Document, at: datetime) -> None:
    """Keep a pack as it is posted; the first one stays."""
    connection.execute(
        "insert into handoff.reviews (week_starts_on, made_at, pack) values (%s, %s, %s) on conflict do nothing",
        (week, at, Jsonb(asdict(document))),
    )


def kept(connection: Connection, week: date) -> Document | None:
    """The pack as it was posted; None for a week that was not."""
    row = connection.execute("select pack from handoff.reviews where week_starts_on = %s", (week,)).fetchone()
    return _read(row["pack"]) if row else None


def weeks(connection: Connection) -> list[str]:
    """The names of all weeks with a posted pack, the newest first."""
    rows = connection.execute("select week_starts_on from handoff.reviews order by 1 desc")
    return [name_of(row["week_starts_on"]) for row in rows]


def _read(said: Mapping[str, Any]) -> Document:
    sections = tuple(
        Section(
            each["title"],
            tuple(each["paragraphs"]),
            tuple(
                Table(
                    table["caption"],
                    tuple(table["columns"]),
                    tuple(map(tuple, table["rows"])),
                    # Once there was a link for each row, behind its first cell.
                    tuple((each,) if isinstance(each, str) else tuple(each) for each in table["links"]),
                )
                for table in each["tables"]
            ),
            tuple(Picture(**picture) for picture in each["pictures"]),
        )
        for each in said["sections"]
    )
    plain = {name: tuple(said[name]) for name in ("summary", "signatories")}
    return Document(title=said["title"], sections=sections, stamp=said["stamp"], **plain)
