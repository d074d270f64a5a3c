"""What a cell must look like, where its type says too little: patterns, limits, and what to write instead."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Form:
    """The form of a column's cells."""

    pattern: re.Pattern[str]
    wrong: str
    remedy: str


@dataclass(frozen=True)
class Limit:
    """The least and the greatest number that makes sense in a column."""

    least: Decimal
    most: Decimal
    remedy: str


ID = Form(
    re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*"),
    "is no id",
    "write lower-case letters, digits and single hyphens or underscores, e.g. sig-page-pricing",
)
_EMAIL = Form(
    re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"), "is no e-mail address", "write one, e.g. ana@brightwell.example"
)
_DOMAIN = Form(
    re.compile(r"(?!www\.)[^\W_A-Z]+(?:-+[^\W_A-Z]+)*(?:\.[^\W_A-Z]+(?:-+[^\W_A-Z]+)*)+"),
    "is no domain",
    "write it in lower case without https://, www. and path, e.g. rivalsoft.example",
)
_SLACK = "write the member id that Slack shows under “Copy member ID”, e.g. U0BENOKAFO"
_OWNER = "write the number that HubSpot gives the owner, e.g. 1002"

_ACT = r"(?:form|page|open|click|call|meeting|reply|message):[^;@]+@[0-9]+"

FORMS: Mapping[tuple[str, str], Form] = {
    ("reps", "email"): _EMAIL,
    ("reps", "crm_owner_id"): Form(re.compile(r"[0-9]{1,19}"), "is no owner id of HubSpot", _OWNER),
    ("reps", "slack_user_id"): Form(re.compile(r"[UW][A-Z0-9]{6,20}"), "is no member id of Slack", _SLACK),
    ("reps", "slack_channel"): Form(
        re.compile(r"none|#[^\W_A-Z][\w-]{0,79}|[CG][A-Z0-9]{6,20}"),
        "is no channel of Slack",
        "write its name in lower case, e.g. #emea-handoffs, its id, or none for the channel that everybody shares",
    ),
    ("company", "domain"): _DOMAIN,
    ("competitors", "domain"): _DOMAIN,
    ("golden_cases", "email"): _EMAIL,
    ("golden_cases", "employees"): Form(
        re.compile(r"[0-9]{1,9}|unknown"), "is no head count", "write a whole number, or unknown"
    ),
    ("golden_cases", "acts"): Form(
        re.compile(rf"{_ACT}(?:;{_ACT})*"),
        "is no list of acts",
        "write kind:subject@hours, the kind being form, page, open, click, call, meeting, reply or message, e.g. "
        "page:/pricing@2;page:/product@3",
    ),
    ("golden_cases", "flags"): Form(
        re.compile(r"none|(?:opted_out|bounced)(?:;(?:opted_out|bounced))*"),
        "is none that HubSpot knows of a lead",
        "write opted_out or bounced, separated by ; when both hold, or none",
    ),
    ("title_rules", "keyword"): Form(
        re.compile(r"[^\W_A-Z]+(?: [^\W_A-Z]+)*"),
        "can never be found in a title, which is read as plain words in lower case",
        "write whole words in lower case with single blanks between them, e.g. vice president",
    ),
}


def _limit(least: str, most: str, remedy: str) -> Limit:
    return Limit(Decimal(least), Decimal(most), remedy)


_WEIGHT = _limit("1", "1000", "write a whole number from 1; 2 takes twice as many leads as 1")
_POINTS = _limit("-1000", "1000", "write a number from -1000 to 1000; scores read as a number out of 100")
_SHARE = _limit("0", "1", "write a share from 0 to 1, e.g. 0.4 for 40 per cent")
_DAYS = _limit("1", "3650", "write whole days, from 1 to 3650")

