"""The message about one handoff, as Block Kit, for a phone held in one hand.

The lead's own words stand in `plain_text` only, where no character formats, links or mentions. Block Kit's limits:
https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handoff.identity.profiles import profile_url
from handoff.notify.card_details import LINE, engagements, facts, lines, score
from handoff.notify.card_parts import Block, buttons, header, plain, section, small
from handoff.notify.card_state import State
from handoff.notify.context import Context
from handoff.notify.moments import business_time, deadline, moment, zone
from handoff.notify.talking import points
from handoff.notify.text import clean, cut, slack_text

FIELD, FALLBACK = 2000, 600
NAME, POINT = 60, 300
_BETWEEN = "  ·  "
_LINK = re.compile(r"<https?://[^<>|]+\|[^<>|]+>")
"""Only ours has these brackets: those of others are escaped."""
_MEMBER = re.compile(r"[UW][A-Z0-9]{1,20}")
_RECORD = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*/contacts/\d+/record/0-1/\d+")


@dataclass(frozen=True)
class Card:
    """A message: `text` is what a notification shows, `blocks` what the channel shows. Both are escaped."""

    text: str
    blocks: list[Block]


def card(
    context: Context,
    due_at: datetime,
    time_zone: str,
    as_of: datetime,
    rep_name: str | None = None,
    state: State | None = None,
) -> Card:
    """What became of it, who, what just happened, by when to call and the buttons; then why, and what came before.

    Args:
        due_at: end of the SLA.
        time_zone: IANA name of the rep's zone; every moment is shown in it.
        as_of: the present, which decides what is "today".
        rep_name: for a copy that others read too: whose lead it is.
        state: None for a message of before cards had one: nothing can be pressed on it.
    """
    if state is not None and not state.shows_lead:
        return Card(cut(state.lines[0], FALLBACK), [section(state.lines)])
    local, whose = zone(time_zone), who(context, rep_name)
    call_by = f"Call by {deadline(due_at, local, as_of)} ({business_time(context.tier.response_minutes)})"
    happened = f"{slack_text(context.trigger.summary, LINE)} ({moment(context.trigger.occurred_at, local, as_of)})"
    promise = [call_by] if state is None or state.is_open else []
    blocks = [
        *([small(state.lines)] if state else []),
        header(whose),
        section([*promise, happened]),
        *(buttons(state) if state else []),
        *_talking(context, local, as_of),
        {"type": "section", "fields": [plain(each, FIELD) for each in facts(context)]},
        section([_why(context), *lines([context.reason]), *score(context)]),
        section(["Last engagements", *engagements(context, local, as_of)]),
    ]
    links = _links(context)
    if links:
        # Bare URLs of ours in a section of ours: the only place of the card where Slack may make a link.
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": links, "verbatim": True}})
    told = f"{state.lines[0]}. {whose}" if state and state.is_news else f"{whose}: {'. '.join([happened, *promise])}"
    return Card(text=cut(told, FALLBACK), blocks=blocks)


def said(text: str, mention: str = "") -> list[Block]:
    """Sentences in which the words of others are escaped: in `plain_text`, our own links apart from them.

    Args:
        mention: id of the member who is told of it by Slack; anything else than an id is left out.
    """
    words = _LINK.sub("", text).strip()
    links = [f"<@{mention}>"] if _MEMBER.fullmatch(mention) else []
    links += [match.group() for match in _LINK.finditer(text)]
    blocks = [section([words])] if words else []
    if links:
        link = {"type": "mrkdwn", "text": _BETWEEN.join(links), "verbatim": True}
        blocks.append({"type": "context", "elements": [link]})
    return blocks


def who(context: Context, rep_name: str | None = None) -> str:
    """The lead and their employer, after whose lead it is; escaped."""
    name = slack_text(clean(context.lead.name) or context.lead.email, NAME, empty="(no name)")
    employer = slack_text(clean(context.company.name) or context.company.domain, NAME)
    whose = f"{slack_text(rep_name, NAME)}: " if clean(rep_name) else ""
    return f"{whose}{name}{f' at {employer}' if employer else ''}"


def _why(context: Context) -> str:
    definition = slack_text(f"{context.definition.id} {context.definition.version}", NAME)
    return f"Why: {slack_text(context.tier.name, NAME)}, definition {definition}"


def _talking(context: Context, local: ZoneInfo, as_of: datetime) -> list[Block]:
    told = [f"• {slack_text(point, POINT)}" for point in points(context, local, as_of)]
    return [section(["To begin with", *told])] if told else []


def small_link(context: Context) -> list[Block]:
    """The link to the lead's record in small print; nothing for a lead without one."""
    link = record_link(context)
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": link, "verbatim": True}]}] if link else []


def record_link(context: Context) -> str:
    """A link to the lead's record as Slack reads it; "" for an address that is none of the CRM's."""
    record = context.record_url or ""
    return f"<{record}|Open in HubSpot>" if _RECORD.fullmatch(record) else ""


def _links(context: Context) -> str:
    linkedin = profile_url(context.lead.linkedin_url or "")
    links = [record_link(context), f"<{linkedin}|LinkedIn>" if linkedin else ""]
    return _BETWEEN.join(each for each in links if each)
