"""Deadlines are given by the clock of the machine that runs a task: how far it is from Postgres' is told by a task."""

from alembic import op

revision = "0019"
down_revision = "0018"

UPGRADE = """
alter table handoff.heartbeats add clock_skew_s double precision;
comment on column handoff.heartbeats.clock_skew_s is
    'How far ahead of Postgres the clock was that the station went by.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
