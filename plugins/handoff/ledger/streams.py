"""The streams that land in `raw`, one table each; the tables' shapes are in migrations 0001 and 0002."""

from dataclasses import dataclass
from typing import Literal

Concerns = Literal["itself", "contacts", "email", "company", "nobody"]


@dataclass(frozen=True)
class Stream:
    """One kind of source record."""

    name: str
    """Table in schema `raw`."""
    concerns: Concerns
    """Whose score a new version may change. `itself`: the record is a contact. `contacts`: those in the table's
    column `contact_ids`. `email`: whoever has the submitted address. `company`: the company's contacts."""


CONTACTS = Stream("hubspot_contacts", "itself")
COMPANIES = Stream("hubspot_companies", "company")
OWNERS = Stream("hubspot_owners", "nobody")
FORM_SUBMISSIONS = Stream("hubspot_form_submissions", "email")
CALLS = Stream("hubspot_calls", "contacts")
EMAILS = Stream("hubspot_emails", "contacts")
MEETINGS = Stream("hubspot_meetings", "contacts")
COMMUNICATIONS = Stream("hubspot_communications", "contacts")
DEALS = Stream("hubspot_deals", "nobody")
NOTES = Stream("hubspot_notes", "nobody")
TASKS = Stream("hubspot_tasks", "nobody")
USERS = Stream("hubspot_users", "nobody")
PIPELINES = Stream("hubspot_pipelines", "nobody")
FORMS = Stream("hubspot_forms", "nobody")
CAMPAIGNS = Stream("hubspot_campaigns", "nobody")
PROPERTIES = Stream("hubspot_properties", "nobody")
EVENTS = Stream("hubspot_events", "contacts")
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
    DEALS,
    NOTES,
    TASKS,
    USERS,
    PIPELINES,
    FORMS,
    CAMPAIGNS,
    PROPERTIES,
    PEOPLE,
    ORGANIZATIONS,
)
BY_NAME = {stream.name: stream for stream in STREAMS}
