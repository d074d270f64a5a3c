"""Leads that were made up by known rules, and columns that tell of their outcome."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from handoff.agreement import source
from handoff.agreement.model import Agreement
from handoff.suggest.columns import Column
from handoff.suggest.limits import Limits, limits
from handoff.suggest.words import Vocabulary, vocabulary

Texts = list[str]
SOURCES = {"referral": 1.6, "search": 0.0, "advert": -0.8}
MINUTES = 0.9
"""Log-odds for each time that the minutes are e-fold."""


@dataclass(frozen=True, eq=False)
class Leads:
    """Made-up leads: what is known of each before, and what became of it."""

    columns: dict[str, Texts]
    outcome: NDArray[np.bool_]
    random: np.random.Generator

    def noisy(self, share: float) -> NDArray[np.bool_]:
        """The outcome, wrong in so many cases."""
        return np.asarray(self.outcome ^ (self.random.random(len(self.outcome)) < share), dtype=np.bool_)

    def write(self, path: Path, **more: Texts) -> Path:
        """As a CSV file, with the outcome in the column `Ended`."""
        ended = ["won" if each else "lost" for each in self.outcome]
        cells = {"Number": [str(place) for place in range(len(ended))], **self.columns, **more, "Ended": ended}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(cells)
            writer.writerows(zip(*cells.values(), strict=True))
        return path


def make(n: int = 2000, seed: int = 1) -> Leads:
    """Leads whose outcome depends on where they came from and how long they stayed, and on nothing else."""
    random = np.random.default_rng(seed)
    sources = random.choice(list(SOURCES), n)
    minutes = np.exp(random.normal(1.5, 1, n))
    log_odds = -2.0 + np.array([SOURCES[each] for each in sources]) + MINUTES * np.log(minutes)
    outcome = random.random(n) < 1 / (1 + np.exp(-log_odds))
    columns = {
        "Came from": sources.tolist(),
        "Minutes on the site": [f"{each:.1f}" for each in minutes],
        "Town": random.choice(["Basel", "Bern", "Chur", "Zug"], n).tolist(),
    }
    return Leads(columns, outcome, random)


@pytest.fixture
def leads() -> Leads:
    return make()


@pytest.fixture(scope="session")
def agreement() -> Agreement:
    """The checkout's."""
    return source()


@pytest.fixture(scope="session")
def known(agreement: Agreement) -> Limits:
    return limits(agreement)


@pytest.fixture(scope="session")
def words(agreement: Agreement) -> Vocabulary:
    return vocabulary(agreement)


@pytest.fixture
def column(leads: Leads) -> Callable[[str], Column]:
    """One of the leads' columns by its name."""
    return lambda name: Column(name, tuple(leads.columns[name]))
