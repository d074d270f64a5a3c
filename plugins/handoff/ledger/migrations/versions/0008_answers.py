"""Several assignments of one handoff: whose turn it was, what each rep answered, and what their clocks did."""

from alembic import op

revision = "0008"
down_revision = "0007"

LEDGER = """
alter table handoff.assignments
    add cause text not null default 'handoff' check (cause in ('handoff', 'breach', 'declined', 'by_hand')),
    add credits jsonb;
comment on column handoff.assignments.cause is 'Why it was made: a new handoff, or what ended the assignment before.';
comment on column handoff.assignments.credits is
    'Of an assignment from a pool: what each member is owed after it, by rep; the next turn is computed from it.';

create index on handoff.assignments (pool_id, assignment_id desc);
create index on handoff.assignments (rep_id, assigned_at);
create index on handoff.assignments (handoff_id, assignment_id);

alter table handoff.pending_leads
    add held_because text,
    add held_until timestamptz;
comment on column handoff.pending_leads.held_because is
    'Why an MQL has not been handed over; it is tried again with every run, and held_until is when that may help.';

alter table handoff.dispositions
    drop constraint dispositions_handoff_id_kind_key,
    drop constraint dispositions_kind_check,
    add assignment_id bigint references handoff.assignments,
    add note text,
    add snoozed_until timestamptz,
    add check (kind in ('accepted', 'claimed', 'rejected', 'contacted', 'withdrawn', 'declined', 'snoozed')),
    add check ((kind = 'snoozed') = (snoozed_until is not null));
update handoff.dispositions as answer set assignment_id = (
    select assignment_id from handoff.assignments as assignment
    where assignment.handoff_id = answer.handoff_id order by assigned_at desc limit 1
);
create unique index dispositions_of_handoff on handoff.dispositions (handoff_id, kind)
    where kind in ('rejected', 'contacted', 'withdrawn');
create unique index dispositions_of_assignment on handoff.dispositions (assignment_id, kind)
    where kind in ('accepted', 'claimed', 'declined');
create index on handoff.dispositions (handoff_id);
comment on column handoff.dispositions.kind is
    'claimed: a rep says that they were in touch, which counts once the CRM shows it; declined: this rep hands it to '
    'another one; rejected, withdrawn: the handoff is over.';
comment on column handoff.dispositions.note is 'The rep''s own words; untrusted.';

create table handoff.ladder_steps (
    assignment_id bigint not null references handoff.assignments,
    escalation_id text not null,
    action text not null,
    addressed_to text,
    was_due_at timestamptz not null,
    taken_at timestamptz not null,
    skipped_because text,
    primary key (assignment_id, escalation_id)
);
comment on table handoff.ladder_steps is
    'Steps of the agreement''s escalations that were taken, or passed over with the reason, each once an assignment.';

create table handoff.clock_pauses (
    assignment_id bigint not null references handoff.assignments,
    began_at timestamptz not null,
    ended_at timestamptz not null check (ended_at > began_at),
    reason text not null check (reason in ('undelivered', 'outage')),
    due_at timestamptz not null,
    primary key (assignment_id, began_at)
);
comment on table handoff.clock_pauses is
    'Time that is not the rep''s: nobody had told them, or nobody watched. due_at is the deadline from then on.';

create table handoff.heartbeats (
    name text primary key,
    beat_at timestamptz not null
);
comment on table handoff.heartbeats is 'When a station that must never stop was last at work.';
"""
TABLES = ("ladder_steps", "clock_pauses", "heartbeats")


def upgrade() -> None:
    op.execute(LEDGER)
    for table in TABLES:
        op.execute(f"alter table handoff.{table} owner to handoff_ledger")
        op.execute(f"grant select, insert on handoff.{table} to handoff_app")
        op.execute(f"grant select on handoff.{table} to handoff_dbt")
    op.execute("grant update on handoff.heartbeats to handoff_app")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
