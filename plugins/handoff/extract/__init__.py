"""Station extract: from the CRM into raw, append-only."""
