"""Which leads the marts have to be built anew for: noted by the tables themselves, in the transaction of the change."""

from alembic import op

revision = "0015"
down_revision = "0014"

STALE_LEADS = """
create table handoff.stale_leads (
    entry_id bigint generated always as identity primary key,
    lead_id text
);
comment on table handoff.stale_leads is
    'One row per change of a lead that the marts do not show yet; null stands for all leads.';
alter table handoff.stale_leads owner to handoff_ledger;
grant select, insert, delete on handoff.stale_leads to handoff_app;
grant select on handoff.stale_leads to handoff_dbt;
grant select, delete on handoff.stale_leads to handoff_privacy;

create function handoff.note_stale_lead() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_table_name = 'dispositions' then
        insert into handoff.stale_leads (lead_id)
        select handoffs.lead_id from handoff.handoffs where handoffs.handoff_id = new.handoff_id;
    elsif tg_table_name = 'aliases' then
        insert into handoff.stale_leads (lead_id) values (new.old_id), (new.id);
    else
        insert into handoff.stale_leads (lead_id) values (new.lead_id);
    end if;
    return null;
end $$;
alter function handoff.note_stale_lead() owner to handoff_ledger;

-- By then all of the line's tables have the lead as it is.
create trigger stale_lead after update of qualified_at on handoff.pending_leads
    for each row when (new.qualified_at is distinct from old.qualified_at) execute function handoff.note_stale_lead();
create trigger stale_lead after insert or update of lead_id on handoff.handoffs
    for each row execute function handoff.note_stale_lead();
create trigger stale_lead after insert on handoff.dispositions
    for each row execute function handoff.note_stale_lead();
create trigger stale_lead after insert or update of id on handoff.aliases
    for each row when (new.object_type = 'contacts') execute function handoff.note_stale_lead();
"""

# They have other columns and indexes now; the next build makes them anew, and all that follows from them.
HISTORIES = """
drop table if exists line.int_channelled_acts;
insert into handoff.stale_leads (lead_id) values (null);
"""


def upgrade() -> None:
    op.execute(STALE_LEADS)
    op.execute(HISTORIES)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
