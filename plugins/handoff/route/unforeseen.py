"""An error that nobody foresaw stops one lead and no other: it waits for the next run, and a person is told of it.

Errors quote what they stumbled over, which may be somebody's name or address: only their kind, their place and, of a
value that does not fit, the field are told.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import psycopg
from pydantic import ValidationError

from handoff.ledger.db import Connection
from handoff.notify.alert import alert
from handoff.notify.text import slack_text

log = logging.getLogger(__name__)

PASSES = psycopg.OperationalError
"""What is wrong with the database, not with a lead: the run ends, and the next one tries again."""
Given = ParamSpec("Given")
Result = TypeVar("Result")
_PACKAGE = Path(__file__).parents[1]


def attempt(
    raised: dict[str, Exception], item: str, step: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
) -> Result | None:
    """What one step for an item gives; None when it raises, which is noted in `raised`.

    What has raised is left alone for the rest of the run: a later step may count on the one that failed.
    """
    if item in raised:
        return None
    try:
        return step(*args, **kwargs)
    except PASSES:
        raise
    except Exception as error:
        raised[item] = error
        return None


def because(error: Exception) -> str:
    """Why a lead is held, and what to do about it, in one line."""
    return (
        f"{describe(error)}. It is tried again each minute, and the others go on. Correct the lead's record in the CRM "
        "if a value there is odd; the log of the route task has the whole way to it: report it, this is a defect"
    )


def tell(connection: Connection, raised: Mapping[str, Exception], as_of: datetime) -> None:
    """Log each lead that routing leaves alone, and tell the review channel of each kind of error once a day, however
    many leads it holds."""
    for what, who in _kinds(raised):
        text = f"Contact {who} can be neither handed over nor taken back, and must wait: {slack_text(what, 400)}"
        alert(connection, f"unforeseen:{as_of:%Y-%m-%d}:{what}", text, as_of)


def tell_of_clocks(connection: Connection, raised: Mapping[str, Exception], as_of: datetime) -> None:
    """The same of handoffs, by their ids, that the watch leaves alone."""
    rows = connection.execute(
        "select handoff_id, lead_id from handoff.handoffs where handoff_id = any(%s)", (list(raised),)
    )
    for what, who in _kinds({row["lead_id"]: raised[row["handoff_id"]] for row in rows}):
        text = f"The clock of contact {who} cannot be judged, and must wait: {slack_text(what, 400)}"
        alert(connection, f"unforeseen:{as_of:%Y-%m-%d}:{what}", text, as_of)


def _kinds(raised: Mapping[str, Exception]) -> Iterator[tuple[str, str]]:
    """Each kind of error, with whom it holds."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for lead_id, error in sorted(raised.items()):
        way = "".join(traceback.format_tb(error.__traceback__))
        log.error("lead %s must wait: %s\n%s", lead_id, describe(error), way)
        kinds[describe(error)].append(lead_id)
    for what, leads in kinds.items():
        yield what, slack_text(leads[0], 60) + (f" and {len(leads) - 1:,} others" if len(leads) > 1 else "")


def describe(error: Exception) -> str:
    """Its kind and place, and of a value that does not fit the field; nothing of what it quotes."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if _PACKAGE in Path(each.filename).parents]
    place = f" at {Path(frames[-1].filename).relative_to(_PACKAGE)}:{frames[-1].lineno}" if frames else ""
    return f"an unforeseen {type(error).__name__}{place}{_field(error)}"


def _field(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return ""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f" ({error.title}: {'.'.join(str(step) for step in first['loc'])}: {first['msg']})"
