"""MQLs that are held: since when, so that they age no further, and the stamps of what made them MQLs."""

from alembic import op

revision = "0024"
down_revision = "0023"

UPGRADE = """
create table handoff.held_mqls (
    lead_id text not null,
    product_id text not null,
    held_since timestamptz not null,
    ended_as_of timestamptz,
    event_at timestamptz,
    received_at timestamptz,
    extracted_at timestamptz not null,
    qualified_at timestamptz not null,
    primary key (lead_id, product_id, held_since)
);
create unique index held_mqls_open on handoff.held_mqls (lead_id, product_id) where ended_as_of is null;
create index on handoff.held_mqls (ended_as_of);
comment on table handoff.held_mqls is
    'MQLs that could not be handed over at once: while one is held, what it did grows no older.';
comment on column handoff.held_mqls.held_since is 'The moment of the first decision that was held.';
comment on column handoff.held_mqls.ended_as_of is
    'The moment of the last decision that was made so: it was handed over, or is no MQL any more.';
comment on column handoff.held_mqls.qualified_at is 'When the first decision that was held had been computed.';
alter table handoff.held_mqls owner to handoff_ledger;
grant select, insert, update on handoff.held_mqls to handoff_app;
grant select on handoff.held_mqls to handoff_dbt;
grant select, delete on handoff.held_mqls to handoff_privacy;
create trigger wait_for_erasure before insert on handoff.held_mqls
    for each statement execute function handoff.wait_for_erasure();
create trigger refuse_erased before insert on handoff.held_mqls
    for each row execute function handoff.refuse_named('lead');

-- A person's answer or a day's new rule may end it, without a landing that would tell the marts.
create trigger stale_lead after update of ended_as_of on handoff.held_mqls
    for each row execute function handoff.note_stale_lead();
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