LIMITS: Mapping[tuple[str, str], Limit] = {
    ("attribution_models", "first_weight"): _SHARE,
    ("attribution_models", "last_weight"): _SHARE,
    ("attribution_models", "first_of_two_weight"): _SHARE,
    ("attribution_models", "half_life_days"): _limit(
        "0", "3650", "write days, from 0 where the kind has no use for it"
    ),
    ("attribution_models", "look_back_days"): _DAYS,
    ("behaviours", "min_count"): _limit("1", "1000", "write how many acts are needed, from 1"),
    ("behaviours", "within_days"): _DAYS,
    ("calendars", "weekday"): _limit("1", "7", "write 1 for Monday to 7 for Sunday"),
    ("definitions", "threshold"): _limit("0.01", "1000", "write the score from which a lead qualifies, e.g. 65"),
    ("definitions", "max_trigger_age_hours"): _limit("1", "8760", "write whole hours, from 1 to 8760, e.g. 72"),
    ("definitions", "requalify_cooling_off_days"): _limit("0", "3650", "write whole days, from 0, e.g. 30"),
    ("definitions", "requalify_after_contact_days"): _limit("0", "3650", "write whole days, from 0, e.g. 30"),
    ("definitions", "enrichment_wait_minutes"): _limit("0", "10080", "write whole minutes, from 0 to a week's 10080"),
    ("enrichment_policy", "ttl_days"): _DAYS,
    ("enrichment_policy", "negative_ttl_days"): _DAYS,
    ("enrichment_policy", "daily_credits"): _limit("0", "1000000", "write how many look-ups a day may cost, from 0"),
    ("escalations", "step"): _limit("1", "100", "number the steps from 1"),
    ("escalations", "at_percent"): _limit("1", "500", "write per cent of the response time, e.g. 80 for four fifths"),
    ("fit_points", "points"): _POINTS,
    ("gate_limits", "beyond"): _limit("0", "1000000", "write how much may be measured, from 0; shares up to 1"),
    ("gate_limits", "judged_from"): _limit("1", "1000000", "write on how many it must be measured, from 1"),
    ("handoff_policy", "alert_window_minutes"): _limit("1", "1440", "write whole minutes, from 1 to a day's 1440"),
    ("handoff_policy", "card_window_minutes"): _limit("1", "1440", "write whole minutes, from 1 to a day's 1440"),
    ("handoff_policy", "flood_factor"): _limit("1", "1000", "write how many times the busiest hour go through, from 1"),
    ("handoff_policy", "flood_floor"): _limit("1", "1000000", "write how many MQLs an hour go through, from 1"),
    ("handoff_policy", "max_alerts"): _limit("1", "1000", "write how many one person is told of in the window, from 1"),
    ("handoff_policy", "max_cards"): _limit("1", "1000", "write how many leads come one by one in the window, from 1"),
    ("handoff_policy", "max_rejections_per_day"): _limit("0", "1000", "write how many a rep may reject a day, from 0"),
    ("pool_members", "weight"): _WEIGHT,
    ("reps", "max_open"): _limit("1", "100000", "write how many open handoffs a rep can work on, from 1"),
    ("reps", "max_per_day"): _limit("1", "100000", "write how many handoffs a rep can take a day, from 1"),
    ("reps", "weight"): _WEIGHT,
    ("retention", "keep_days"): _DAYS,
    ("routing_steps", "step_rank"): _limit("1", "100", "number the steps from 1"),
    ("score_caps", "max_points"): _limit("0.01", "1000", "write the points that may count at most, above 0"),
    ("signals", "half_life_days"): _limit("1", "3650", "write whole days, from 1, after which an act counts half"),
    ("signals", "points"): _POINTS,
    ("territories", "precedence"): _limit("0", "1000000", "write a whole number from 0; the lowest wins"),
    ("territories", "min_employees"): _limit("0", "1000000000", "write the smallest head count, from 0"),
    ("territories", "max_employees"): _limit("1", "1000000000", "write the head count below which it ends"),
    ("tiers", "min_score"): _limit("0", "1000", "write the lowest score of the tier, from 0"),
    ("tiers", "max_snoozes"): _limit("0", "100", "write how often a rep may snooze, from 0 for never"),
    ("tiers", "snooze_minutes"): _limit("0", "525600", "write open minutes, from 0"),
    ("tiers", "response_minutes"): _limit("1", "525600", "write open minutes until first contact, from 1, e.g. 240"),
}

OF_TYPE: Mapping[str, tuple[str, str]] = {
    "boolean": ("is neither true nor false", "write true or false"),
    "integer": ("is no whole number", "write digits only, e.g. 30"),
    "numeric": ("is no number with at most two decimals", "write digits, with a point before decimals, e.g. 12.5"),
    "date": ("is no day", "write it as YYYY-MM-DD, e.g. 2026-12-01"),
    "time": ("is no time of day", "write it as HH:MM, e.g. 08:30; 24:00 ends the day"),
}
