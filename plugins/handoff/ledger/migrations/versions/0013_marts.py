"""Marts that appear all at once: dbt builds them where nobody reads; and a role for what names no person."""

from alembic import op

revision = "0013"
down_revision = "0011"

MARTS = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'bi_public') then create role bi_public nologin; end if;
end $$;
create schema marts_build authorization handoff_dbt;
grant usage on schema marts_build to handoff_app;
alter default privileges for role handoff_dbt in schema marts_build grant select on tables to handoff_app;
grant usage on schema marts to bi_public;
"""


def upgrade() -> None:
    op.execute(MARTS)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
