"""What was said about a handoff is found by the handoff: every answer, breach and step asks for its cards."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("create index outbox_of_handoff on handoff.outbox (handoff_id) where handoff_id is not null")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
