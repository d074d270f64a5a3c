"""The key of a line about a raised hand holds a digest of the act: its id may be the contact's, and keys outlive an
erasure."""

from alembic import op

revision = "0025"
down_revision = "0024"

UPGRADE = """
update handoff.outbox
set dedupe_key = split_part(dedupe_key, ':hand:', 1) || ':hand:' || left(encode(
    sha256(convert_to(substr(dedupe_key, strpos(dedupe_key, ':hand:') + 6), 'UTF8')), 'hex'
), 16)
where kind = 'slack_thread' and dedupe_key like '%:hand:%'
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
