"""What the change that is proposed for a clause would have done, so that the meeting need not go and ask."""

from collections.abc import Sequence
from datetime import datetime

from handoff.agreement.model import Agreement
from handoff.agreement.what_if import Edit, changed
from handoff.backtest.changes import Change
from handoff.backtest.run import Report
from handoff.backtest.run import run as backtest
from handoff.ledger.db import Connection
from handoff.qualify import models

DAYS = 90


def tried(connection: Connection, agreement: Agreement, edit: Edit, at: datetime) -> str:
    """The MQLs of the `DAYS` days before `at` with and without the change, in words."""
    day = at.date()
    sides = (
        (agreement.name, agreement.as_tables()),
        (str(edit), changed(agreement, [edit], day).as_tables()),
    )
    return _told(backtest(connection, models.compiled(for_all=True), sides, days=DAYS, end=at, on=day))


def _told(report: Report) -> str:
    before, after = report.before.mqls, report.after.mqls
    if not before and not after:
        return f"No MQL in {DAYS} days, with it or without"
    parts = [f"{before} → {after} MQLs in {DAYS} days", _became(report.lost, "lost")]
    if report.gained:
        parts.append(_became(report.gained, "gained"))
    return "; ".join(parts)


def _became(changes: Sequence[Change], what: str) -> str:
    sqls = sum(each.sql_at is not None for each in changes)
    return f"{len(changes)} {what}, {sqls} of them SQL" if changes else f"none {what}"
