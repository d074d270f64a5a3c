"""A lead whose rep has left goes to another one at once, which is neither a breach nor anybody's wish."""

from alembic import op

revision = "0022"
down_revision = "0021"

UPGRADE = """
alter table handoff.assignments drop constraint assignments_cause_check, add constraint assignments_cause_check check (
    cause in ('handoff', 'breach', 'declined', 'left', 'by_hand')
);
comment on column handoff.assignments.cause is
    'Why it was made: a new handoff, or what ended the assignment before; left: its rep is in the agreement or the CRM '
    'no more.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
