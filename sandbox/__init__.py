"""A local stand-in for HubSpot, Slack and Apollo, with a demo company that lives. Start it with `python -m sandbox`."""
