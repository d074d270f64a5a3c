"""The models that decide, as SQL: what dbt compiled of them, in the order in which they build on each other."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from handoff.qualify import dbt

SELECTION = "+config.materialized:per_lead +path:models/route"
"""The line's tables, when who is open, and every model that they are made of."""


@dataclass(frozen=True)
class Model:
    """One model. `sql` is its compiled select over the pending leads, `settings` what is set for it, `inputs` names of
    the models that it reads. An ephemeral one counts as a view: others have it in their own text."""

    name: str
    is_view: bool
    sql: str
    settings: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class ModelSet:
    """All of them."""

    models: tuple[Model, ...]

    @property
    def hash(self) -> str:
        """The same for the same SQL."""
        text = "\n".join(f"{each.name}\n{each.settings}\n{each.sql}" for each in self.models)
        return sha256(text.encode()).hexdigest()

    def needed_for(self, wanted: Iterable[str]) -> tuple[Model, ...]:
        """The wanted models and what they are made of, in order.

        Raises:
            KeyError: a wanted model is not among them.
        """
        by_name = {each.name: each for each in self.models}
        needed, new = set[str](), set(wanted)
        while new:
            needed |= new
            new = {name for known in new for name in by_name[known].inputs} - needed
        return tuple(each for each in self.models if each.name in needed)

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(each) for each in self.models]

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> "ModelSet":
        return cls(tuple(Model(**{**row, "inputs": tuple(row["inputs"])}) for row in rows))


def compiled(*, for_all: bool = False, selection: str = SELECTION) -> ModelSet:
    """Compile the models for pending leads; their tables must exist, or dbt compiles them for all leads.

    Args:
        for_all: without the filters on pending leads, which cost more than they spare where leads are many.
        selection: which models, as dbt selects them.

    Raises:
        handoff.qualify.dbt.DbtFailed: dbt could not.
    """
    nodes = {node.unique_id: node for node in dbt.compile_models(selection, for_all=for_all)}
    return ModelSet(
        tuple(
            Model(
                name=node.name,
                is_view=node.config.materialized in ("view", "ephemeral"),
                sql=without_database(node.compiled_code, node.database),
                settings=node.config.get("sql_header") or "",
                inputs=_inputs(nodes, node),
            )
            for node in _in_order(nodes)
        )
    )


def without_database(text: str, database: str) -> str:
    """SQL that names no database: what is kept in one can be run in its copy. A schema may have the same name."""
    return re.sub(rf'"{re.escape(database)}"\.("[^"]+"\."[^"]+")', r"\1", text)


def _inputs(nodes: Mapping[str, Any], node: Any) -> tuple[str, ...]:
    """Models that a node reads; an ephemeral one is part of its text, so what that reads counts instead."""
    found = set[str]()
    for key in node.depends_on.nodes:
        if key in nodes:
            found.update([nodes[key].name] if nodes[key].relation_name else _inputs(nodes, nodes[key]))
    return tuple(sorted(found))


def _in_order(nodes: Mapping[str, Any]) -> list[Any]:
    """Every node after those that it reads, and otherwise by name, so that the same models hash alike."""
    ordered: dict[str, Any] = {}

    def place(key: str) -> None:
        if key in nodes and key not in ordered:
            for each in sorted(nodes[key].depends_on.nodes):
                place(each)
            ordered[key] = nodes[key]

    for key in sorted(nodes):
        place(key)
    return list(ordered.values())
