"""People who were erased: what was said of them is taken back in Slack, and what is left of them is a number."""

from alembic import op

revision = "0010"
down_revision = "0009"

LEDGER = """
alter table handoff.dispositions drop constraint dispositions_kind_check, add constraint dispositions_kind_check check (
    kind in ('accepted', 'claimed', 'rejected', 'contacted', 'withdrawn', 'declined', 'snoozed', 'erased')
);
create unique index dispositions_erased on handoff.dispositions (handoff_id) where kind = 'erased';
comment on column handoff.dispositions.kind is
    'claimed: a rep says that they were in touch, which counts once the CRM shows it; declined: this rep hands it to '
    'another one; rejected, withdrawn: the handoff is over; erased: its lead was, whatever had become of it.';
"""


def upgrade() -> None:
    op.execute(LEDGER)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
