"""Pages for people: the Slack channels and the CRM's contacts."""
