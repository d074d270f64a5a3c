"""How many cards a rep got lately is asked whenever one waits: found without reading every card there ever was."""

from alembic import op

revision = "0023"
down_revision = "0022"

UPGRADE = "create index outbox_cards_tried on handoff.outbox (last_attempt_at) where kind = 'slack_dm' and attempts > 0"


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
