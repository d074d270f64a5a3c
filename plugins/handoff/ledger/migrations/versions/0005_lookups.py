"""What enrichment asked, and what came of it: the budget is counted here, and what was not answered is asked again."""

from alembic import op

revision = "0005"
down_revision = "0004"

LOOKUPS = """
create table handoff.lookups (
    lookup_id bigint generated always as identity primary key,
    subject text not null check (subject in ('person', 'organization')),
    key text not null,
    lead_id text not null,
    asked_at timestamptz not null,
    settled_at timestamptz,
    outcome text check (outcome in ('found', 'nobody')),
    check ((settled_at is null) = (outcome is null))
);
comment on table handoff.lookups is
    'One row per question to the enrichment vendor, written before it is asked: a lost answer may have been paid for.';
create index on handoff.lookups (asked_at);
create index on handoff.lookups (subject, key);
alter table handoff.lookups owner to handoff_ledger;
grant select, insert, update on handoff.lookups to handoff_app;
grant select on handoff.lookups to handoff_dbt;
"""


def upgrade() -> None:
    op.execute(LOOKUPS)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
