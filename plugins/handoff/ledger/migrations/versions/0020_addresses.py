"""A form is sent from any of a contact's addresses: whose it is, the second ones say as well."""

from alembic import op

revision = "0020"
down_revision = "0019"

UPGRADE = """
create index on raw.hubspot_contacts
    using gin (string_to_array(lower(payload #>> '{properties,hs_additional_emails}'), ';'))
    where payload #>> '{properties,hs_additional_emails}' <> '';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
