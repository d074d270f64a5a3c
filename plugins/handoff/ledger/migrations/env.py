"""Alembic environment: the connection comes from `handoff.ledger.migrate`; the version table lives in `handoff`."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="handoff", transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
