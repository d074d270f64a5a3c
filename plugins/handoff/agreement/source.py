"""Where an agreement is read from: this checkout, another directory, or a revision of git."""

import subprocess
from pathlib import Path

from handoff.agreement.files import FOLDERS, read_all
from handoff.agreement.model import Agreement
from handoff.settings import settings

PATIENCE_S = 30


class Unreadable(LookupError):
    """There is no such directory or revision; the message is one sentence that says so."""


def source(where: str | None = None, *, project: Path | None = None) -> Agreement:
    """The agreement of a directory, of a revision of git, or of the checkout.

    Args:
        where: a directory that exists (see `read`), else anything that git takes for a commit; None is the checkout
            with what is not committed.
        project: the dbt project whose repository is asked for revisions; the checkout's by default.

    Raises:
        Unreadable
    """
    if where is None:
        return checkout()
    return read(Path(where)) if where and Path(where).is_dir() else _revision(where, project or settings().dbt_project)


def checkout() -> Agreement:
    """The agreement as the files of this checkout have it."""
    return read(settings().dbt_project, "the checkout")


def read(directory: Path, name: str | None = None) -> Agreement:
    """The agreement of a dbt project, of its `seeds`, or of a folder of the agreement's CSV files.

    What the directory lacks of the reference seeds and the YAML that describes both is taken from the checkout.

    Args:
        name: what people call it; its path by default.

    Raises:
        Unreadable: the directory holds no CSV file where one is looked for.
    """
    name = name or str(directory)
    around = [directory.parent] if directory.name == "agreement" else []
    for place in (directory / "seeds", directory, *around):
        if any((place / "agreement").glob("*.csv")):
            return read_all(_defaults() | _files(place), name)
    found = {f"agreement/{path.name}": path.read_bytes() for path in sorted(directory.glob("*.csv"))}
    if not found:
        raise Unreadable(f"{directory} holds no seeds: name a dbt project, its seeds, or a folder of CSV files")
    return read_all(_defaults() | found, name)


def _files(seeds: Path) -> dict[str, bytes]:
    paths = [path for folder in FOLDERS for path in sorted((seeds / folder).glob("*")) if _counts(path.name)]
    return {path.relative_to(seeds).as_posix(): path.read_bytes() for path in paths}


def _counts(name: str) -> bool:
    return name.endswith((".csv", "__seeds.yml"))


def _defaults() -> dict[str, bytes]:
    ours = _files(settings().dbt_project / "seeds")
    return {
        path: content for path, content in ours.items() if not path.startswith("agreement/") or path.endswith("yml")
    }


def _revision(revision: str, project: Path) -> Agreement:
    unknown = f"{revision!r} is neither a directory nor a revision of git here"
    if revision.startswith("-"):
        raise Unreadable(unknown)
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", otherwise=unknown)
    digest = commit.decode().strip()
    lacks = f"{revision} has no agreement: it is older than seeds/agreement"
    files: dict[str, bytes] = {}
    for folder in FOLDERS:
        listed = _git(project, "ls-tree", "--name-only", "-z", digest, f"seeds/{folder}/", otherwise=lacks)
        for path in filter(_counts, listed.decode().split("\0")):
            files[path.removeprefix("seeds/")] = _git(project, "show", f"{digest}:./{path}", otherwise=lacks)
    if not any(path.startswith("agreement/") for path in files):
        raise Unreadable(lacks)
    return read_all(files, f"{revision} ({digest[:10]})" if not digest.startswith(revision) else digest[:10])


def _git(project: Path, *words: str, otherwise: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", project, *words], capture_output=True, timeout=PATIENCE_S, check=False)
    except FileNotFoundError as missing:
        raise Unreadable(f"{otherwise}: git is not installed, or {project} is not there") from missing
    if done.returncode:
        raise Unreadable(otherwise)
    return done.stdout
