"""What is read from the CRM, stream by stream: one declarative table."""

from dataclasses import dataclass
from datetime import datetime

from handoff.ledger import streams
from handoff.ledger.streams import Stream

CONTACT_PROPERTIES = (
    *("email", "firstname", "lastname", "phone", "jobtitle", "company", "website", "hs_linkedin_url"),
    *("country", "state", "city", "industry", "numberofemployees", "associatedcompanyid", "createdate"),
    *("lifecyclestage", "hs_lead_status", "hubspot_owner_id", "hubspot_owner_assigneddate", "lastmodifieddate"),
    *("hs_analytics_source", "hs_analytics_source_data_1", "hs_analytics_source_data_2", "hs_analytics_first_url"),
    *("hs_latest_source", "hs_latest_source_data_1", "hs_latest_source_data_2", "hs_latest_source_timestamp"),
    *("hs_analytics_first_touch_converting_campaign", "hs_analytics_last_touch_converting_campaign"),
    *("hs_analytics_num_page_views", "hs_analytics_num_visits", "hs_analytics_last_visit_timestamp"),
    *("hs_email_open", "hs_email_click", "hs_email_last_open_date", "hs_email_last_click_date"),
    *("hs_email_bounce", "hs_email_optout"),
    *("recent_conversion_event_name", "recent_conversion_date", "num_conversion_events"),
    "handoff_rejection_reason",
)
COMPANY_PROPERTIES = (
    *("name", "domain", "industry", "numberofemployees", "annualrevenue", "country", "state", "city"),
    *("lifecyclestage", "hubspot_owner_id", "createdate", "hs_lastmodifieddate"),
)
_ENGAGEMENT = ("hs_timestamp", "hs_createdate", "hs_lastmodifieddate", "hubspot_owner_id", "hs_object_source")


@dataclass(frozen=True)
class CrmObject:
    """A CRM object type read by search (which records changed) and batch read (their values).

    Source: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
    """

    stream: Stream
    object_type: str
    cursor_property: str
    properties: tuple[str, ...]
    associated: str | None
    """Object type whose ids are embedded in the payload, because no search or batch read returns associations."""
    every_seconds: int
    """A poll is due once in each span of so many seconds since 1970, so at most so many apart."""
    offset_seconds: int = 0
    """How far these spans are moved, so that not every stream is due in the same minute."""


# At most five searches a minute: HubSpot allows five a second, so that one poll never waits for the limit.
EACH_POLL = 60
EACH_SECOND_POLL = 120
CONTACTS = CrmObject(
    streams.CONTACTS,
    "contacts",
    "lastmodifieddate",
    CONTACT_PROPERTIES,
    associated="companies",
    every_seconds=EACH_POLL,
)
COMPANIES = CrmObject(
    streams.COMPANIES,
    "companies",
    "hs_lastmodifieddate",
    COMPANY_PROPERTIES,
    associated=None,
    every_seconds=240,
    offset_seconds=60,
)
OBJECTS = (
    CONTACTS,
    COMPANIES,
    CrmObject(
        streams.CALLS,
        "calls",
        "hs_lastmodifieddate",
        (*_ENGAGEMENT, "hs_call_title", "hs_call_direction", "hs_call_status", "hs_call_duration"),
        associated="contacts",
        every_seconds=EACH_POLL,
    ),
    CrmObject(
        streams.EMAILS,
        "emails",
        "hs_lastmodifieddate",
        (*_ENGAGEMENT, "hs_email_direction", "hs_email_status", "hs_email_subject"),
        associated="contacts",
        every_seconds=EACH_POLL,
    ),
    CrmObject(
        streams.MEETINGS,
        "meetings",
        "hs_lastmodifieddate",
        (*_ENGAGEMENT, "hs_meeting_title", "hs_meeting_start_time", "hs_meeting_outcome", "hs_meeting_source"),
        associated="contacts",
        every_seconds=EACH_POLL,
    ),
    CrmObject(
        streams.COMMUNICATIONS,
        "communications",
        "hs_lastmodifieddate",
        (*_ENGAGEMENT, "hs_communication_channel_type", "hs_communication_logged_from", "hs_communication_body"),
        associated="contacts",
        every_seconds=EACH_SECOND_POLL,
    ),
)

EVENT_TYPES = ("e_visited_page", "e_opened_email_v2", "e_clicked_link_in_email_v2")
"""Behavioural events. Portals below Enterprise have none; the contact's own counters then stand in."""
OWNERS_EVERY_SECONDS = 600


def is_due(every_seconds: int, moved_at: datetime | None, as_of: datetime, offset_seconds: int = 0) -> bool:
    """Whether a stream that was last polled at `moved_at` is to be polled at `as_of`.

    By the clock's spans, not by age: a poll on a webhook's run shortly before the minute must not cost the minute's.
    """

    def span(moment: datetime) -> float:
        return (moment.timestamp() - offset_seconds) // every_seconds

    return moved_at is None or span(as_of) > span(moved_at)
