"""The streams that land in `raw`, one table each; the tables' shape is in migration 0001.

A stream's `contact_ids` says where, in a landed payload, the contacts stand that the record concerns.
"""

from dataclasses import dataclass
from typing import Literal

Concerns = Literal["itself", "associations", "object", "email", "nobody"]


@dataclass(frozen=True)
class Stream:
    """One kind of source record."""

    name: str
    """Table in schema `raw`."""
    concerns: Concerns
    """`itself`: the record is a contact. `associations`: `payload.associations.contacts.results[].id`.
    `object`: `payload.objectId`. `email`: a submitted e-mail address. `nobody`: reference data."""


CONTACTS = Stream("hubspot_contacts", "itself")
COMPANIES = Stream("hubspot_companies", "nobody")
OWNERS = Stream("hubspot_owners", "nobody")
FORM_SUBMISSIONS = Stream("hubspot_form_submissions", "email")
CALLS = Stream("hubspot_calls", "associations")
EMAILS = Stream("hubspot_emails", "associations")
MEETINGS = Stream("hubspot_meetings", "associations")
COMMUNICATIONS = Stream("hubspot_communications", "associations")
EVENTS = Stream("hubspot_events", "object")
PEOPLE = Stream("apollo_people", "nobody")
ORGANIZATIONS = Stream("apollo_organizations", "nobody")

STREAMS = (
    CONTACTS,
    COMPANIES,
    OWNERS,
    FORM_SUBMISSIONS,
    CALLS,
    EMAILS,
    MEETINGS,
    COMMUNICATIONS,
    EVENTS,
    PEOPLE,
    ORGANIZATIONS,
)
BY_NAME = {stream.name: stream for stream in STREAMS}
