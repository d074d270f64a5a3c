"""The message about one handoff, as Block Kit, for a phone held in one hand.

The lead's own words stand in `plain_text` only, where no character formats, links or mentions. Block Kit's limits:
https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from handoff.notify.context import Context
from handoff.notify.moments import business_time, deadline, moment, zone
from handoff.notify.text import clean, cut, slack_text

HEADER, SECTION, FIELD, FALLBACK = 150, 3000, 2000, 600
LINE, NAME = 160, 60
PARTS, ACTIVITIES = 12, 10
_LINKEDIN = re.compile(r"https://www\.linkedin\.com/[A-Za-z0-9._~%/-]{1,300}")
_RECORD = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*/contacts/\d+/record/0-1/\d+")

Block = dict[str, Any]


@dataclass(frozen=True)
class Card:
    """A message: `text` is what a notification shows, `blocks` what the channel shows. Both are escaped."""

    text: str
    blocks: list[Block]


def card(context: Context, due_at: datetime, time_zone: str, as_of: datetime, rep_name: str | None = None) -> Card:
    """Who, what just happened, by when to call, why qualified, where from, and what they did before.

    Args:
        due_at: end of the SLA.
        time_zone: IANA name of the rep's zone; every moment is shown in it.
        as_of: the present, which decides what is "today".
        rep_name: for a copy that others read too: whose lead it is.
    """
    lead, company, local = context.lead, context.company, zone(time_zone)
    name = slack_text(clean(lead.name) or lead.email, NAME, empty="(no name)")
    employer = slack_text(clean(company.name) or company.domain, NAME)
    at_company = f" at {employer}" if employer else ""
    call_by = f"Call by {deadline(due_at, local, as_of)}"
    promise = f"{call_by} ({business_time(context.tier.response_minutes)})"
    whose = f"{slack_text(rep_name, NAME)}: " if clean(rep_name) else ""
    happened = f"{slack_text(context.trigger.summary, LINE)} ({moment(context.trigger.occurred_at, local, as_of)})"
    tier = slack_text(context.tier.name, NAME)
    definition = slack_text(f"{context.definition.id} {context.definition.version}", NAME)
    blocks = [
        _header(f"{whose}{name}{at_company}"),
        _section([promise, happened]),
        {"type": "section", "fields": [_plain(each, FIELD) for each in _facts(context)]},
        _section([f"Why: {tier}, definition {definition}", *_lines([context.reason]), *_score(context)]),
        _section(["Last engagements", *_activities(context, local, as_of)]),
    ]
    links = _links(context)
    if links:
        # Bare URLs of ours in a section of ours: the only place of the card where Slack may make a link.
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": links, "verbatim": True}})
    return Card(text=cut(f"{whose}{name}{at_company}: {happened}. {promise}", FALLBACK), blocks=blocks)


def _facts(context: Context) -> list[str]:
    """At most ten, which is as many as a section holds; what is not known is left out."""
    lead, company, source = context.lead, context.company, context.attribution
    size = f"{company.employees:,} employees" if company.employees is not None else None
    facts = {
        "Title": [lead.title],
        "Company": [company.name, company.domain],
        "Size and industry": [size, _words(company.industry)],
        "Country": [lead.country or company.country],
        "E-mail": [lead.email],
        "Phone": [lead.phone],
        "First source": [_words(source.first_source), source.first_source_detail],
        "Latest source": [_words(source.latest_source), source.latest_source_detail],
        "Campaign": [source.campaign],
    }
    known = [(label, " · ".join(_lines(values))) for label, values in facts.items()]
    return [f"{label}\n{text}" for label, text in known if text] or ["Nothing else is known"]


def _score(context: Context) -> list[str]:
    score = context.score
    shown, rest = score.parts[:PARTS], score.parts[PARTS:]
    head = (
        f"Score {score.total:g} = fit {score.fit:g} + engagement {score.engagement:g} (threshold {score.threshold:g})"
    )
    lines = [f"{part.points:+g}  {slack_text(part.label, LINE, empty='(no name)')}" for part in shown]
    return [head, *lines, *([f"{sum(part.points for part in rest):+g}  {len(rest)} more"] if rest else [])]


def _activities(context: Context, local: ZoneInfo, as_of: datetime) -> list[str]:
    return [
        f"{moment(each.occurred_at, local, as_of)}  {slack_text(each.summary, LINE, empty='(no name)')}"
        for each in context.activities[:ACTIVITIES]
    ] or ["Nothing before this"]


def _links(context: Context) -> str:
    record, linkedin = context.record_url or "", context.lead.linkedin_url or ""
    links = [f"<{record}|Open in HubSpot>"] if _RECORD.fullmatch(record) else []
    return "  ·  ".join([*links, *([f"<{linkedin}|LinkedIn>"] if _LINKEDIN.fullmatch(linkedin) else [])])


def _words(code: str | None) -> str | None:
    """A CRM's enumeration value, such as PAID_SEARCH, as words."""
    return code.replace("_", " ").capitalize() if code and re.fullmatch(r"[A-Z0-9_]+", code) else code


def _lines(values: Iterable[str | None]) -> list[str]:
    return [slack_text(value, LINE) for value in values if clean(value)]


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, HEADER)}


def _section(lines: list[str]) -> Block:
    return {"type": "section", "text": _plain("\n".join(lines), SECTION)}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}
