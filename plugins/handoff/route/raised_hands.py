"""Tell the rep who has a lead that it raised a hand again: no second handoff begins while they have it.

While the rep is not there, whoever is above them is told as well. A rep whose card was given up gets a note."""

from datetime import datetime

from handoff import crash
from handoff.ledger.db import Connection, Row
from handoff.notify import cards, history, lines
from handoff.route.decisions import IDENTITIES
from handoff.route.unforeseen import attempt
from handoff.watch.ladder import addressee
from handoff.watch.ladder_notes import UTC, Note
from handoff.watch.ladder_people import Watch, look


def tell(connection: Connection, batch_id: int, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Say it below the cards of each handoff that its lead's raised hand did not begin; returns how many lines are new.

    Args:
        raised: by lead, what was raised in this run; what raises here is added.
    """
    rows = connection.execute(_RAISED, {"batch": batch_id}).fetchall()
    if not rows:
        return 0
    watch = look(connection, as_of)
    return sum(attempt(raised, row["lead_id"], _tell, connection, row, watch) or 0 for row in rows)


def _tell(connection: Connection, row: Row, watch: Watch) -> int:
    act = lines.Act(row["trigger_activity_id"], row["trigger_summary"], row["trigger_at"])
    turn = history.turns_of(connection, row["handoff_id"])[-1]
    rep = watch.there(turn.rep_id)
    kinds = cards.CARDS if rep else (cards.CHANNEL,)
    line = (cards.DM, row["handoff_id"], turn.assignment_id, act.key)
    key = f"{turn.assignment_id}:{act.key}"
    with connection.transaction():
        # Who goes after they were told was told.
        was_told = cards.is_said(connection, *line) or watch.has_told(connection, key)
        said = lines.raised_a_hand(connection, row["handoff_id"], act, watch.as_of, watch.room, kinds)
        if not was_told and (rep is None or rep.is_away):
            whom = addressee(watch.people, turn.rep_id, "manager")
            note = Note(row["context"], turn.due_at, whom.time_zone if whom else UTC, watch.as_of)
            text = note.raised_unheard(watch.name(turn.rep_id), act.summary, act.at, rep.away_until if rep else None)
            watch.tell(connection, row["handoff_id"], key, text, whom)
        elif rep and not was_told and not cards.is_said(connection, *line):
            note = Note(row["context"], turn.due_at, rep.time_zone, watch.as_of)
            watch.tell(connection, row["handoff_id"], key, note.raised(act.summary, act.at), rep)
    crash.point("route.hand.told")
    return said


# What was read before the newest handoff was decided stands on its card, whenever it was done.
_RAISED = f"""
with identities as ({IDENTITIES}),
newest as (
    select distinct on (identity.present_id, handoff.product_id) identity.present_id, handoff.*
    from identities as identity
    inner join handoff.handoffs as handoff on handoff.lead_id = identity.id
    where not exists (
        select from handoff.dispositions as ended
        where ended.handoff_id = handoff.handoff_id and ended.kind in ('rejected', 'withdrawn')
    )
    order by identity.present_id, handoff.product_id, handoff.routed_at desc
)
select
    newest.handoff_id, newest.context, decided.lead_id, decided.trigger_activity_id, decided.trigger_summary,
    decided.trigger_at
from handoff.pending_leads as pending
inner join line.int_qualifications as decided on decided.lead_id = pending.lead_id
inner join newest on newest.present_id = decided.lead_id and newest.product_id = decided.product_id
inner join line.int_activities as act
    on act.lead_id = decided.lead_id and act.activity_id = decided.trigger_activity_id
where
    pending.batch_id <= %(batch)s
    and decided.decision = 'mql' and decided.is_hand_raiser and decided.is_handed_off
    and newest.trigger_activity_id <> decided.trigger_activity_id
    and act.extracted_at > newest.as_of
order by decided.lead_id, decided.product_id
"""
