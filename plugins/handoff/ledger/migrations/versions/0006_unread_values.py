"""A value that cannot be read is kept beside the records that cannot."""

from alembic import op

revision = "0006"
down_revision = "0005"

QUARANTINE = """
alter table raw.quarantine add kind text not null default 'record' check (kind in ('record', 'value'));
comment on column raw.quarantine.kind is
    'record: nothing of it counts; value: the record counts, this field of it is unknown.';
"""


def upgrade() -> None:
    op.execute(QUARANTINE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
