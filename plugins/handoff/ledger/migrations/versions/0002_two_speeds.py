"""Two speeds of extraction, what each pass found, ids that were merged away, more streams, and what a stream lacks."""

from alembic import op

revision = "0002"
down_revision = "0001"

CONTACT_IDS = {
    "hubspot_deals": "raw.associated_contact_ids(payload)",
    "hubspot_notes": "raw.associated_contact_ids(payload)",
    "hubspot_tasks": "raw.associated_contact_ids(payload)",
    "hubspot_users": None,
    "hubspot_pipelines": None,
    "hubspot_forms": None,
    "hubspot_campaigns": None,
    "hubspot_properties": None,
}

CURSORS = """
alter table handoff.cursors alter column watermark drop not null;
alter table handoff.cursors alter column moved_at drop not null;
alter table handoff.cursors add seen_until timestamptz, add seen_at timestamptz;
update handoff.cursors set seen_until = watermark, seen_at = moved_at, watermark = null, moved_at = null;
comment on column handoff.cursors.watermark is
    'Everything that changed before this has been read for certain. Only the slow pass moves it, with its rows.';
comment on column handoff.cursors.seen_until is
    'How far the fast pass has looked: best effort, because the search index may lag behind the records.';
comment on table handoff.cursors is 'How far each stream is read; moves in the transaction that lands its rows.';

alter table raw.batches drop constraint batches_source_check;
alter table raw.batches add check (source in ('poll', 'webhook', 'enrich', 'backfill', 'settle', 'sweep'));
"""

LEDGER = """
create table handoff.passes (
    pass_id bigint generated always as identity primary key,
    kind text not null check (kind in ('settle', 'sweep', 'backfill')),
    stream text not null,
    batch_id bigint not null references raw.batches,
    read_from timestamptz,
    read_until timestamptz not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    seen int not null,
    landed int not null,
    missed int not null,
    gone int not null default 0
);
comment on table handoff.passes is 'What the slow pass, the nightly sweep and backfills read, one row a stream.';
comment on column handoff.passes.missed is
    'Versions that the faster passes should have landed and had not: what would have been lost without this one.';
create index on handoff.passes (kind, stream, pass_id desc);

create table handoff.aliases (
    object_type text not null,
    old_id text not null,
    id text not null,
    noticed_at timestamptz not null,
    primary key (object_type, old_id),
    check (old_id <> id)
);
comment on table handoff.aliases is 'Ids that were merged away, and the id that answers for them now.';
create index on handoff.aliases (object_type, id);

create table handoff.lacks (
    stream text primary key,
    reason text not null,
    noticed_at timestamptz not null,
    checked_at timestamptz not null
);
comment on table handoff.lacks is
    'Streams that the CRM account does not let us read, with its word for it; a stream leaves when it can be read.';

alter table handoff.dispositions drop constraint dispositions_kind_check;
alter table handoff.dispositions add check (kind in ('accepted', 'rejected', 'contacted', 'withdrawn'));

alter table raw.quarantine add released_at timestamptz;
comment on column raw.quarantine.released_at is 'When the same record came again and could be read.';
create index on raw.quarantine (stream, id) where released_at is null;
"""


def upgrade() -> None:
    op.execute(CURSORS)
    for table, contact_ids in CONTACT_IDS.items():
        op.execute(_raw_table(table, contact_ids))
        _give(f"raw.{table}", "handoff_raw", "select, insert, maintain")
    op.execute(LEDGER)
    _give("handoff.passes", "handoff_ledger", "select, insert")
    _give("handoff.aliases", "handoff_ledger", "select, insert, update")
    _give("handoff.lacks", "handoff_ledger", "select, insert, update, delete")
    op.execute("grant update (released_at) on raw.quarantine to handoff_app")


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


def _give(table: str, owner: str, rights: str) -> None:
    op.execute(f"alter table {table} owner to {owner}")
    op.execute(f"grant {rights} on {table} to handoff_app")
    op.execute(f"grant select on {table} to handoff_dbt")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
