"""How one sandbox is configured: command line first, then environment."""

import os
from dataclasses import dataclass

PORTAL_ID = 4242424
APP_ID = 900100
"""The private app whose token the product holds; it stands as the source of the product's own writes."""


@dataclass(frozen=True)
class Settings:
    """One sandbox. Every field but the command line's has one variable."""

    contacts: int = 3000
    """Contacts in the history at start."""
    seed: int = 7
    """Two sandboxes with one seed and one start moment hold the same history (`SANDBOX_SEED`)."""
    life: float = 6.0
    """Things that visitors do, per minute; 0 = nothing happens by itself."""
    state: str = ":memory:"
    """SQLite file (`SANDBOX_STATE`), or memory."""
    hubspot_token: str = "pat-na1-sandbox"
    """`SANDBOX_HUBSPOT_TOKEN`."""
    hubspot_secret: str = "sandbox-client-secret"
    """Signs webhooks (`SANDBOX_HUBSPOT_SECRET`)."""
    slack_token: str = "xoxb-sandbox"
    """`SANDBOX_SLACK_TOKEN`."""
    slack_secret: str = "sandbox-signing-secret"
    """Signs what people do (`SANDBOX_SLACK_SECRET`)."""
    slack_interactivity_url: str = ""
    """Where Slack sends what people do (`SANDBOX_SLACK_INTERACTIVITY_URL`); empty = nowhere."""
    apollo_key: str = "apollo-sandbox"
    """`SANDBOX_APOLLO_KEY`."""
    webhook_url: str = ""
    """Where HubSpot's webhooks go (`SANDBOX_WEBHOOK_URL`); empty = nowhere."""
    limits: bool = True
    """Whether rate limits hold (`SANDBOX_LIMITS=off` lifts them, for bulk loading)."""
    index_delay: tuple[float, float] = (0.0, 0.0)
    """Seconds until search sees a write, the least and the most (`SANDBOX_INDEX_DELAY=2,90`)."""
    enterprise: bool = True
    """Whether the portal's plan has behavioural events (`SANDBOX_ENTERPRISE=off`: 403)."""
    credits: int = 10_000
    """Apollo credits left at start (`SANDBOX_APOLLO_CREDITS`)."""


def from_environment(contacts: int, seed: int | None, life: float) -> Settings:
    """Join the command line's values with the environment's."""
    default = Settings()
    env = os.environ
    return Settings(
        contacts=contacts,
        seed=seed if seed is not None else int(env.get("SANDBOX_SEED") or default.seed),
        life=life,
        state=env.get("SANDBOX_STATE") or default.state,
        hubspot_token=env.get("SANDBOX_HUBSPOT_TOKEN") or default.hubspot_token,
        hubspot_secret=env.get("SANDBOX_HUBSPOT_SECRET") or default.hubspot_secret,
        slack_token=env.get("SANDBOX_SLACK_TOKEN") or default.slack_token,
        slack_secret=env.get("SANDBOX_SLACK_SECRET") or default.slack_secret,
        slack_interactivity_url=env.get("SANDBOX_SLACK_INTERACTIVITY_URL") or default.slack_interactivity_url,
        apollo_key=env.get("SANDBOX_APOLLO_KEY") or default.apollo_key,
        webhook_url=env.get("SANDBOX_WEBHOOK_URL") or default.webhook_url,
        limits=env.get("SANDBOX_LIMITS", "on") != "off",
        index_delay=_span(env.get("SANDBOX_INDEX_DELAY") or "0,0"),
        enterprise=env.get("SANDBOX_ENTERPRISE", "on") != "off",
        credits=int(env.get("SANDBOX_APOLLO_CREDITS") or default.credits),
    )


def _span(text: str) -> tuple[float, float]:
    low, _, high = text.partition(",")
    return float(low), float(high or low)
