"""An error that nobody foresaw stops one lead and no other: the lead is held, and the reason names the error.

Errors quote what they stumbled over, which may be somebody's name or address: only their kind, their place and, of a
value that does not fit, the field are told.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import psycopg
from pydantic import ValidationError

from handoff.ledger.db import Connection
from handoff.notify.alert import alert
from handoff.notify.text import slack_text

log = logging.getLogger(__name__)

PASSES = psycopg.OperationalError
"""What is wrong with the database, not with a lead: the run ends, and the next one tries again."""
_PACKAGE = Path(__file__).parents[1]


def because(error: Exception) -> str:
    """Why a lead is held, and what to do about it, in one line."""
    return (
        f"{_what(error)}. It is tried again each minute, and the others go on. Correct the lead's record in the CRM if "
        "a value there is odd; the log of the route task has the whole way to it: report it, this is a defect"
    )


def tell(connection: Connection, raised: Mapping[str, Exception], as_of: datetime) -> None:
    """Log each, and tell the review channel of each kind of error once a day, however many leads it holds."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for lead_id, error in sorted(raised.items()):
        way = "".join(traceback.format_tb(error.__traceback__))
        log.error("lead %s cannot be routed: %s\n%s", lead_id, _what(error), way)
        kinds[_what(error)].append(lead_id)
    for what, leads in kinds.items():
        who = slack_text(leads[0], 60) + (f" and {len(leads) - 1:,} others" if len(leads) > 1 else "")
        text = f"Contact {who} cannot be handed over and must wait: {slack_text(what, 400)}"
        alert(connection, f"unforeseen:{as_of:%Y-%m-%d}:{what}", text, as_of)


def _what(error: Exception) -> str:
    frames = [each for each in traceback.extract_tb(error.__traceback__) if _PACKAGE in Path(each.filename).parents]
    place = f" at {Path(frames[-1].filename).relative_to(_PACKAGE)}:{frames[-1].lineno}" if frames else ""
    return f"an unforeseen {type(error).__name__}{place}{_field(error)}"


def _field(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return ""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f" ({error.title}: {'.'.join(str(step) for step in first['loc'])}: {first['msg']})"
