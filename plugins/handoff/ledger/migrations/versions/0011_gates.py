"""Gates on all that flows: the CRM's properties as accepted, the last results as pages, and what waits at a gate."""

from alembic import op

revision = "0011"
down_revision = "0010"

LEDGER = """
create table handoff.crm_properties (
    property_id text primary key,
    is_present boolean not null,
    type text,
    accepted_type text,
    options text[] not null,
    accepted_options text[] not null,
    checked_at timestamptz not null
);
comment on table handoff.crm_properties is
    'The CRM''s properties that are needed, as last read, beside what they were when first read or last accepted.';

create table handoff.gate_documents (
    gate text primary key,
    evaluated_at timestamptz not null,
    validation jsonb not null,
    page text,
    rendered_at timestamptz
);
comment on table handoff.gate_documents is
    'The last result of each gate as Great Expectations wrote it, without the values of records, and its page.';

alter table handoff.pending_leads add promised_at timestamptz;
comment on column handoff.pending_leads.promised_at is
    'Of a hand-raiser that a closed gate holds: by when a rep would have promised first contact.';

create index on raw.batches (started_at);
"""


def upgrade() -> None:
    op.execute(LEDGER)
    for table in ("crm_properties", "gate_documents"):
        op.execute(f"alter table handoff.{table} owner to handoff_ledger")
        op.execute(f"grant select, insert, update on handoff.{table} to handoff_app")
        op.execute(f"grant select on handoff.{table} to handoff_dbt")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
