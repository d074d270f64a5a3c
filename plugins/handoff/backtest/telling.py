"""A comparison in words, tables and charts: for a terminal, a pull request and a page."""

from collections.abc import Iterator, Sequence
from typing import Any

from handoff import charts
from handoff.agreement.document import Document, Section, Table
from handoff.backtest.changes import Change
from handoff.backtest.outcomes import Breaches, Conversion
from handoff.backtest.run import Report

SHOWN = 25
"""Leads listed of each kind; the JSON has all."""
SIDES_REST_ON = (
    "A lead counts with the owner and stage of the moment at which it is looked at. After it was handed over in truth "
    "they are what became of that: who would be taken only then may seem to be with sales already, and so lost."
)
LOAD_RESTS_ON = (
    "Each lead goes to somebody who was not away in the hour of its arrival. Of the deals whose owners come first, "
    "those that were closed since are not seen. How many a rep may hold, or get in a day, is not counted, and breaches "
    "are not predicted from the load: handoff route simulate does both, over the handoffs that were."
)


def document(report: Report) -> Document:
    """The comparison as a page."""
    before, after = report.before, report.after
    difference = after.mqls - before.mqls
    more = f"{abs(difference)} {'more' if difference >= 0 else 'fewer'} MQLs" if difference else "as many MQLs"
    days = (report.end - report.start).days
    summary = [
        f"From {before.label} to {after.label}, over {days} days until {report.end:%Y-%m-%d %H:%M} UTC, all of them by "
        f"the rows in force on {report.on}: {more} "
        f"({before.mqls} → {after.mqls}): {len(report.gained)} gained, {len(report.lost)} lost, {report.kept} at the "
        f"same moment, {report.sooner} sooner, {report.later} later.",
        _became(report.lost, "lost", "became SQL after the moment at which they would no longer be handed over"),
        _became(report.gained, "gained", "became SQL all the same, without that handoff"),
        *_would_have_become(report),
    ]
    if report.unseen:
        summary.append(
            f"Of what differs, this cannot show here: {', '.join(report.unseen)}. A backtest begins with nobody handed "
            "over, follows a lead to its first handoff, and asks neither deadlines, working hours nor how a fact came "
            "to be known."
        )
    if report.late_facts:
        summary.append(
            f"{report.late_facts:,} of {report.leads:,} leads were first judged after the span began: before that, "
            "they count with the first facts that were known."
        )
    return Document(
        title=f"Backtest: {before.label} → {after.label}",
        summary=tuple(summary),
        sections=(
            Section("Side by side", (SIDES_REST_ON,), (_sides(report),)),
            Section("By rule", ("The rule that decides is counted once a lead.",), (_rules(report),)),
            Section("Load", (LOAD_RESTS_ON,), (_load(report),)),
            Section("Leads", tables=(_leads("Lost", report.lost), _leads("Gained", report.gained))),
        ),
        signatories=(),
        stamp=f"{report.leads:,} leads and {report.acts:,} acts in {report.seconds:.1f} s; the models were asked about "
        f"{before.asked + after.asked:,} of {before.moments + after.moments:,} moments that might have decided.",
    )


