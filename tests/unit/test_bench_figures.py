"""What a benchmark reads from the ledger is what the first rep was told, and when."""

from datetime import timedelta

import pytest

from bench import figures
from handoff import clock
from handoff.ledger import db
from tests.conftest import Database
from tests.unit.route import handed
from tests.unit.web.doors import connect

FIRST = "kind = 'slack_dm' and handoff_id in (select handoff_id from handoff.handoffs where lead_id = '1')"
AND_THE_NEXT = f"""
insert into handoff.outbox (dedupe_key, kind, payload, handoff_id, state, sent_at, not_before, created_at)
select dedupe_key || ':next', kind, payload, handoff_id, 'sent', sent_at + interval '9 minutes', not_before, created_at
from handoff.outbox where {FIRST}
"""


def test_of_a_lead_that_was_handed_on_the_first_message_counts(
    module_agreement_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, "slack", {})
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    now = clock.now()
    with db.connect() as connection, db.connect("handoff_admin") as admin:
        for lead in ("1", "2"):
            handed.to(connection, lead, "ana-costa", now)
        admin.execute(f"update handoff.outbox set state = 'sent', sent_at = %s where {FIRST}", (now,))
        admin.execute(AND_THE_NEXT)
        rows = figures.handoffs(connection, ["1", "2"])
    assert [row["lead_id"] for row in rows] == ["1"], "of the other nothing was sent"
    assert rows[0]["sent_at"] - now < timedelta(seconds=1)
