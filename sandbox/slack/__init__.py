"""Slack: the Web API methods that post and read messages, with Block Kit's limits."""
