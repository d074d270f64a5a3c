"""A product that has yet to begin may be moved by a later load, and a load that broke off is known as such."""

from alembic import op

revision = "0018"
down_revision = "0017"

UNFINISHED_LOADS = """
create table handoff.unfinished_loads (began_at timestamptz primary key);
comment on table handoff.unfinished_loads is
    'Loads of the agreement that have begun and not ended: while there is one, nobody is decided about or handed over.';
alter table handoff.unfinished_loads owner to handoff_ledger;
grant select, insert, delete on handoff.unfinished_loads to handoff_app;
grant select on handoff.unfinished_loads to handoff_dbt;
"""


def upgrade() -> None:
    op.execute("grant delete on handoff.go_live to handoff_app")
    op.execute(UNFINISHED_LOADS)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
