"""The dashboard's files, read as what refers to what."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from handoff.bi import run

Yaml = dict[str, Any]

ASSETS = Path(run.__file__).parent / "assets"
LISTS = ("groupby", "metrics", "all_columns")
SINGLE = ("metric", "x_axis", "timeseries_limit_metric", "x_axis_sort")


def read(kind: str) -> dict[str, Yaml]:
    """Files of one directory by name without the suffix."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ASSETS / kind).rglob("*.yaml"))}


def columns(dataset: Yaml) -> dict[str, str]:
    """Type by column of the mart."""
    return {each["column_name"]: each["type"] for each in dataset["columns"] if "expression" not in each}


def calculated(dataset: Yaml) -> dict[str, str]:
    """SQL by column that the mart does not have."""
    return {each["column_name"]: each["expression"] for each in dataset["columns"] if "expression" in each}


def metrics(dataset: Yaml) -> dict[str, str]:
    """SQL by metric."""
    return {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}


def names_in(chart: Yaml) -> Iterator[str]:
    """Every column and metric that a chart's parameters name."""
    params = chart["params"]
    for key in LISTS:
        yield from params.get(key, [])
    yield from (params[key] for key in SINGLE if key in params)
    yield from (filtered["subject"] for filtered in params.get("adhoc_filters", []))
    yield from (json.loads(order)[0] for order in params.get("order_by_cols", []))
    yield from params.get("column_config", {})
