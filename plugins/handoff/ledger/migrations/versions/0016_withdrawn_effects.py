"""What was taken back on purpose is told apart from what was tried and given up."""

from alembic import op

revision = "0016"
down_revision = "0015"

# Whatever was tried has counted an attempt, and what is certainly not sent yet counts none.
WITHDRAWN = """
alter table handoff.outbox drop constraint outbox_state_check;
alter table handoff.outbox add constraint outbox_state_check
    check (state in ('pending', 'sent', 'dead', 'withdrawn'));
update handoff.outbox set state = 'withdrawn' where state = 'dead' and attempts = 0;
comment on column handoff.outbox.state is
    'dead: tried and given up, and told; withdrawn: taken back on purpose, because its lead is gone.';
create index outbox_given_up on handoff.outbox (last_attempt_at) where state = 'dead';
"""


def upgrade() -> None:
    op.execute(WITHDRAWN)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
