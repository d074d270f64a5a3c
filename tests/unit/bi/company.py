"""Six handoffs of one noon whose figures one can work out by hand, and the marts over them."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.qualify import dbt
from tests.unit.route import handed
from tests.unit.route.handed import NOON

AS_OF = NOON + timedelta(days=2)
CLAUSES = [
    {"kind": kind, "id": clause_id, "state": "held", "text": "-"}
    for kind, clause_id in (
        ("requirement", "req-company-size"),
        ("behaviour", "beh-active-interest"),
        ("threshold", "platform-mql"),
    )
]
# Lead: rep, tier, minutes promised, seconds until the message, minutes until the answer, answers, reason.
LEADS = {
    "1": ("ana-costa", "high", 240, 2, 10, ("contacted", "accepted"), None),
    "2": ("ana-costa", "high", 240, 3, 20, ("contacted",), None),
    "3": ("ana-costa", "high", 240, 4, 25, ("rejected",), "not_a_fit"),
    "4": ("ben-okafor", "hand_raiser", 5, 5, 30, ("contacted",), None),
    "5": ("ben-okafor", "high", 240, 6, 15, ("rejected",), "not_a_fit"),
    "6": ("ben-okafor", "high", 240, 7, 20, ("rejected",), "no_interest"),
}
"""The event is five seconds before noon; five of six were answered in time."""


def plant() -> None:
    """Write the handoffs, and build the line's models and the marts as of two days later."""
    with db.connect() as connection, db.connect("handoff_admin") as admin:
        for lead, (rep, tier, minutes, sent_s, answered_min, answers, reason) in LEADS.items():
            given = handed.to(connection, lead, rep, NOON, tier=tier, minutes=minutes)
            admin.execute(
                """update handoff.outbox set state = 'sent', sent_at = %s
                where dedupe_key = 'slack_dm:' || %s || ':' || %s""",
                (NOON + timedelta(seconds=sent_s), given.handoff_id, given.assignment_id),
            )
            admin.execute(
                """update handoff.handoffs set context = context || jsonb_build_object('clauses', %s)
                where handoff_id = %s""",
                (Jsonb(CLAUSES), given.handoff_id),
            )
            for kind in answers:
                at = NOON + timedelta(minutes=answered_min)
                admin.execute(
                    """insert into handoff.dispositions
                    (handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence)
                    values (%s, %s, %s, %s, %s, %s, '{}')""",
                    (given.handoff_id, given.assignment_id, kind, reason, at, at),
                )
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=AS_OF)
        dbt.invoke(connection, ["run"], selector="marts", as_of=AS_OF)
