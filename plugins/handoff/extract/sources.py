"""What is read from the CRM: one row a stream, with how, how often, under which scope, and what its absence costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handoff.extract import properties
from handoff.ledger import streams
from handoff.ledger.streams import Stream

Way = Literal["search", "list", "submissions", "events"]


@dataclass(frozen=True)
class Source:
    """One stream of the CRM.

    Source: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
    """

    stream: Stream
    way: Way
    """`search`: which records changed, then their values by batch read. `list`: all of them, each time. `submissions`
    and `events`: what happened since, without a record of its own in the CRM."""
    path: str
    """Object type of a search, or the family of endpoints."""
    scope: str
    """What the token must be granted."""
    without: str
    """What is lost while the account does not let us read it."""
    every_seconds: int
    """Read once in each span of so many seconds since 1970, so at most so many apart."""
    offset_seconds: int = 0
    """How far these spans are moved, so that not every stream is due in the same minute."""
    cursor_property: str = ""
    """Property that says when a record changed; a search asks for a window of it."""
    properties: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    """Properties that are read with their former values."""
    associated: str | None = None
    """Object type whose ids are embedded in the payload, because no search or batch read returns associations."""


# At most five searches a minute: HubSpot allows five a second, so that one poll never waits for the limit.
EACH_POLL, EACH_SECOND_POLL, IN_TURN = 60, 120, 480
OFTEN, SELDOM = 600, 3600

CONTACTS = Source(
    streams.CONTACTS,
    "search",
    "contacts",
    "crm.objects.contacts.read",
    "nothing works: without leads there is nobody to hand over",
    EACH_POLL,
    cursor_property="lastmodifieddate",
    properties=properties.CONTACT,
    history=properties.CONTACT_HISTORY,
    associated="companies",
)
COMPANIES = Source(
    streams.COMPANIES,
    "search",
    "companies",
    "crm.objects.companies.read",
    "firmographics come from the contact and from Apollo alone, and no lead goes to its account's owner",
    IN_TURN // 2,
    60,
    cursor_property="hs_lastmodifieddate",
    properties=properties.COMPANY,
)


def _object(
    stream: Stream, path: str, scope: str, without: str, read: tuple[str, ...], every: int, offset: int = 0
) -> Source:
    return Source(
        stream,
        "search",
        path,
        scope,
        without,
        every,
        offset,
        cursor_property="hs_lastmodifieddate",
        properties=read,
        associated="contacts",
    )


_CALLS_COUNT = "calls, meetings and messages by sales are not seen: every clock seems to run out"
_ENGAGEMENTS = "crm.objects.contacts.read"
CALLS = _object(streams.CALLS, "calls", _ENGAGEMENTS, _CALLS_COUNT, properties.CALL, EACH_POLL)
EMAILS = _object(
    streams.EMAILS,
    "emails",
    "sales-email-read",
    "e-mails by sales do not stop a clock, and answers by leads do not count",
    properties.EMAIL,
    EACH_POLL,
)
MEETINGS = _object(streams.MEETINGS, "meetings", _ENGAGEMENTS, _CALLS_COUNT, properties.MEETING, EACH_POLL)
COMMUNICATIONS = _object(
    streams.COMMUNICATIONS,
    "communications",
    _ENGAGEMENTS,
    _CALLS_COUNT,
    properties.COMMUNICATION,
    EACH_SECOND_POLL,
)
ENGAGEMENTS = (CALLS, EMAILS, MEETINGS, COMMUNICATIONS)
"""What a first contact by sales can be."""
DEALS = _object(
    streams.DEALS,
    "deals",
    "crm.objects.deals.read",
    "no outcome after SQL is known, and no lead goes to the owner of an open deal",
    properties.DEAL,
    IN_TURN,
    180,
)

SEARCHED = (
    CONTACTS,
    COMPANIES,
    *ENGAGEMENTS,
    DEALS,
    _object(
        streams.NOTES, "notes", _ENGAGEMENTS, "what sales wrote down is not kept", properties.NOTE, IN_TURN * 2, 420
    ),
    _object(
        streams.TASKS, "tasks", _ENGAGEMENTS, "what sales plans to do is not kept", properties.TASK, IN_TURN * 2, 900
    ),
)
EVENT_TYPES = ("e_visited_page", "e_opened_email_v2", "e_clicked_link_in_email_v2")
EVENTS = Source(
    streams.EVENTS,
    "events",
    "events",
    "behavioral_events.event_definitions.read_write",
    "each page view and opened e-mail; the contact's own counters stand in, with the last one's time only",
    0,
)
SUBMISSIONS = Source(
    streams.FORM_SUBMISSIONS,
    "submissions",
    "submissions",
    "forms",
    "what was asked for in which form; the contact's last conversion stands in",
    0,
)
PROPERTIES = Source(
    streams.PROPERTIES,
    "list",
    "properties",
    "crm.schemas.contacts.read",
    "a property that the portal removes or retypes is not noticed",
    SELDOM,
)
LISTED = (
    Source(
        streams.OWNERS,
        "list",
        "owners",
        "crm.objects.owners.read",
        "who left is not known, and leads may go to people who are gone",
        OFTEN,
    ),
    Source(
        streams.USERS,
        "list",
        "users",
        "crm.objects.users.read",
        "working hours, time zones and absences come from the agreement alone",
        OFTEN,
        properties=properties.USER,
    ),
    Source(
        streams.PIPELINES,
        "list",
        "pipelines",
        "crm.objects.deals.read",
        "deal stages go by their ids, and which of them is won is not known",
        SELDOM,
    ),
    Source(streams.FORMS, "list", "forms", "forms", "forms go by their ids", SELDOM),
    Source(
        streams.CAMPAIGNS,
        "list",
        "campaigns",
        "marketing.campaigns.read",
        "campaigns go by what the contact says of them, without name, dates and budget",
        SELDOM,
        properties=properties.CAMPAIGN,
    ),
    PROPERTIES,
)
SETTLED = (*SEARCHED, SUBMISSIONS, EVENTS)
"""What has a past: read in windows, and again by the slow pass."""
SOURCES = (*SETTLED, *LISTED)
HINTED = {"contact": CONTACTS, "company": COMPANIES, "deal": DEALS}
"""What webhooks tell about, by their name for it."""


def is_due(every_seconds: int, moved_at: datetime | None, as_of: datetime, offset_seconds: int = 0) -> bool:
    """Whether a stream that was last read at `moved_at` is to be read at `as_of`; with 0 seconds it always is.

    By the clock's spans, not by age: a poll on a webhook's run shortly before the minute must not cost the minute's.
    """

    def span(moment: datetime) -> float:
        return (moment.timestamp() - offset_seconds) // every_seconds

    return moved_at is None or not every_seconds or span(as_of) > span(moved_at)
