"""What of a landed record cannot be read: the models take it for unknown, so it is noted, and somebody is shown it.

The patterns are those of `dbt_project/macros/casts.sql` and `readable.sql`; a test holds the two against each other.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from handoff.ledger import streams
from handoff.ledger.streams import Stream

Kind = Literal["record", "value"]

_COUNT = re.compile(r"[0-9]{1,9}([.]0+)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.][0-9]{1,9})?")
_MILLISECONDS = re.compile(r"7[89][0-9]{10}|[89][0-9]{11}|[1-3][0-9]{12}|40[0-9]{11}")
ISO = re.compile(
    r"(199[5-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-5]):?[0-5][0-9])?)?"
)
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class Doubt:
    """One value that cannot be read. `kind`: the whole record is passed over because of it, or the value alone."""

    kind: Kind
    field: str
    value: str
    reason: str


def _is_instant(text: str) -> bool:
    if _MILLISECONDS.fullmatch(text):
        return True
    if not ISO.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_present(text: str) -> bool:
    return bool(text)


Reads = tuple[Callable[[str], object], str]
COUNT: Reads = (_COUNT.fullmatch, "no whole number from 0 to 999,999,999")
NUMBER: Reads = (_NUMBER.fullmatch, "no plain number")
FLAG: Reads = (lambda text: text.lower() in ("true", "false"), "neither true nor false")
INSTANT: Reads = (_is_instant, "no moment between 1995 and 2100 as ISO 8601 or in milliseconds")
IDENTITY: Reads = (_ID.fullmatch, "no record id")
PRESENT: Reads = (_is_present, "missing")

_HAPPENED = {"hs_timestamp": INSTANT}
REQUIRED: Mapping[Stream, Mapping[str, Reads]] = {
    streams.CALLS: _HAPPENED,
    streams.EMAILS: _HAPPENED,
    streams.MEETINGS: _HAPPENED,
    streams.COMMUNICATIONS: _HAPPENED,
    streams.EVENTS: {"objectId": IDENTITY, "eventType": PRESENT, "occurredAt": INSTANT},
    streams.FORM_SUBMISSIONS: {"formId": PRESENT, "submittedAt": INSTANT},
}
"""Without these a record says nothing: it is passed over whole."""
TYPED: Mapping[Stream, Mapping[str, Reads]] = {
    streams.CONTACTS: {
        "numberofemployees": COUNT,
        "hs_analytics_num_page_views": COUNT,
        "hs_analytics_num_visits": COUNT,
        "hs_email_bounce": COUNT,
        "hs_email_optout": FLAG,
        "hs_analytics_last_visit_timestamp": INSTANT,
        "hs_email_last_open_date": INSTANT,
        "hs_email_last_click_date": INSTANT,
        "recent_conversion_date": INSTANT,
        "createdate": INSTANT,
    },
    streams.COMPANIES: {"numberofemployees": COUNT, "annualrevenue": NUMBER},
    streams.CALLS: {"hs_call_duration": NUMBER, "hs_createdate": INSTANT},
    streams.EMAILS: {"hs_createdate": INSTANT},
    streams.MEETINGS: {"hs_meeting_start_time": INSTANT, "hs_createdate": INSTANT},
    streams.COMMUNICATIONS: {"hs_createdate": INSTANT},
}
"""Properties that are read as other than text: what cannot be read is unknown, and the rest of the record counts."""
_WITHOUT_PROPERTIES = (streams.EVENTS, streams.FORM_SUBMISSIONS)


def of(stream: Stream, payload: Mapping[str, Any]) -> Iterator[Doubt]:
    """The values of one record that the models will not be able to read; blank ones are unknown, not unreadable."""
    if stream not in REQUIRED and stream not in TYPED:
        return
    properties: Any = payload if stream in _WITHOUT_PROPERTIES else payload.get("properties")
    if not isinstance(properties, Mapping):
        yield Doubt("record", "properties", _text(properties), "the record has no properties")
        return
    for field, (is_readable, what) in REQUIRED.get(stream, {}).items():
        text = _text(properties.get(field))
        if not is_readable(text):
            yield Doubt("record", field, text, f"{text[:40]!r} is {what}" if text else f"{field} is missing")
    for field, (is_readable, what) in TYPED.get(stream, {}).items():
        text = _text(properties.get(field))
        if text and not is_readable(text):
            yield Doubt("value", field, text, f"{text[:40]!r} is {what}")


def _text(value: Any) -> str:
    """What Postgres makes of a JSON value as text, without the blanks around it."""
    if value is None:
        return ""
    return (value if isinstance(value, str) else json.dumps(value)).strip(" ")
