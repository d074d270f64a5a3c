"""What a card tells below its buttons: facts about the lead, the parts of the score, and what they did. Escaped."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from handoff.notify.context import Context
from handoff.notify.moments import moment
from handoff.notify.text import clean, in_words, slack_text

LINE = 160
PARTS, ACTIVITIES = 12, 10


def facts(context: Context) -> list[str]:
    """At most ten, which is as many as a section holds; what is not known is left out."""
    lead, company, source = context.lead, context.company, context.attribution
    size = f"{company.employees:,} employees" if company.employees is not None else None
    said = {
        "Title": [lead.title],
        "Company": [company.name, company.domain],
        "Size and industry": [size, in_words(company.industry)],
        "Country": [lead.country or company.country],
        "E-mail": [lead.email],
        "Phone": [lead.phone],
        "First source": [in_words(source.first_source), source.first_source_detail],
        "Latest source": [in_words(source.latest_source), source.latest_source_detail],
        "Campaign": [source.campaign],
    }
    known = [(label, " · ".join(lines(values))) for label, values in said.items()]
    return [f"{label}\n{text}" for label, text in known if text] or ["Nothing else is known"]


def score(context: Context) -> list[str]:
    """The sum and its parts, the largest first; those that are not shown are one line, so that it adds up."""
    sums = context.score
    shown, rest = sums.parts[:PARTS], sums.parts[PARTS:]
    head = f"Score {sums.total:g} = fit {sums.fit:g} + engagement {sums.engagement:g} (threshold {sums.threshold:g})"
    told = [f"{part.points:+g}  {slack_text(part.label, LINE, empty='(no name)')}" for part in shown]
    return [head, *told, *([f"{sum(part.points for part in rest):+g}  {len(rest)} more"] if rest else [])]


def engagements(context: Context, local: ZoneInfo, as_of: datetime) -> list[str]:
    """What they did, the newest first."""
    return [
        f"{moment(each.occurred_at, local, as_of)}  {slack_text(each.summary, LINE, empty='(no name)')}"
        for each in context.activities[:ACTIVITIES]
    ] or ["Nothing before this"]


def lines(values: Iterable[str | None]) -> list[str]:
    """Each value that is one, on a line of its own."""
    return [slack_text(value, LINE) for value in values if clean(value)]
