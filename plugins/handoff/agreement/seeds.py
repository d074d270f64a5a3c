"""What the seeds' YAML says of each table: columns, types, keys, references and the words that may be used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import yaml

NOUNS = {
    **{"attribution_conversions": "conversion rule", "attribution_models": "attribution model"},
    **{"calendar_countries": "calendar's country", "special_hours": "special opening"},
    **{"touch_channels": "channel rule", "touch_parameters": "touch parameter"},
    **{"absences": "absence", "behaviours": "behaviour", "calendars": "opening", "commitments": "commitment"},
    **{"company": "company", "competitors": "competitor", "definitions": "definition", "disqualifiers": "disqualifier"},
    **{"enrichment_policy": "enrichment policy", "escalations": "escalation", "fit_points": "fit rule"},
    **{
        "gate_limits": "gate's limit",
        "golden_cases": "golden case",
        "handoff_policy": "handoff policy",
        "holidays": "holiday",
        "pool_members": "pool member",
        "pools": "pool",
    },
    **{"rejection_reasons": "rejection reason", "reps": "rep", "requirements": "requirement"},
    **{"retention": "retention"},
    **{"routing_steps": "routing step", "score_caps": "cap", "signals": "signal", "territories": "territory"},
    **{"tiers": "tier", "title_rules": "title rule"},
}


@dataclass(frozen=True)
class Column:
    """A column of a seed, as the seed's YAML declares it."""

    name: str
    type: str
    """text, integer, numeric, boolean, date or time."""
    description: str
    accepted: tuple[str, ...]
    """The only values it may have; empty when it may have others."""
    refers_to: tuple[str, str] | None
    """Table and column in which its value must stand."""
    is_unique: bool


@dataclass(frozen=True)
class Seed:
    """A table of the agreement, as its YAML declares it."""

    name: str
    folder: str
    """agreement or reference."""
    description: str
    key: str
    """Column that names the row across its validities."""
    columns: Mapping[str, Column]

    @property
    def file(self) -> str:
        """Path below the dbt project."""
        return f"seeds/{self.folder}/{self.name}.csv"

    @property
    def noun(self) -> str:
        """What one row of it is called."""
        return NOUNS.get(self.name, "row")


class NotDescribed(ValueError):
    """The YAML cannot be read, or describes no seeds."""


@lru_cache(maxsize=16)
def parse(text: bytes, folder: str) -> Mapping[str, Seed]:
    """The seeds that a `_*__seeds.yml` describes, by name; several agreements are mostly described alike.

    Raises:
        NotDescribed
    """
    try:
        described = yaml.load(text, yaml.CSafeLoader)["seeds"]
        return MappingProxyType({each["name"]: _seed(each, folder) for each in described})
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise NotDescribed(" ".join(str(problem).split())) from problem
    except (TypeError, KeyError, AttributeError, StopIteration) as problem:
        raise NotDescribed("it does not describe seeds with their columns") from problem


def _seed(described: Mapping[str, Any], folder: str) -> Seed:
    types, documented = described["config"]["column_types"], {each["name"]: each for each in described["columns"]}
    columns = {name: _column(name, type_, documented.get(name, {})) for name, type_ in types.items()}
    validity = _arguments(described.get("data_tests", ()), "no_overlapping_validity")
    return Seed(
        described["name"], folder, described.get("description", ""), validity.get("key", next(iter(columns))), columns
    )


def _column(name: str, type_: str, documented: Mapping[str, Any]) -> Column:
    tests = documented.get("data_tests", ())
    relation = _arguments(tests, "relationships")
    target = relation["to"].removeprefix("ref('").removesuffix("')") if relation else None
    return Column(
        name=name,
        type=type_,
        description=documented.get("description", ""),
        accepted=tuple(_arguments(tests, "accepted_values").get("values", ())),
        refers_to=(target, relation["field"]) if target else None,
        is_unique=any("unique" in each for each in tests),
    )


def _arguments(tests: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next((each[name]["arguments"] for each in tests if name in each), {})
    return found
