"""Everything one running sandbox holds."""

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fastapi import Request

from sandbox.apollo.account import Account
from sandbox.faults import Faults
from sandbox.hubspot.definitions import Catalogue
from sandbox.hubspot.index import Index
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.staff import Staff
from sandbox.hubspot.unrest import Unrest
from sandbox.hubspot.webhooks import Webhooks
from sandbox.settings import Settings
from sandbox.slack.workspace import Workspace
from sandbox.store import Store

LOG_LENGTH = 50_000


@dataclass(frozen=True)
class Logged:
    """One request that a vendor's endpoint answered."""

    n: int
    t: int
    """When it came in, epoch milliseconds."""
    vendor: str
    method: str
    path: str
    query: str
    status: int
    """0: the connection was dropped without an answer."""
    ms: float


@dataclass
class Life:
    """What happens by itself; see `sandbox.company.life` and `sandbox.company.reps`."""

    rate: float
    """Things that visitors do, per minute."""
    reps: bool
    accept: float = 0.62
    reject: float = 0.18
    """What is left over ignores the lead."""
    delay_seconds: float = 60.0
    """Median time until a rep reacts."""
    last_refusal: str = ""
    """Why the last thing that could not happen could not."""


@dataclass
class World:
    """The state of one sandbox."""

    settings: Settings
    store: Store
    catalogue: Catalogue
    index: Index
    staff: Staff
    limits: Limits
    webhooks: Webhooks
    slack: Workspace
    apollo: Account
    faults: Faults
    life: Life
    random: Random
    log: deque[Logged] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    requests: int = 0
    pool: deque[int] | None = None
    """Contacts that may yet ask for a demo; see `sandbox.company.acts`. None = not looked up yet."""
    missing_scopes: set[str] = field(default_factory=set)
    """HubSpot's scopes that the app was not granted."""

    def note(self, **entry: Any) -> None:
        """Add a request to the log."""
        self.requests += 1
        self.log.append(Logged(n=self.requests, **entry))

    def reset(self) -> None:
        """Forget everything that happened, bad days too; settings of life, limits and webhooks' address stay."""
        self.store.clear()
        self.catalogue.reload()
        self.staff.reload()
        self.index = Index(self.store, Random(self.settings.seed), self.settings.index_delay)
        self.missing_scopes.clear()
        self.slack = Workspace(self.store, limited=self.settings.limits)
        self.apollo = Account(self.settings.credits, self.settings.limits)
        self.faults = Faults(self.settings.seed)
        self.random = Random(self.settings.seed)
        self.webhooks.waiting.clear()
        self.webhooks.unrest = Unrest(Random(self.settings.seed))
        self.log.clear()
        self.pool = None


def create(settings: Settings) -> World:
    """An empty world; `sandbox.company.seed` fills it."""
    store = Store(settings.state)
    return World(
        settings=settings,
        store=store,
        catalogue=Catalogue(store),
        index=Index(store, Random(settings.seed), settings.index_delay),
        staff=Staff(store),
        limits=Limits(enabled=settings.limits),
        webhooks=Webhooks(settings.webhook_url, settings.hubspot_secret, Unrest(Random(settings.seed))),
        slack=Workspace(store, limited=settings.limits),
        apollo=Account(settings.credits, settings.limits),
        faults=Faults(settings.seed),
        life=Life(rate=settings.life, reps=settings.life > 0),
        random=Random(settings.seed),
    )


def world_of(request: Request) -> World:
    """The world behind a request."""
    world: World = request.app.state.world
    return world
