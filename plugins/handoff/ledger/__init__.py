"""The ledger: schema, migrations and typed access. The only writer of the schemas raw and handoff."""
