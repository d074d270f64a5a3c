"""What the ladder says to people, escaped: whose lead it is, by when it was to be called, and the way to it."""

from datetime import datetime
from typing import Any

from handoff.notify.card import record_link
from handoff.notify.context import BadContext, Context
from handoff.notify.lines import SUMMARY
from handoff.notify.moments import deadline, told_at, zone
from handoff.notify.text import clean, slack_text

NAME = 60
UTC = "UTC"
"""Zone of moments in the review channel, which is read everywhere."""
ACCEPTED = "the rep had accepted it"
"""Why a step left a lead where it was."""


class Note:
    """Sentences about one lead, with its deadline in the reader's own time zone."""

    def __init__(self, context: Any, due_at: datetime, time_zone: str, as_of: datetime):
        self._lead, self._link = _lead(context)
        self._zone = zone(time_zone)
        self._as_of = as_of
        self._due = deadline(due_at, self._zone, as_of)

    def reminder(self) -> str:
        """To the rep, before the deadline."""
        return self._with_link(f"Reminder: {self._lead} is waiting for first contact, due by {self._due}")

    def warning(self, rep_name: str) -> str:
        """To somebody above the rep, before the deadline."""
        return self._with_link(f"{_name(rep_name)} has not been in touch with {self._lead} yet, due by {self._due}")

    def overdue(self, rep_name: str) -> str:
        """To somebody above the rep, after the deadline."""
        return self._with_link(f"{self._late()}; {_name(rep_name)} still has it")

    def accepted(self, rep_name: str) -> str:
        """To somebody above the rep: the deadline has passed and the lead stays."""
        return self._with_link(f"{self._late()}. {_name(rep_name)} has accepted it, so it stays there")

    def stays(self, rep_name: str) -> str:
        """The deadline has passed, and there is nobody to give the lead to."""
        return self._with_link(f"{self._late()}. Nobody else may take it, so it stays with {_name(rep_name)}")

    def left(self, rep_name: str) -> str:
        """To somebody above a rep who has left: there is nobody to give the lead to."""
        return self._with_link(f"{_name(rep_name)} has left, and nobody else may take {self._lead}, due by {self._due}")

    def moved(self, former_name: str, rep_name: str, due_at: datetime) -> str:
        """The deadline has passed, and the lead went to another rep."""
        until = deadline(due_at, self._zone, self._as_of)
        return self._with_link(
            f"{self._late()}. It went from {_name(former_name)} to {_name(rep_name)}, who has until {until}"
        )

    def raised(self, summary: str, at: datetime) -> str:
        """To the rep: the lead asked for sales again.

        Args:
            summary: what it did, as the vendor's text says it.
        """
        return self._with_link(self._raised(summary, at))

    def raised_unheard(self, rep_name: str, summary: str, at: datetime, away_until: datetime | None) -> str:
        """As `raised`, to somebody above a rep who is away, or has left when `away_until` is None."""
        until = deadline(away_until, self._zone, self._as_of) if away_until else ""
        return self._with_link(
            f"{self._raised(summary, at)}. {_name(rep_name)}, who has it, "
            f"{f'is away until {until}' if until else 'has left'}"
        )

    def _raised(self, summary: str, at: datetime) -> str:
        did = f"{told_at(at, self._zone, self._as_of)}: {slack_text(summary, SUMMARY)}"
        return f"{self._lead} raised a hand again, {did}"

    def _late(self) -> str:
        return f"Nobody was in touch with {self._lead} by {self._due}"

    def _with_link(self, text: str) -> str:
        return f"{text}. {self._link}" if self._link else f"{text}."


def _lead(context: Any) -> tuple[str, str]:
    """The lead's name and company, and a link; a context that cannot be read stops no clock."""
    try:
        read = Context.from_json(context)
    except BadContext:
        return "a lead", ""
    company = slack_text(clean(read.company.name) or read.company.domain, NAME)
    whom = slack_text(
        clean(read.lead.name) or read.lead.email, NAME, empty=f"contact {slack_text(read.lead.lead_id, NAME)}"
    )
    return f"{whom} at {company}" if company else whom, record_link(read)


def _name(name: str) -> str:
    return slack_text(name, NAME, empty="somebody")
