"""The command line of the benchmarks that make a company of some size: the same switches, whatever is measured."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Size:
    """How many of something there are, if nothing else is asked for; fewer with `--quick`."""

    of: str
    full: int
    quick: int


def asked(
    about: str | None,
    results: Path,
    sizes: Mapping[str, Size],
    switches: Mapping[str, str] = MappingProxyType({}),
) -> argparse.Namespace:
    """What was asked for: each size by its name, `quick`, and `json`, where the figures go.

    Args:
        about: the program's docstring.
        results: where the figures of a full run go without `--json`; those of a quick one go nowhere.
        switches: what this benchmark alone can be told, and what it means.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small company, to see that it works")
    for name, size in sizes.items():
        parser.add_argument(f"--{name}", type=int, help=f"{size.of} ({size.full}; quick: {size.quick})")
    parser.add_argument("--json", type=Path, help=f"where the figures go (default: {results}; quick: nowhere)")
    for name, meaning in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=meaning)
    given = parser.parse_args()
    for name, size in sizes.items():
        if getattr(given, name) is None:
            setattr(given, name, size.quick if given.quick else size.full)
        if getattr(given, name) < 1:
            parser.error(f"--{name} must be at least 1")
    given.json = given.json or (None if given.quick else results)
    return given
