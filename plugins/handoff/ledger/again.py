"""Take up effects by hand: one that was given up, once what it failed on has been corrected; all that an older ledger
does not know to be done, once it has been put in the place of a lost one."""

from datetime import datetime

from psycopg.types.json import Jsonb

from handoff import connections, crash
from handoff.ledger.attempt import NO_CLEAR_ANSWER, RETRIED, SETTLE
from handoff.ledger.db import Connection, Row

OWNER = "hubspot_owner_id"


class CannotRetry(LookupError):
    """Trying it again would be wrong; the message says why."""


def retry(connection: Connection, dedupe_key: str, as_of: datetime) -> None:
    """Let an effect that was given up be due again, addressed as the agreement and the connections say now.

    Its attempts stay counted where one of them may have arrived after all, so that the vendor is asked first; it has a
    day for a clear answer again.

    Raises:
        CannotRetry: there is no such effect, it was not given up, or nobody needs it any more.
    """
    with connection.transaction():
        row = connection.execute(_EFFECT, {"key": dedupe_key, "at": as_of}).fetchone()
        if row is None:
            raise CannotRetry(f"no effect {dedupe_key!r}: `select dedupe_key from handoff.outbox where state = 'dead'`")
        if why_not := _why_not(row):
            raise CannotRetry(f"{dedupe_key} {why_not}")
        connection.execute(
            """update handoff.outbox set state = 'pending', payload = payload || %(changed)s,
                not_before = greatest(%(at)s, last_attempt_at + %(settle)s),
                attempts = case when %(doubtful)s then attempts else 0 end,
                first_attempt_at = case when %(doubtful)s then first_attempt_at end
            where dedupe_key = %(key)s""",
            {
                "changed": Jsonb(_address(row) | {RETRIED: as_of.isoformat()}),
                "at": as_of,
                "settle": SETTLE,
                "doubtful": str(row["last_error"]).startswith(NO_CLEAR_ANSWER),
                "key": dedupe_key,
            },
        )
    crash.point("ledger.effect.retried")


def doubt(connection: Connection, dumped_at: datetime, as_of: datetime) -> int:
    """Have every effect that waits looked for before it is sent, and returns how many do.

    For a ledger that was restored as it was at `dumped_at`: what it says is waiting may have happened since. Nothing
    else may be sending meanwhile. An effect has a day for a clear answer, as after `retry`.
    """
    return connection.execute(
        """update handoff.outbox set attempts = greatest(attempts, 1),
            first_attempt_at = coalesce(first_attempt_at, %(dumped)s),
            last_attempt_at = coalesce(last_attempt_at, %(dumped)s),
            payload = payload || %(retried)s
        where state = 'pending'""",
        {"dumped": dumped_at, "retried": Jsonb({RETRIED: as_of.isoformat()})},
    ).rowcount


def _why_not(row: Row) -> str | None:
    if row["state"] != "dead":
        return f"was not given up: it is {row['state']}"
    if row["kind"] == "slack_digest":
        return "needs nothing: its cards went out by themselves"
    if row["kind"] == "slack_ephemeral":
        return "is for somebody who waited for it then, and cannot be looked for"
    if row["ended"] and not row["dedupe_key"].endswith(":withdrawn"):
        return f"is about a lead that was {row['ended']}"
    if row["is_former"]:
        return "is about an assignment that somebody else has now"
    return None


def _address(row: Row) -> dict[str, object]:
    payload = row["payload"]
    if row["kind"] == "slack_channel":
        return {"channel": connections.team_channel(row["slack_channel"])}
    if row["kind"] == "slack_review":
        return {"channel": str(connections.get(connections.SLACK).extra.get("review_channel", "#revenue-review"))}
    if row["kind"] in ("slack_dm", "slack_note", "slack_call", "slack_thread") and "slack_user_id" in payload:
        whom = row["manager_user_id"] if row["is_note"] else row["slack_user_id"]
        return {"slack_user_id": whom} if whom else {}
    if OWNER in payload.get("properties", {}) and row["crm_owner_id"]:
        return {"properties": payload["properties"] | {OWNER: row["crm_owner_id"]}}
    return {}


# Keys of an assignment's effects are made of the kind, the handoff and the assignment. What follows a card, its
# `message`, and what a manager hears of a lead that went on name who had it, and are needed all the same.
_EFFECT = """
select
    effect.*, step.assignment_id is not null or effect.kind = 'slack_note' and effect.payload ? 'rep_id' as is_note,
    manager.slack_user_id as manager_user_id, rep.slack_user_id,
    to_jsonb(rep) ->> 'slack_channel' as slack_channel, rep.crm_owner_id, ended.kind as ended,
    coalesce(
        assignment.assignment_id < newest.assignment_id and effect.payload ->> 'message' is null
        and step.action is distinct from 'reassign', false
    ) as is_former
from handoff.outbox as effect
left join handoff.assignments as assignment
    on assignment.handoff_id = effect.handoff_id
    and assignment.assignment_id::text = split_part(coalesce(effect.payload ->> 'message', effect.dedupe_key), ':', 3)
left join handoff.ladder_steps as step
    on effect.dedupe_key = format('slack_note:ladder:%%s:%%s', step.assignment_id, step.escalation_id)
    and step.assignment_id = assignment.assignment_id
left join agreement.reps as manager
    on manager.rep_id = coalesce(step.addressed_to, effect.payload ->> 'rep_id')
    and manager.valid_from <= %(at)s and %(at)s < manager.valid_to
left join lateral (
    select max(assignment_id) as assignment_id from handoff.assignments as other
    where other.handoff_id = effect.handoff_id
) as newest on true
left join agreement.reps as rep
    on rep.rep_id = assignment.rep_id and rep.valid_from <= %(at)s and %(at)s < rep.valid_to
left join lateral (
    select kind from handoff.dispositions as answer
    where answer.handoff_id = effect.handoff_id and answer.kind in ('withdrawn', 'erased')
    order by disposition_id desc limit 1
) as ended on true
where effect.dedupe_key = %(key)s
for update of effect
"""
