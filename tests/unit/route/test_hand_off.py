"""What a router makes of one decision."""

from dataclasses import replace

import pytest

from handoff.ledger.db import Connection
from handoff.route.assign import Candidate
from handoff.route.run import hand_off
from tests.integration.routers import decision
from tests.unit.route.handed import NOON


@pytest.mark.parametrize(("prefers_present", "rep_id"), [(True, "ben-okafor"), (False, "ana-costa")])
def test_where_the_tier_prefers_it_who_is_at_work_comes_first(
    connection: Connection, prefers_present: bool, rep_id: str
) -> None:
    candidates = tuple(
        Candidate(4, "territory", "na", rep, weight, True, "territory ter-na", is_at_work=rep == "ben-okafor")
        for rep, weight in (("ana-costa", 2), ("ben-okafor", 1))
    )
    given = replace(decision(1, "max_open", 100), prefers_present=prefers_present, candidates=candidates)
    assert hand_off(connection, given, NOON) == 1
    row = connection.execute("select rep_id, candidates from handoff.assignments").fetchone()
    assert row is not None
    assert row["rep_id"] == rep_id
    reasons = {each["rep_id"]: each["reason"] for each in row["candidates"]}
    assert ("not at work" in reasons["ana-costa"]) is prefers_present
