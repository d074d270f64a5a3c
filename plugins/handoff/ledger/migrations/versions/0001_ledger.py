"""Schemas, roles, raw landings and the ledger.

Three owners: `raw` and `handoff` belong to roles that cannot log in, dbt's schemas to `handoff_dbt`. The role the
pipeline works as, `handoff_app`, may only append to `raw`; `bi_reader` sees `marts` and nothing else.
"""

from alembic import op

revision = "0001"
down_revision = None

ROLES = ("handoff_raw", "handoff_ledger", "handoff_app", "handoff_dbt", "bi_reader")
DBT_SCHEMAS = ("agreement", "staging", "line", "marts")
# Spelled out rather than imported from `streams`: a migration never changes after it has run somewhere.
CONTACT_IDS = {
    "hubspot_contacts": "array[id]",
    "hubspot_companies": None,
    "hubspot_owners": None,
    "hubspot_form_submissions": None,
    "hubspot_calls": "raw.associated_contact_ids(payload)",
    "hubspot_emails": "raw.associated_contact_ids(payload)",
    "hubspot_meetings": "raw.associated_contact_ids(payload)",
    "hubspot_communications": "raw.associated_contact_ids(payload)",
    "hubspot_events": "array[payload ->> 'objectId']",
    "apollo_people": None,
    "apollo_organizations": None,
}

FUNCTIONS = """
create function handoff.as_of() returns timestamptz language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('handoff.as_of', true), '')::timestamptz, statement_timestamp())
$$;
comment on function handoff.as_of is
    'The moment every model computes for: the setting handoff.as_of, else the present.';

create function handoff.known_by() returns timestamptz language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('handoff.as_of', true), '')::timestamptz, 'infinity'::timestamptz)
$$;
comment on function handoff.known_by is
    'Raw versions loaded up to here are visible: the setting handoff.as_of, else everything.';

create function raw.associated_contact_ids(payload jsonb) returns text[]
language sql immutable parallel safe as $$
    select coalesce(array_agg(distinct result ->> 'id' order by result ->> 'id'), '{}')
    from jsonb_array_elements(coalesce(payload #> '{associations,contacts,results}', '[]')) as result
$$;

create function raw.submitted_email(payload jsonb) returns text
language sql immutable parallel safe as $$
    select lower(btrim(item ->> 'value'))
    from jsonb_array_elements(coalesce(payload -> 'values', '[]')) as item
    where item ->> 'name' = 'email'
    limit 1
$$;
"""

RAW = """
create table raw.batches (
    batch_id bigint generated always as identity primary key,
    source text not null check (source in ('poll', 'webhook', 'enrich', 'backfill')),
    started_at timestamptz not null,
    loaded_at timestamptz,
    counts jsonb not null default '{}'
);
comment on table raw.batches is 'One row per landing; every raw version names the batch it came in.';

create table raw.quarantine (
    quarantine_id bigint generated always as identity primary key,
    stream text not null,
    id text,
    batch_id bigint not null references raw.batches,
    loaded_at timestamptz not null,
    field text not null,
    reason text not null,
    remedy text not null,
    payload text not null
);
comment on table raw.quarantine is 'Records that could not be read, with the field, the reason and what to do.';
create index on raw.quarantine (stream, loaded_at);
"""

LEDGER = """
create table handoff.inbox (
    inbox_id bigint generated always as identity primary key,
    source text not null,
    event_key text not null unique,
    object_type text not null,
    object_id text not null,
    occurred_at timestamptz,
    received_at timestamptz not null,
    payload jsonb not null,
    processed_at timestamptz
);
comment on table handoff.inbox is 'Verified webhooks. Hints only: the record they name is read again.';
create index on handoff.inbox (inbox_id) where processed_at is null;

create table handoff.cursors (
    stream text primary key,
    watermark timestamptz not null,
    moved_at timestamptz not null,
    batch_id bigint
);
comment on table handoff.cursors is 'How far each stream is read; moves in the transaction that lands its rows.';

create table handoff.pending_leads (
    lead_id text primary key,
    batch_id bigint not null,
    received_at timestamptz,
    extracted_at timestamptz not null,
    qualified_at timestamptz,
    wakes boolean not null default true
);
comment on column handoff.pending_leads.qualified_at is 'When the decision about it was last computed.';
comment on column handoff.pending_leads.wakes is
    'False when only our own write-back came back: the next run that has work takes it along.';
comment on table handoff.pending_leads is
    'Leads with new raw rows that have not been routed yet; a lead leaves only when its decision is settled.';

create table handoff.go_live (
    product_id text primary key,
    live_at timestamptz not null
);
comment on table handoff.go_live is 'Behaviour before this moment pages nobody.';

create table handoff.handoffs (
    handoff_id text primary key,
    lead_id text not null,
    product_id text not null,
    cycle int not null check (cycle >= 1),
    definition_id text not null,
    definition_version text not null,
    tier_id text not null,
    score numeric not null,
    trigger_activity_id text not null,
    trigger_kind text not null,
    context jsonb not null,
    as_of timestamptz not null,
    event_at timestamptz not null,
    received_at timestamptz,
    extracted_at timestamptz not null,
    qualified_at timestamptz not null,
    routed_at timestamptz not null,
    unique (lead_id, product_id, cycle)
);
comment on table handoff.handoffs is
    'One immutable row per lead, product and cycle, with everything that was known when it was decided.';

create table handoff.assignments (
    assignment_id bigint generated always as identity primary key,
    handoff_id text not null references handoff.handoffs,
    rep_id text not null,
    pool_id text,
    reason text not null,
    candidates jsonb not null,
    assigned_at timestamptz not null,
    due_at timestamptz not null,
    unique (handoff_id, assigned_at)
);
comment on table handoff.assignments is
    'One row per routing decision, with every candidate and why; the newest is the current one.';

create table handoff.outbox (
    outbox_id bigint generated always as identity primary key,
    dedupe_key text not null unique,
    handoff_id text references handoff.handoffs,
    kind text not null,
    payload jsonb not null,
    created_at timestamptz not null,
    state text not null default 'pending' check (state in ('pending', 'sent', 'dead')),
    attempts int not null default 0,
    first_attempt_at timestamptz,
    last_attempt_at timestamptz,
    not_before timestamptz not null,
    sent_at timestamptz,
    result jsonb,
    last_error text,
    check ((state = 'sent') = (sent_at is not null))
);
comment on table handoff.outbox is
    'One row per effect. attempts > 0 while pending means: an earlier try may have arrived, look before sending again.';
create index on handoff.outbox (kind, not_before) where state = 'pending';

create table handoff.dispositions (
    disposition_id bigint generated always as identity primary key,
    handoff_id text not null references handoff.handoffs,
    kind text not null check (kind in ('accepted', 'rejected', 'contacted')),
    reason_id text,
    owner_id text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    evidence jsonb not null,
    unique (handoff_id, kind)
);
comment on table handoff.dispositions is 'What sales did with a handoff, with the CRM record that shows it.';

create table handoff.breaches (
    assignment_id bigint primary key references handoff.assignments,
    due_at timestamptz not null,
    marked_at timestamptz not null
);
comment on table handoff.breaches is 'Assignments whose first contact did not come in time.';

create table handoff.gates (
    gate_id bigint generated always as identity primary key,
    gate text not null,
    batch_id bigint not null,
    evaluated_at timestamptz not null,
    is_open boolean not null,
    reason text not null,
    results jsonb not null
);
comment on table handoff.gates is 'Verdicts on landed data; the newest row of a gate is its state.';
create index on handoff.gates (gate, gate_id desc);

create table handoff.line_runs (
    run_id text primary key,
    started_at timestamptz not null,
    finished_at timestamptz,
    batch_id bigint,
    counts jsonb not null default '{}',
    note text
);
comment on table handoff.line_runs is 'What each run of the line did, in counts.';
"""