def figures(report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    """The charts, each with its caption."""
    if report.by_rule:
        rows = [
            (rule, side, value)
            for rule, gained, lost in report.by_rule[:12]
            for side, value in (("gained", gained), ("lost", lost))
        ]
        yield (
            "Leads gained and lost, by the rule that decides",
            charts.paired_bars(rows, ("gained", "lost"), (charts.GAINED, charts.LOST), "leads"),
        )
    shares = [
        (f"{place}: {side.label}", side.conversion.low, side.conversion.share, side.conversion.high)
        for place, side in (("before", report.before), ("after", report.after))
        if side.conversion.share is not None
    ]
    if shares:
        caption = f"MQL to SQL within {report.horizon_days} days, with 95 % intervals"
        yield caption, charts.intervals(shares, "share of MQLs")  # type: ignore[arg-type]
    reps = sorted(report.before.per_rep.keys() | report.after.per_rep.keys())
    if reps:
        rows = [
            (rep, name, side.per_rep.get(rep, 0))
            for rep in reps
            for name, side in (("before", report.before), ("after", report.after))
        ]
        yield (
            "Handoffs by rep",
            charts.paired_bars(rows, ("before", "after"), (charts.BEFORE, charts.AFTER), "handoffs"),
        )


def _became(changes: Sequence[Change], what: str, said: str) -> str:
    number = sum(each.sql_at is not None for each in changes)
    return f"Of the {len(changes)} {what}, {number} {said}."


def _would_have_become(report: Report) -> Iterator[str]:
    found = report.would_convert
    if not found.leads:
        return
    if found.expected is None:
        yield (
            "How many of the gained would have become SQL cannot be said: of those that both would hand over, none "
            f"was watched for {report.horizon_days} days."
        )
        return
    yield (
        f"Had {found.leads} of the gained, who were no SQL before, been handed over, {found.expected:.1f} would have "
        f"become SQL within {report.horizon_days} days ({found.low:.1f} to {found.high:.1f}), if they are like those "
        f"that both would hand over: {told_conversion(found.like)}. Leads that a lower bar lets in are mostly less so."
    )


def _sides(report: Report) -> Table:
    tiers = sorted(report.before.by_tier.keys() | report.after.by_tier.keys())
    sides = (report.before, report.after)
    return Table(
        "What each agreement would have done",
        ("", "Before", "After"),
        (
            ("MQLs", *(str(side.mqls) for side in sides)),
            *((f"of tier {tier}", *(str(side.by_tier.get(tier, 0)) for side in sides)) for tier in tiers),
            (f"SQL within {report.horizon_days} days", *(told_conversion(side.conversion) for side in sides)),
            ("Expected breaches, whatever the load", *(_breaches(side.breaches) for side in sides)),
        ),
    )


def told_conversion(found: Conversion) -> str:
    """How many MQLs became SQL, or why that cannot be said."""
    if found.watched_days is None:
        return "nobody to say"
    if found.share is None:
        return f"too young to say: watched {found.watched_days} {'day' if found.watched_days == 1 else 'days'}"
    young = f"; {found.young} too young to say" if found.young else ""
    return f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%}; {found.converted} of {found.leads}{young})"


def _breaches(found: Breaches) -> str:
    if found.expected is None:
        return f"not to say from {found.measured} handoffs"
    return f"{found.expected:.1f} ({found.low:.1f} to {found.high:.1f}, by {found.measured} handoffs)"


def _rules(report: Report) -> Table:
    return Table(
        "Leads by the rule that decides",
        ("Id", "Gained", "Lost"),
        tuple((rule, str(gained), str(lost)) for rule, gained, lost in report.by_rule),
    )


def _load(report: Report) -> Table:
    before, after = report.before, report.after
    reps = sorted(before.per_rep.keys() | after.per_rep.keys())
    return Table(
        f"Handoffs by rep, by the rota of {report.on}",
        ("Rep", "Before", "After"),
        tuple((rep, str(before.per_rep.get(rep, 0)), str(after.per_rep.get(rep, 0))) for rep in reps),
    )


def _leads(title: str, changes: Sequence[Change]) -> Table:
    shown = sorted(changes, key=lambda each: (each.sql_at is None, each.at))[:SHOWN]
    rest = f", {len(changes) - SHOWN} more in the JSON" if len(changes) > SHOWN else ""
    return Table(
        f"{title}: {len(changes)}{rest}",
        ("Lead", "Who", "MQL at (UTC)", "Score", "Why", "SQL at (UTC)"),
        tuple(
            (
                each.lead_id,
                ", ".join(part for part in (each.name, each.company) if part) or "–",
                f"{each.at:%Y-%m-%d %H:%M}",
                f"{each.score_before:.2f} → {each.score_after:.2f}",
                f"{', '.join(each.rules)}: {each.why}",
                f"{each.sql_at:%Y-%m-%d %H:%M}" if each.sql_at else "–",
            )
            for each in shown
        ),
    )
