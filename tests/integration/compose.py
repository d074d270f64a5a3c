"""Reads docker-compose.yaml as Compose does, and runs a service's own command as a local process."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from handoff.settings import REPOSITORY

COMPOSE = REPOSITORY / "docker-compose.yaml"
DOCKERFILE = REPOSITORY / "Dockerfile"
VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<operator>:[-?])(?P<operand>[^}]*))?\})")


class Missing(LookupError):
    """A variable that Compose would refuse to start without."""


def read(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with YAML merges resolved and `${…}` replaced.

    Raises:
        Missing: a `${NAME:?…}` is not set.
    """
    return dict(_interpolate(yaml.safe_load(COMPOSE.read_text()), variables))


def raw() -> dict[str, Any]:
    """The file with YAML merges resolved only."""
    return dict(yaml.safe_load(COMPOSE.read_text()))


def image_environment() -> dict[str, str]:
    """The Dockerfile's `ENV`."""
    lines = DOCKERFILE.read_text().replace("\\\n", " ").splitlines()
    pairs = (word.partition("=") for line in lines if line.startswith("ENV ") for word in shlex.split(line)[1:])
    return {name: value for name, _, value in pairs}


def _interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _interpolate(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_interpolate(item, variables) for item in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: _replacement(match, variables), value)
    return value


def _replacement(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["escaped"]:
        return "$"
    value = variables.get(match["name"], "")
    if value or not match["operator"]:
        return value
    if match["operator"] == ":?":
        raise Missing(match["name"])
    return match["operand"]


def localize(text: str, addresses: Mapping[str, str], home: Path) -> str:
    """The same setting on one machine: the image's directories and the services' addresses replaced."""
    for there, here in addresses.items():
        text = text.replace(there, here)
    return text.replace("/opt/handoff/state", str(home)).replace("/opt/handoff", str(REPOSITORY))


def process_environment(service: Mapping[str, Any], addresses: Mapping[str, str], home: Path) -> dict[str, str]:
    """What the container's process would see, and of this machine only what a process needs to run at all."""
    ours = {**image_environment(), **{name: str(value) for name, value in service.get("environment", {}).items()}}
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {**kept, **{name: localize(value, addresses, home) for name, value in ours.items()}}
