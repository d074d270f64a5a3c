"""The weekly packs as they were posted, and what the meetings resolved to do."""

from alembic import op

revision = "0014"
down_revision = "0013"

REVIEWS = """
create table handoff.reviews (
    week_starts_on date primary key,
    made_at timestamptz not null,
    pack jsonb not null
);
comment on table handoff.reviews is 'One row per week: the pack as it was posted, which later numbers do not change.';
create table handoff.action_items (
    action_id bigint generated always as identity primary key,
    week_starts_on date not null,
    text text not null,
    owner text not null,
    added_at timestamptz not null,
    done_at timestamptz
);
comment on table handoff.action_items is 'What a revenue meeting resolved to do; the week is that of its pack.';
alter table handoff.reviews owner to handoff_ledger;
alter table handoff.action_items owner to handoff_ledger;
grant select, insert on handoff.reviews to handoff_app;
grant select, insert, update on handoff.action_items to handoff_app;
"""


def upgrade() -> None:
    op.execute(REVIEWS)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
