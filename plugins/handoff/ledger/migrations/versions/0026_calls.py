"""A line below a card that names a rep is a kind of its own, so that it waits for no copy."""

from alembic import op

revision = "0026"
down_revision = "0025"

UPGRADE = """
update handoff.outbox set kind = 'slack_call', payload = payload - 'mentions'
where kind = 'slack_thread' and payload ? 'mentions'
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