def upgrade() -> None:
    for role in ROLES:
        op.execute(
            f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') "
            f"then create role {role} nologin; end if; end $$"
        )
    op.execute("revoke all on schema public from public")
    op.execute("alter schema handoff owner to handoff_ledger")
    op.execute("create schema raw authorization handoff_raw")
    for schema in DBT_SCHEMAS:
        op.execute(f"create schema {schema} authorization handoff_dbt")
    op.execute(FUNCTIONS)
    op.execute(RAW)
    for table, contact_ids in CONTACT_IDS.items():
        op.execute(_raw_table(table, contact_ids))
    op.execute(
        "alter table raw.hubspot_form_submissions add email text generated always as "
        "(raw.submitted_email(payload)) stored"
    )
    op.execute("create index on raw.hubspot_form_submissions (email)")
    op.execute("create index on raw.hubspot_contacts (lower(payload -> 'properties' ->> 'email'))")
    op.execute("create index on raw.hubspot_contacts ((payload -> 'properties' ->> 'associatedcompanyid'))")
    op.execute(LEDGER)
    _grant()


def _raw_table(table: str, contact_ids: str | None) -> str:
    column = f"contact_ids text[] generated always as ({contact_ids}) stored," if contact_ids else ""
    index = f"create index on raw.{table} using gin (contact_ids);" if contact_ids else ""
    return f"""
        create table raw.{table} (
            version_id bigint generated always as identity primary key,
            id text not null,
            updated_at timestamptz not null,
            loaded_at timestamptz not null,
            batch_id bigint not null references raw.batches,
            payload jsonb not null,
            payload_hash text generated always as (md5(payload::text)) stored,
            {column}
            unique (id, updated_at, payload_hash)
        );
        create index on raw.{table} (batch_id);
        create index on raw.{table} (id, updated_at, version_id);
        {index}
    """


def _grant() -> None:
    for schema, owner in (("raw", "handoff_raw"), ("handoff", "handoff_ledger")):
        op.execute(f"grant usage on schema {schema} to handoff_app, handoff_dbt")
        for table in _tables(schema):
            op.execute(f"alter table {schema}.{table} owner to {owner}")
        op.execute(f"grant select on all tables in schema {schema} to handoff_app, handoff_dbt")
        op.execute(f"grant insert on all tables in schema {schema} to handoff_app")
        op.execute(f"grant usage on all sequences in schema {schema} to handoff_app")
    op.execute("grant update on raw.batches to handoff_app")
    # The right to analyze: a query planned on yesterday's statistics after a large landing takes minutes.
    op.execute("grant maintain on all tables in schema raw to handoff_app")
    op.execute("grant maintain on handoff.pending_leads to handoff_app")
    op.execute(
        "grant update on handoff.inbox, handoff.cursors, handoff.pending_leads, handoff.outbox, handoff.line_runs "
        "to handoff_app"
    )
    op.execute("grant delete on handoff.pending_leads to handoff_app")
    for schema in DBT_SCHEMAS:
        op.execute(f"grant usage on schema {schema} to handoff_app")
        op.execute(
            f"alter default privileges for role handoff_dbt in schema {schema} grant select on tables to handoff_app"
        )
    op.execute("grant usage on schema marts to bi_reader")
    op.execute("alter default privileges for role handoff_dbt in schema marts grant select on tables to bi_reader")


def _tables(schema: str) -> list[str]:
    rows = op.get_bind().exec_driver_sql(
        "select tablename from pg_tables where schemaname = %s and tablename <> 'alembic_version'", (schema,)
    )
    return [row[0] for row in rows]


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
