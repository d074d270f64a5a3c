"""The checkout's seeds as bytes: what would be wrong with a change of them, and the change as a diff."""

import csv
import difflib
from collections.abc import Mapping
from io import StringIO

from handoff.agreement.check import problems
from handoff.agreement.files import FOLDERS, read_all
from handoff.agreement.model import Problem
from handoff.settings import settings
from handoff.suggest.model import CannotSuggest


def seed_files() -> dict[str, bytes]:
    """The checkout's seeds, by path below `seeds`."""
    seeds = settings().dbt_project / "seeds"
    paths = [path for folder in FOLDERS for path in sorted((seeds / folder).iterdir()) if path.is_file()]
    return {path.relative_to(seeds).as_posix(): path.read_bytes() for path in paths}


def errors(files: Mapping[str, bytes]) -> list[Problem]:
    """What would keep these seeds from being loaded."""
    return [each for each in problems(read_all(files, "the change")) if each.severity == "error"]


def require_sound(files: Mapping[str, bytes], otherwise: str) -> None:
    """Refuse seeds that would not be loaded.

    Raises:
        CannotSuggest: with every error.
    """
    if found := errors(files):
        raise CannotSuggest("\n".join([otherwise, *map(str, found)]))


def record(cells: Mapping[str, str]) -> str:
    """One line of a seed."""
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells.values())
    return text.getvalue()


def diff_of(path: str, before: str, after: str) -> str:
    """The change of one seed as a unified diff, to be applied in the repository.

    Args:
        path: below `seeds`.
    """
    place = f"{settings().dbt_project.name}/seeds/{path}"
    sides = (before.splitlines(keepends=True), after.splitlines(keepends=True))
    lines = difflib.unified_diff(*sides, f"a/{place}", f"b/{place}")
    # The file's last line may have no end, which a patch has to say.
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
