"""What a decision was made by, kept for ever: the agreement, the models' SQL, the facts, and what shadows decided."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = ("agreements", "model_sets", "loads", "lead_facts", "shadow_decisions")

LEDGER = """
create table handoff.agreements (
    agreement_hash text primary key,
    tables jsonb not null
);
comment on table handoff.agreements is 'Every agreement that was ever loaded: its tables, each a list of rows.';

create table handoff.model_sets (
    models_hash text primary key,
    models jsonb not null
);
comment on table handoff.model_sets is 'The SQL of the models that decide, as dbt compiled it, in their order.';

create table handoff.loads (
    load_id bigint generated always as identity primary key,
    loaded_at timestamptz not null,
    agreement_hash text not null references handoff.agreements,
    models_hash text not null references handoff.model_sets
);
comment on table handoff.loads is 'When which agreement and which models began to decide.';

alter table handoff.handoffs add load_id bigint references handoff.loads;
comment on column handoff.handoffs.load_id is 'The agreement and the models that made the decision.';

create table handoff.lead_facts (
    lead_id text not null,
    known_from timestamptz not null,
    facts jsonb not null,
    primary key (lead_id, known_from)
);
comment on table handoff.lead_facts is
    'What was known of a lead, one row whenever it changed: line.int_leads as it was when the lead was judged.';

create table handoff.shadow_decisions (
    lead_id text not null,
    product_id text not null,
    definition_id text not null,
    definition_version text not null,
    tier_id text,
    score numeric not null,
    reason text not null,
    trigger_activity_id text not null,
    trigger_at timestamptz not null,
    decided_at timestamptz not null,
    primary key (lead_id, definition_id, definition_version)
);
comment on table handoff.shadow_decisions is
    'Leads that a shadow definition would have handed over, and when first; nobody was told.';
"""


def upgrade() -> None:
    op.execute(LEDGER)
    for table in TABLES:
        op.execute(f"alter table handoff.{table} owner to handoff_ledger")
        op.execute(f"grant select, insert on handoff.{table} to handoff_app")
        op.execute(f"grant select on handoff.{table} to handoff_dbt")
    op.execute("grant usage on all sequences in schema handoff to handoff_app")
    op.execute("grant maintain on handoff.lead_facts to handoff_app")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
