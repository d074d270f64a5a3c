"""No table or column of `raw` and the ledger may be forgotten: each is personal, and treated so, or says why not."""

from collections.abc import Iterator

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.privacy.registry import PERSONAL, TABLES
from handoff.privacy.role import ROLE
from handoff.privacy.tables import Table

DERIVED = ("handoff.outbox", "handoff.dispositions", "handoff.pending_leads", "handoff.stale_leads")
"""Written after a handoff that is refused, or a queue: they hold nothing of somebody of whom nothing landed."""
DICTIONARIES = ("raw.email_addresses", "raw.hosts", "raw.company_names")
"""Written from records that landed."""


@pytest.fixture
def admin(database: object) -> Iterator[Connection]:
    with db.connect("handoff_admin") as connection:
        yield connection


def columns(admin: Connection) -> dict[str, set[str]]:
    rows = admin.execute(
        """select table_schema || '.' || table_name as name, array_agg(column_name::text) as columns
        from information_schema.columns where table_schema in ('raw', 'handoff') group by 1"""
    )
    return {row["name"]: set(row["columns"]) for row in rows}


def unregistered(admin: Connection) -> set[str]:
    """What the database has and the registry has not, or the other way round."""
    there = {f"{name}.{column}" for name, found in columns(admin).items() for column in found}
    known = {f"{table.name}.{column}" for table in TABLES for column in (*table.personal, *table.plain)}
    return there ^ known


def test_every_column_is_registered_once(admin: Connection) -> None:
    assert unregistered(admin) == set()
    named = [f"{table.name}.{column}" for table in TABLES for column in (*table.personal, *table.plain)]
    assert len(named) == len(set(named))


def test_a_new_table_and_a_new_column_are_noticed(admin: Connection) -> None:
    admin.execute("create table handoff.birthdays (lead_id text)")
    admin.execute("alter table raw.batches add called_by text")
    assert unregistered(admin) == {"handoff.birthdays.lead_id", "raw.batches.called_by"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_says_why_and_is_treated_as_it_says(table: Table) -> None:
    assert table.because
    assert bool(table.personal) == bool(table.find) == bool(table.erase)


def test_the_role_may_do_what_the_registry_says_and_the_application_may_not(admin: Connection) -> None:
    wanted = {(table.name, sql.split(maxsplit=1)[0]) for table in PERSONAL for sql in table.erase}
    for name, right in sorted(wanted):
        row = admin.execute(
            "select has_table_privilege(%(role)s, %(name)s, %(right)s) as may",
            {"role": ROLE, "name": name, "right": right},
        ).fetchone()
        assert row == {"may": True}, f"grant {right} on {name} to {ROLE}"
    rows = admin.execute(
        "select name from unnest(%s::text[]) as name where has_table_privilege('handoff_app', name, 'delete')",
        ([table.name for table in PERSONAL],),
    )
    assert [row["name"] for row in rows] == ["handoff.stale_leads", "handoff.pending_leads"]


def test_what_a_late_copy_could_land_in_is_guarded(admin: Connection) -> None:
    rows = admin.execute(
        """select tgrelid::regclass::text as name from pg_trigger where tgname = 'refuse_erased'
        intersect select tgrelid::regclass::text from pg_trigger where tgname = 'wait_for_erasure'"""
    )
    assert {row["name"] for row in rows} == {table.name for table in PERSONAL} - {*DERIVED, *DICTIONARIES}
