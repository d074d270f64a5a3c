"""Slack's text as a person sees it: mrkdwn and plain text to safe HTML."""

import re
from html import unescape

from markupsafe import Markup, escape

from sandbox.company.reference import BOT_ID, CHANNELS, MARKETING_LEAD, OWNERS_BY_SLACK

_SPECIAL = re.compile(r"<([^<>\n]+)>")
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
_STYLES = (
    (re.compile(r"```(.+?)```", re.DOTALL), "pre"),
    (re.compile(r"`([^`\n]+)`"), "code"),
    (re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~([^~\n]+)~(?![\w~])"), "s"),
)
EMOJI = {
    "pray": "🙏",
    "fire": "🔥",
    "bell": "🔔",
    "alarm_clock": "⏰",
    "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳",
    "stopwatch": "⏱️",
    "clock3": "🕒",
    "telephone_receiver": "📞",
    "phone": "☎️",
    "email": "✉️",
    "calendar": "📅",
    "white_check_mark": "✅",
    "heavy_check_mark": "✔️",
    "x": "❌",
    "no_entry": "⛔",
    "warning": "⚠️",
    "rotating_light": "🚨",
    "zap": "⚡",
    "star": "⭐",
    "tada": "🎉",
    "wave": "👋",
    "raised_hand": "✋",
    "raising_hand": "🙋",
    "link": "🔗",
    "eyes": "👀",
    "office": "🏢",
    "bar_chart": "📊",
    "chart_with_upwards_trend": "📈",
    "dart": "🎯",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "red_circle": "🔴",
    "thumbsup": "👍",
    "+1": "👍",
}


def name_of(user_id: str) -> str:
    """Display name of a Slack user."""
    if user_id == BOT_ID:
        return "Handoff"
    if user_id == MARKETING_LEAD.slack_id:
        return MARKETING_LEAD.name
    owner = OWNERS_BY_SLACK.get(user_id)
    return owner.name if owner else user_id


def render(text: str, mrkdwn: bool = True) -> Markup:
    """HTML of a text object; nothing in it is ever taken for HTML."""
    if not mrkdwn:
        return Markup(_emoji(str(escape(unescape(text)))).replace("\n", "<br>"))
    parts, at = [], 0
    for special in _SPECIAL.finditer(text):
        parts += [_styled(text[at : special.start()]), _link(special.group(1))]
        at = special.end()
    parts.append(_styled(text[at:]))
    return Markup("".join(parts))


def _styled(text: str) -> str:
    html = str(escape(unescape(text)))
    for pattern, tag in _STYLES:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    lines = ("<q>" + line[5:] + "</q>" if line.startswith("&gt; ") else line for line in html.split("\n"))
    return _emoji("<br>".join(lines))


def _emoji(html: str) -> str:
    return _EMOJI.sub(lambda match: EMOJI.get(match.group(1), match.group(0)), html)


def _link(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return f'<span class="mention">@{escape(name_of(target[1:]))}</span>'
    if target.startswith("#"):
        return f'<span class="mention">#{escape(label or CHANNELS.get(target[1:], target[1:]))}</span>'
    if target.startswith("!date^"):
        return str(escape(label))
    if target.startswith("!"):
        return f'<span class="mention">@{escape(label or target[1:])}</span>'
    if target.startswith(("https://", "http://", "mailto:")):
        shown = escape(unescape(label or target))
        return f'<a href="{escape(unescape(target))}" rel="noreferrer">{shown}</a>'
    return str(escape(unescape(f"<{inside}>")))
