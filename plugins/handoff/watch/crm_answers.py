"""Record what reps answered in the CRM, by the lead's status; a lead that is not theirs goes to another rep."""

from datetime import datetime

from psycopg.types.json import Jsonb

from handoff import crash
from handoff.ledger import aliases, outbox
from handoff.ledger.db import Connection, Row
from handoff.ledger.open_assignments import IS_OPEN
from handoff.notify import cards, history, lines
from handoff.notify.alert import alert
from handoff.notify.card_state import NAME
from handoff.notify.context import BadContext
from handoff.notify.newer import newer_of
from handoff.notify.text import slack_text
from handoff.qualify import requeue
from handoff.route.assign import NobodyEligible
from handoff.route.due import NoCalendar
from handoff.route.reassign import reassign
from handoff.route.unforeseen import attempt
from handoff.sync.targets import reopened_target, status_by, status_target
from handoff.watch import answer_people, crm_said, give_back, reject_limit
from handoff.watch.answer_rules import DECLINED, TOUCHED
from handoff.watch.lock import lock


class Unreasoned(Exception):
    """A rejection in the CRM whose reason may still come."""


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Record what `line.int_crm_dispositions` has found by `as_of`, each in its own transaction; returns how many.

    A handoff whose rejection waits for its reason is left alone until then: it may have been rejected in time, and its
    lead is for nobody else.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    with connection.transaction():
        found = crm_said.unrecorded(connection, as_of)
    for row in found:
        if row["is_waiting"]:
            raised.setdefault(row["handoff_id"], Unreasoned())
    return sum(attempt(raised, row["handoff_id"], _record, connection, row, as_of) or 0 for row in found)


def _record(connection: Connection, row: Row, as_of: datetime) -> int:
    with connection.transaction():
        new = _write(connection, row, as_of)
    crash.point("watch.crm_answer.committed")
    return new


def _write(connection: Connection, row: Row, as_of: datetime) -> int:
    lock(connection, row["handoff_id"])
    is_contacted = _is_contacted(connection, row)
    # The view says the same, but was read before the lock.
    if is_contacted and newer_of(connection, row["handoff_id"], row["status_at"]) is not None:
        return 0
    if row["kind"] == DECLINED and is_contacted:
        return _refuse(connection, row, as_of)
    new = connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, reason_id, owner_id, occurred_at, recorded_at, evidence
        )
        select %(handoff_id)s, %(assignment_id)s, %(kind)s, %(reason_id)s, %(owner_id)s, %(occurred_at)s, %(as_of)s,
            %(evidence)s
        where not exists (
            select from handoff.dispositions where handoff_id = %(handoff_id)s and kind in ('rejected', 'withdrawn')
        )
        on conflict do nothing""",
        row | {"as_of": as_of, "evidence": Jsonb(row["evidence"])},
    ).rowcount
    crash.point("watch.crm_answer.recorded")
    if new:
        if row["kind"] in reject_limit.KINDS and row["owner_id"]:
            reject_limit.look(connection, row["owner_id"], row["occurred_at"], as_of)
        if row["kind"] == DECLINED and _is_open(connection, row):
            _on(connection, row, as_of)
        if row["kind"] == "rejected":
            _stop(connection, row, as_of)
            requeue.after(connection, row["handoff_id"], row["occurred_at"], as_of)
        if _has_another(connection, row):
            outbox.put(connection, _reopened(row, as_of, "used"))
        lines.answered_in_crm(connection, row["handoff_id"], row["assignment_id"], row["kind"], row["owner_id"], as_of)
        cards.refresh(connection, row["handoff_id"], as_of)
    elif row["kind"] == DECLINED and _is_open(connection, row):
        return _again(connection, row, as_of)
    return new


def _again(connection: Connection, row: Row, as_of: datetime) -> int:
    """Hand it on as was wished before, when nobody else could take it; or say once that still nobody can."""
    if not _on(connection, row, as_of):
        return _tell(connection, row, f"In HubSpot it was handed on once more. {lines.NOBODY}", as_of)
    lines.answered_in_crm(
        connection, row["handoff_id"], row["assignment_id"], DECLINED, row["owner_id"], as_of, is_again=True
    )
    cards.refresh(connection, row["handoff_id"], as_of)
    return 1


def _is_contacted(connection: Connection, row: Row) -> bool:
    return any(each.kind == "contacted" for each in history.answers_of(connection, row["handoff_id"]))


def _refuse(connection: Connection, row: Row, as_of: datetime) -> int:
    """Tell the rep what Slack's form would have said; whether that is new."""
    given = (
        each.label
        for each in answer_people.reasons(connection, row["occurred_at"])
        if each.reason_id == row["reason_id"]
    )
    label = slack_text(next(given, row["reason_id"]), NAME)
    if _has_another(connection, row):
        outbox.put(connection, _reopened(row, as_of, "used"))
    return _tell(connection, row, f"In HubSpot it was rejected: {label}. {TOUCHED}", as_of)


