"""A contact that was merged twice had another id in between: what each id led to, and until when."""

from alembic import op

revision = "0021"
down_revision = "0020"

FORMER_ALIASES = """
create table handoff.former_aliases (
    object_type text not null,
    old_id text not null,
    id text not null,
    noticed_at timestamptz not null,
    replaced_at timestamptz not null,
    primary key (object_type, old_id, replaced_at),
    check (noticed_at < replaced_at)
);
comment on table handoff.former_aliases is
    'What an id led to from noticed_at until a later merge led it on; handoff.aliases has what it leads to now.';
create index on handoff.former_aliases (object_type, id);
alter table handoff.former_aliases owner to handoff_ledger;
grant select, insert on handoff.former_aliases to handoff_app;
grant select on handoff.former_aliases to handoff_dbt;
grant select, delete on handoff.former_aliases to handoff_privacy;
create trigger wait_for_erasure before insert on handoff.former_aliases
    for each statement execute function handoff.wait_for_erasure();
create trigger refuse_erased before insert on handoff.former_aliases
    for each row execute function handoff.refuse_named('alias');

create function handoff.keep_former_alias() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into handoff.former_aliases (object_type, old_id, id, noticed_at, replaced_at)
    values (old.object_type, old.old_id, old.id, old.noticed_at, new.noticed_at);
    return null;
end $$;
alter function handoff.keep_former_alias() owner to handoff_ledger;
create trigger former_alias after update of id on handoff.aliases
    for each row when (old.id <> new.id and old.noticed_at < new.noticed_at)
    execute function handoff.keep_former_alias();
"""


def upgrade() -> None:
    op.execute(FORMER_ALIASES)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
