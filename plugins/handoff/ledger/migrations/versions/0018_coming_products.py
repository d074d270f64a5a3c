"""A product that has yet to begin may be moved, or taken back, by a later load."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("grant delete on handoff.go_live to handoff_app")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