def _tell(connection: Connection, row: Row, text: str, as_of: datetime) -> int:
    """Tell the rep below their card, once an answer, that it changes nothing; whether that is new."""
    key = f"{crm_said.REFUSED}{int(row['occurred_at'].timestamp())}"
    return int(cards.say(connection, row["handoff_id"], row["assignment_id"], key, text, as_of, mentions=True) > 0)


def _stop(connection: Connection, row: Row, as_of: datetime) -> None:
    """Whoever rejected it has said why in the CRM themselves; that the clock stands is ours to say."""
    answers = history.answers_of(connection, row["handoff_id"])
    if any(each.kind == "contacted" and each.at <= row["occurred_at"] for each in answers):
        return
    give_back.until_stop(connection, row["assignment_id"], row["occurred_at"], as_of)
    turns = history.turns_of(connection, row["handoff_id"])
    (due_at,) = [each.due_at for each in turns if each.assignment_id == row["assignment_id"]]
    target = status_target(row["lead_id"], status_by(row["occurred_at"], due_at), None)
    key = f"hubspot_contact:{row['handoff_id']}:{row['assignment_id']}:rejected"
    outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"]))


def _is_open(connection: Connection, row: Row) -> bool:
    """Whether the rep who declines has it still, and nothing has ended it."""
    query = f"select from handoff.assignments as assignment where assignment_id = %s and {IS_OPEN}"
    return connection.execute(query, (row["assignment_id"],)).fetchone() is not None


def _on(connection: Connection, row: Row, as_of: datetime) -> bool:
    """Give it to another rep; whether there is one."""
    try:
        with connection.transaction():
            reassign(connection, row["handoff_id"], as_of, "declined")
            outbox.put(connection, _reopened(row, as_of, "reopened"))
    except (NobodyEligible, NoCalendar, BadContext) as error:
        text = (
            f"Contact {row['lead_id']} is to go to another rep, and nobody else may take it: {slack_text(error, 400)}"
        )
        alert(connection, f"declined:{row['assignment_id']}", text, as_of, row["handoff_id"])
        return False
    return True


def _has_another(connection: Connection, row: Row) -> bool:
    """Whether the contact was handed over since, for this product or another, and that handoff waits for an answer: it
    begins with a new lead, so that the rep may set the status for it."""
    ids = aliases.ids_of(connection, "contacts", row["lead_id"])
    return connection.execute(_ANOTHER, {"ids": ids, "said": row["status_at"]}).fetchone() is not None


_ANOTHER = """
select from handoff.handoffs as handoff
where handoff.lead_id = any(%(ids)s) and handoff.routed_at > %(said)s
and not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = handoff.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
)
limit 1
"""


def _reopened(row: Row, as_of: datetime, why: str) -> outbox.Effect:
    said = row["evidence"]
    target = reopened_target(
        row["lead_id"], said["hs_lead_status"], said["handoff_rejection_reason"], said["updated_at"]
    )
    key = f"hubspot_contact:{row['handoff_id']}:{row['assignment_id']}:{why}"
    return outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"])
