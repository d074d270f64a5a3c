"""A company whose figures one can work out by hand: the same six handoffs in each of four weeks, and the marts."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.notify.context import Clause
from handoff.qualify import dbt
from tests.integration.built import build
from tests.unit.route import handed
from tests.unit.route.handed import NOON

AS_OF = NOON + timedelta(days=2)
WEEKS_BACK = (0, 1, 3, 20)
"""Wednesdays; the cohort of the first of them is so old that its window is over, and had version 0."""
CLAUSES = [
    vars(Clause(kind, clause_id, "held", "-"))
    for kind, clause_id in (
        ("requirement", "req-company-size"),
        ("behaviour", "beh-active-interest"),
        ("threshold", "platform-mql"),
    )
]
DEFINITIONS = {6: "services-mql"}
"""By number; the others are the first product's, whose version is called the same."""
# Rep, source, tier, minutes promised, seconds until the message, minutes until the answer, answers, reason.
LEADS = (
    ("ana-costa", "ORGANIC_SEARCH", "high", 240, 2, 10, ("contacted", "accepted"), None),
    ("ana-costa", "PAID_SEARCH", "high", 240, 3, 20, ("contacted", "accepted"), None),
    ("ana-costa", "ORGANIC_SEARCH", "high", 240, 4, 25, ("rejected",), "not_a_fit"),
    ("ben-okafor", "PAID_SEARCH", "hand_raiser", 5, 5, 30, ("contacted",), None),
    ("ben-okafor", "ORGANIC_SEARCH", "high", 240, 6, 15, ("rejected",), "not_a_fit"),
    ("ben-okafor", "PAID_SEARCH", "high", 240, 7, 20, ("rejected",), "no_interest"),
)
"""The event is five seconds before noon; five of six were answered in time."""


def plant() -> None:
    """Write the handoffs, and build the line's models and the marts as of two days after the last."""
    with db.connect() as connection, db.connect("handoff_admin") as admin:
        admin.execute("update handoff.go_live set live_at = %s", (NOON - timedelta(weeks=max(WEEKS_BACK)),))
        for back in WEEKS_BACK:
            for number, each in enumerate(LEADS, 1):
                _plant(connection, admin, f"{back}{number}", back, DEFINITIONS.get(number, "platform-mql"), *each)
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=AS_OF, as_loaded=True)
        build(connection, AS_OF)


def _plant(
    connection: db.Connection,
    admin: db.Connection,
    lead: str,
    back: int,
    definition: str,
    rep: str,
    source: str,
    tier: str,
    minutes: int,
    sent_s: int,
    answered_min: int,
    answers: tuple[str, ...],
    reason: str | None,
) -> None:
    noon = NOON - timedelta(weeks=back)
    given = handed.to(connection, lead, rep, noon, tier=tier, minutes=minutes)
    admin.execute(
        """update handoff.outbox set state = 'sent', sent_at = %s, result = '{"ts": "1"}'
        where dedupe_key = 'slack_dm:' || %s || ':' || %s""",
        (noon + timedelta(seconds=sent_s), given.handoff_id, given.assignment_id),
    )
    admin.execute(
        """update handoff.outbox set state = 'sent', sent_at = created_at, result = '{}'
        where handoff_id = %s and starts_with(kind, 'hubspot')""",
        (given.handoff_id,),
    )
    admin.execute(
        """update handoff.handoffs set definition_id = %s, definition_version = %s, context = jsonb_set(
            context || jsonb_build_object('clauses', %s), '{attribution,first_source}', to_jsonb(%s::text)
        ) where handoff_id = %s""",
        (definition, "0" if back == max(WEEKS_BACK) else "1", Jsonb(CLAUSES), source, given.handoff_id),
    )
    at = noon + timedelta(minutes=answered_min)
    for kind in answers:
        admin.execute(
            """insert into handoff.dispositions
            (handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence)
            values (%s, %s, %s, %s, %s, %s, '{}')""",
            (given.handoff_id, given.assignment_id, kind, reason, at, at),
        )
