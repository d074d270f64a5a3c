"""The vendors' rate limits and breakers as rows that all processes share."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Both tables are updated with every request: room in the page keeps an update from touching an index.
TABLES = """
create table handoff.apis (
    api text primary key,
    breaker text not null default 'closed' check (breaker in ('closed', 'open', 'half-open')),
    failures int not null default 0,
    opened_at timestamptz,
    tried_at timestamptz,
    reason text not null default '',
    day_limit int,
    day_left int,
    low_until timestamptz,
    spent_until timestamptz,
    time_zone text not null default ''
) with (fillfactor = 50);
comment on table handoff.apis is 'One row per vendor: its breaker, and its quota of calls a day.';
comment on column handoff.apis.failures is 'Calls in a row that failed by the vendor''s fault.';
comment on column handoff.apis.tried_at is 'When the one call went that finds out whether an open breaker may close.';
comment on column handoff.apis.low_until is 'Until then what is left of the day is kept for the line.';
comment on column handoff.apis.spent_until is 'Until then the day''s calls are used up.';

create table handoff.budgets (
    api text not null references handoff.apis,
    policy text not null,
    line bigint[] not null default '{}',
    background bigint[] not null default '{}',
    limits jsonb not null default '[]',
    line_waits_until timestamptz,
    blocked_until timestamptz,
    primary key (api, policy)
) with (fillfactor = 50);
comment on table handoff.budgets is 'One row per rate limit of a vendor, locked by each request that wants a place.';
comment on column handoff.budgets.line is
    'When the line''s latest requests went, in milliseconds since 1970: up to two hundred, read before each request.';
comment on column handoff.budgets.limits is
    'What the vendor says it allows, as [requests, milliseconds]; empty until it has said so.';
comment on column handoff.budgets.blocked_until is 'The vendor refused a request: nobody sends one until then.';
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("handoff.apis", "handoff.budgets"):
        op.execute(f"alter table {table} owner to handoff_ledger")
        op.execute(f"grant select, insert, update on {table} to handoff_app")
        op.execute(f"grant select on {table} to handoff_dbt")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
