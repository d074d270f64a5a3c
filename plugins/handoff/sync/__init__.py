"""Station sync: what was decided, written back to the CRM without overwriting a person."""
