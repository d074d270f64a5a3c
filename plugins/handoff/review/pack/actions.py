"""What a meeting resolved to do, and whether it was done by the next one."""

from dataclasses import dataclass
from datetime import date, datetime

from handoff.agreement.document import Section, Table
from handoff.ledger.db import Connection
from handoff.review.pack.figures import name_of


class UnknownAction(LookupError):
    """There is no open action item of that number."""


@dataclass(frozen=True)
class Action:
    """One item; `week_starts_on` is the week whose pack was on the table."""

    action_id: int
    week_starts_on: date
    text: str
    owner: str
    done_at: datetime | None


def add(connection: Connection, week: date, text: str, owner: str, at: datetime) -> int:
    """Note an item; returns its number.

    Raises:
        ValueError: it says nothing, or is nobody's.
    """
    if not text.strip() or not owner.strip():
        raise ValueError("an action item needs what is to be done, and whose it is: --owner NAME")
    row = connection.execute(
        """insert into handoff.action_items (week_starts_on, text, owner, added_at) values (%s, %s, %s, %s)
        returning action_id""",
        (week, text.strip(), owner.strip(), at),
    ).fetchone()
    assert row is not None
    return int(row["action_id"])


def finish(connection: Connection, action_id: int, at: datetime) -> Action:
    """Mark an item as done.

    Raises:
        UnknownAction
    """
    row = connection.execute(
        """update handoff.action_items set done_at = %s where action_id = %s and done_at is null
        returning action_id, week_starts_on, text, owner, done_at""",
        (at, action_id),
    ).fetchone()
    if row is None:
        raise UnknownAction(f"action item {action_id} is not open: `handoff review actions` lists those that are")
    return Action(**row)


def still_open(connection: Connection) -> list[Action]:
    """What nobody has marked as done, the oldest first."""
    rows = connection.execute(
        """select action_id, week_starts_on, text, owner, done_at from handoff.action_items where done_at is null
        order by action_id"""
    )
    return [Action(**row) for row in rows]


def of_meeting(connection: Connection, week: date, at: datetime) -> list[Action]:
    """What the meeting about a week looks at: items of the packs before that were open when the week began, or were
    added since; and of its own."""
    rows = connection.execute(
        """select action_id, week_starts_on, text, owner, case when done_at <= %(at)s then done_at end as done_at
        from handoff.action_items
        where added_at <= %(at)s and week_starts_on <= %(week)s
        and (done_at is null or done_at >= %(week)s::date or week_starts_on >= %(week)s::date - 7)
        order by done_at is not null, week_starts_on, action_id""",
        {"week": week, "at": at},
    )
    return [Action(**row) for row in rows]


def section(found: list[Action]) -> Section:
    """They as a table."""
    if not found:
        return Section("Action items", ("None were noted: `handoff review action TEXT --owner NAME` adds one.",))
    return Section(
        "Action items",
        (),
        (
            Table(
                "Of the meetings before, open ones first",
                ("No.", "What", "Whose", "Since", "State"),
                tuple(
                    (
                        str(each.action_id),
                        each.text,
                        each.owner,
                        name_of(each.week_starts_on),
                        f"done {each.done_at:%d %b}" if each.done_at else "open",
                    )
                    for each in found
                ),
            ),
        ),
    )
