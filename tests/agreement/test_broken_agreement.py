"""A broken agreement does not load: each kind of damage is refused by a test that names itself."""

from typing import Any

import psycopg
import pytest

from handoff.ledger import db
from handoff.qualify import dbt

DAMAGE = {
    "signals__validity_does_not_overlap": "insert into agreement.signals select * from agreement.signals limit 1",
    "holidays__validity_does_not_overlap": "update agreement.holidays set valid_to = valid_from",
    "tiers__nothing_blank": "update agreement.tiers set why = ' '",
    "definitions__status__accepted": "update agreement.definitions set status = 'lively'",
    "pool_members__rep_id__exists": "update agreement.pool_members set rep_id = 'nobody'",
    "crm_activity_kinds__kind__exists": "update agreement.crm_activity_kinds set kind = 'telepathy'",
}


def test_damage_is_refused(admin: psycopg.Connection[dict[str, Any]]) -> None:
    for statement in DAMAGE.values():
        admin.execute(statement)
    with db.connect() as connection, pytest.raises(dbt.DbtFailed) as failure:
        dbt.invoke(connection, ["test"], selector="agreement", as_of=None)
    assert [name for name in DAMAGE if name not in str(failure.value)] == []
