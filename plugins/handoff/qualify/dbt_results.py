"""What one invocation of dbt did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BY_LEAD = "per_moved_lead"
"""The project's own materialization of tables that are renewed by lead."""


@dataclass(frozen=True)
class Model:
    """One model that was built."""

    name: str
    schema: str
    seconds: float
    is_personal: bool
    """Whether one of its columns tells who a person is (`meta: { is_personal: true }`)."""
    is_by_lead: bool
    """Whether it was renewed for the leads that have moved, and is as it was for all others."""


@dataclass(frozen=True)
class Node:
    """One model or test, with dbt's word for how it ended and what it said."""

    name: str
    kind: str
    folder: str
    status: str
    seconds: float
    message: str


@dataclass(frozen=True)
class Result:
    """What one invocation did."""

    statuses: Mapping[str, str]
    """Node name → status (`success`, `pass`, …)."""
    seconds: float
    nodes: Sequence[Node]
    models: Sequence[Model]
    """Those that were built."""

    @property
    def failed(self) -> list[Node]:
        return [node for node in self.nodes if node.status in ("error", "fail")]


class DbtFailed(RuntimeError):
    """A model, test or seed failed; the message names each with its error.

    `result` is what was done all the same; None when dbt could not even begin."""

    result: Result | None = None


def result_of(command: str, results: Sequence[Any]) -> Result:
    """What dbt's results say, one a node.

    Raises:
        DbtFailed: one of them failed.
    """
    result = Result(
        statuses={each.node.name: str(each.status) for each in results},
        seconds=round(sum(each.execution_time for each in results), 3),
        nodes=[
            Node(
                name=each.node.name,
                kind=str(each.node.resource_type),
                folder=Path(each.node.original_file_path).parent.name,
                status=str(each.status),
                seconds=each.execution_time,
                message=str(each.message or ""),
            )
            for each in results
        ],
        models=[
            Model(
                name=each.node.name,
                schema=each.node.schema,
                seconds=each.execution_time,
                is_personal=any(column.config.meta.get("is_personal") for column in each.node.columns.values()),
                is_by_lead=each.node.config.materialized == BY_LEAD,
            )
            for each in results
            if each.node.resource_type == "model" and each.status == "success"
        ],
    )
    if result.failed:
        failure = DbtFailed(f"{command}: " + "; ".join(f"{node.name}: {node.message}" for node in result.failed))
        failure.result = result
        raise failure
    return result
