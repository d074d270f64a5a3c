"""Where a record of the CRM is shown to people."""

import re
from collections.abc import Callable

from handoff import connections
from handoff.ledger import streams
from handoff.settings import settings

OBJECT_TYPES = {
    streams.CONTACTS.name: "0-1",
    streams.COMPANIES.name: "0-2",
    streams.DEALS.name: "0-3",
    streams.COMMUNICATIONS.name: "0-18",
    streams.TASKS.name: "0-27",
    streams.NOTES.name: "0-46",
    streams.MEETINGS.name: "0-47",
    streams.CALLS.name: "0-48",
    streams.EMAILS.name: "0-49",
}
"""Streams whose rows are records with a page of their own.

Source: https://developers.hubspot.com/docs/guides/crm/understanding-the-crm#object-type-ids
"""
_ID = re.compile(r"[0-9]{1,20}")

RecordUrl = Callable[[str, str | None], str | None]
"""Stream and record id to an address; None for what has no page."""


def record_url() -> RecordUrl:
    """The links of one page; none at all while the connection names no portal."""
    portal = _portal()

    def url(stream: str, record_id: str | None) -> str | None:
        object_type = OBJECT_TYPES.get(stream)
        if not (portal and object_type and record_id and _ID.fullmatch(record_id)):
            return None
        return f"{settings().crm_url}/contacts/{portal}/record/{object_type}/{record_id}"

    return url


def _portal() -> str:
    try:
        portal = str(connections.get(connections.HUBSPOT).extra.get("portal_id") or "")
    except (connections.MissingConnection, ValueError):
        return ""
    return portal if _ID.fullmatch(portal) else ""
