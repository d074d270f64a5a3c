"""More MQLs than usual: which were held, and what a person answered."""

from alembic import op

revision = "0009"
down_revision = "0008"

LEDGER = """
create table handoff.floods (
    flood_id bigint generated always as identity primary key,
    opened_at timestamptz not null,
    allowed int not null,
    answer text check (answer in ('released', 'dropped')),
    answered_at timestamptz,
    answered_by text,
    check ((answer is null) = (answered_at is null) and (answer is null) = (answered_by is null))
);
create unique index floods_open on handoff.floods ((true)) where answer is null;
comment on table handoff.floods is
    'Times at which more MQLs came than are let through in an hour; one at most is unanswered.';

create table handoff.flood_leads (
    flood_id bigint not null references handoff.floods,
    lead_id text not null,
    product_id text not null,
    held_at timestamptz not null,
    primary key (flood_id, lead_id, product_id)
);
create index on handoff.flood_leads (lead_id);
comment on table handoff.flood_leads is 'MQLs that wait for the answer, or waited for it.';
"""


def upgrade() -> None:
    op.execute(LEDGER)
    for table in ("floods", "flood_leads"):
        op.execute(f"alter table handoff.{table} owner to handoff_ledger")
        op.execute(f"grant select, insert on handoff.{table} to handoff_app")
        op.execute(f"grant select on handoff.{table} to handoff_dbt")
    op.execute("grant update (answer, answered_at, answered_by) on handoff.floods to handoff_app")
    op.execute("grant usage on all sequences in schema handoff to handoff_app")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
