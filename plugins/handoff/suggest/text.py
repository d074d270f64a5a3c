"""A report for a terminal."""

from handoff.suggest.ranking import Estimate
from handoff.suggest.report import Report

LEGEND = (
    "unsure: it says nothing that the others do not say, or its interval includes both 0 and its points of today, "
    "which stay. "
    "rare: too few leads with it or without it."
)


def as_text(report: Report) -> str:
    """The report for a terminal."""
    every = report.learned_from + report.judged_by
    lines = [
        f"{every} {report.source}, of which {report.ended_well} ended well ({report.ended_well / every:.0%}). Learned "
        f"from the earlier {report.learned_from}, judged by the later {report.judged_by}, by {report.order}.",
        *(f"Left out: {count} {reason}" for reason, count in report.left_out.items()),
        *report.notes,
        *_columns(report),
        *_ways(report),
        *_tenths(report),
        *_points(report),
    ]
    return "\n".join(lines) + "\n" + (f"\n{report.patch}" if report.patch else "")


def _columns(report: Report) -> list[str]:
    if not report.columns:
        return []
    lines = ["", "Columns left out, because they are known only after the outcome or tell nothing:"]
    for each in report.columns:
        if each.is_left_out:
            lines.append(f"  {each.column}")
            lines += [f"    - {sign.says}" for sign in each.signs]
    doubted = [each for each in report.columns if each.signs and not each.is_left_out]
    if doubted:
        lines += ["", "Kept, although something speaks against them; see to it that they were known before:"]
        lines += [f"  {each.column}: {'; '.join(sign.says for sign in each.signs)}" for each in doubted]
    used = [each.column for each in report.columns if not each.is_left_out and not each.signs]
    return [*lines, "", f"Kept: {', '.join(used) or 'none'}"]


def _ways(report: Report) -> list[str]:
    gain, (one, other) = report.difference, report.compared
    clear = "clearly better" if gain.low > 0 else "clearly worse" if gain.high < 0 else "not clearly different"
    return [
        "",
        f"{'On the later examples':24} {'AUC':>5}  {'95 % interval':15} {'Brier':>6} {'slope':>6}",
        *(
            f"{name:24} {each.auc.value:5.3f}  {_interval(each.auc)}   {each.brier:6.3f} {each.slope:6.2f}"
            for name, each in report.ways.items()
        ),
        f"{one} – {other}: AUC {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}), {clear}",
    ]


def _interval(estimate: Estimate) -> str:
    return f"{estimate.low:.3f} – {estimate.high:.3f}"


def _tenths(report: Report) -> list[str]:
    one, other = (report.ways[name] for name in report.compared)
    lines = [
        "",
        f"Tenths, highest first {'leads':>7} {'expected':>9} {'ended well':>11} {'lift':>5}   {report.compared[1]}",
    ]
    for number, (mine, its) in enumerate(zip(one.tenths, other.tenths, strict=True), 1):
        told = f"{mine.n:>7} {mine.expected:>9.1%} {mine.rate:>11.1%} {mine.lift:>5.2f}"
        lines.append(f"{number:>21} {told}   {its.rate:.1%}, lift {its.lift:.2f}")
    return lines


def _points(report: Report) -> list[str]:
    sheet, reach = report.sheet, report.sheet.reach
    start = f"; every lead starts with {sheet.base:g}" if sheet.base else ""
    lines = ["", f"Points ({sheet.factor:.1f} for one unit of log-odds{start}); the threshold is {sheet.threshold:g}"]
    if reach:
        lines.append(f"{reach.then} of {reach.leads} leads reach it; {reach.today} reach that of today by its points.")
    lines.append(f"  {'now':>5} {'then':>5} {'had it':>7} {'with':>6} {'without':>8}  {'log-odds, 95 % interval':26}")
    for each in sorted(sheet.suggestions, key=lambda each: (each.verdict != "changed", -each.points)):
        now = "" if each.item.today is None else f"{each.item.today:g}"
        rates = [f"{rate:.0%}" if rate is not None else "" for rate in (each.rate_with, each.rate_without)]
        odds = "" if each.coefficient is None else f"{each.coefficient:+.2f} ({each.low:+.2f} to {each.high:+.2f})"
        says = each.item.label if each.item.label == each.item.id else f"{each.item.id}: {each.item.label}"
        mark = "" if each.verdict == "changed" else f" ({each.verdict})"
        lines.append(
            f"  {now:>5} {each.points:>5g} {each.support:>7} {rates[0]:>6} {rates[1]:>8}  {odds:26} {says}{mark}"
        )
    return [*lines, LEGEND]
