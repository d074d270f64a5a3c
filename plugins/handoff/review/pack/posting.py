"""The pack in the review channel: what both sides promised, and below it its pictures and the pack for print."""

from datetime import date, datetime
from typing import Any

from handoff import charts
from handoff.agreement.document import Document
from handoff.ledger import outbox
from handoff.ledger.db import Connection
from handoff.notify.alert import REVIEW, review_channel
from handoff.notify.cards import FILE
from handoff.notify.text import slack_text
from handoff.review.pack import pack, printing
from handoff.review.pack.figures import name_of
from handoff.settings import settings

LONGEST = 300
"""Letters of one line."""


class NoSuchFile(LookupError):
    """The week has no pack, or its pack no such picture."""


def key(week: date) -> str:
    """The dedupe key of a week's post."""
    return f"{REVIEW}:{name_of(week)}"


def post(connection: Connection, week: date, document: Document, at: datetime) -> int:
    """Queue the post and what stands below it, once, in the caller's transaction; returns how many posts, 0 or 1."""
    payload = {"channel": review_channel(), "text": text(document, week), "blocks": None}
    queued = outbox.put(connection, outbox.Effect(key(week), REVIEW, payload, at))
    files = [(f"{each.name}.png", each.caption) for section in document.sections for each in section.pictures]
    for name, title in [*files, ("pack.pdf", document.title)]:
        file = {"message": key(week), "week": week.isoformat(), "name": f"{name_of(week)}-{name}", "title": title}
        outbox.put(connection, outbox.Effect(f"{FILE}:{name_of(week)}:{name}", FILE, file, at))
    return queued


def text(document: Document, week: date) -> str:
    """The post: the commitments in a line each, and where the whole pack is."""
    lines = [slack_text(each, LONGEST) for each in document.summary]
    page = f"{settings().public_url}/handoff/review/{name_of(week)}"
    return "\n".join((slack_text(document.title, LONGEST), *lines, f"<{page}|The whole pack, with the leads>"))


def content(connection: Connection, payload: dict[str, Any]) -> bytes:
    """The bytes of a file of the post, from the pack as it was posted.

    Raises:
        NoSuchFile
    """
    week = date.fromisoformat(str(payload["week"]))
    document = pack.kept(connection, week)
    if document is None:
        raise NoSuchFile(f"there is no pack of {name_of(week)}")
    wanted = str(payload["name"]).removeprefix(f"{name_of(week)}-")
    if wanted == "pack.pdf":
        return printing.pdf(document)
    for section in document.sections:
        for picture in section.pictures:
            if wanted == f"{picture.name}.png":
                return charts.png(picture.definition)
    raise NoSuchFile(f"the pack of {name_of(week)} has no picture {wanted}")
