"""Marts that appear all at once: dbt builds them where nobody reads; and a role for what names no person."""

from alembic import op

revision = "0013"
down_revision = "0012"

MARTS = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'bi_public') then create role bi_public nologin; end if;
end $$;
create schema marts_build authorization handoff_dbt;
grant usage on schema marts_build to handoff_app;
alter default privileges for role handoff_dbt in schema marts_build grant select on tables to handoff_app;
grant usage on schema marts to bi_public;

create table handoff.model_builds (
    built_at timestamptz not null,
    node text not null,
    folder text not null,
    status text not null,
    seconds numeric not null,
    message text not null,
    primary key (node, built_at)
);
comment on table handoff.model_builds is
    'How each model of the marts did, and each test that failed, in the builds of the last week.';
create index on handoff.model_builds (built_at);
alter table handoff.model_builds owner to handoff_ledger;
grant select, insert, delete on handoff.model_builds to handoff_app;
"""


def upgrade() -> None:
    op.execute(MARTS)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
