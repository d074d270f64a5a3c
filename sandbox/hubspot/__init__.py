"""HubSpot: records, search, associations, properties, owners, forms, events, webhooks, and their limits."""
