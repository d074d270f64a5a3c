"""An agreement is read from the checkout, from a directory, or from a revision of git."""

import shutil
import subprocess
from pathlib import Path

import pytest

from handoff.agreement import Unreadable, source
from handoff.agreement.check import problems
from handoff.agreement.source import checkout, read

from .conftest import Seeds


def git(directory: Path, *words: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", directory, *identity, *words], check=True, capture_output=True)


@pytest.fixture
def repository(seeds: Seeds) -> Path:
    """A dbt project below a repository's root, with two commits: the checkout's threshold, and 70."""
    root = seeds.directory.parent / "repository"
    (root / "dbt_project").mkdir(parents=True)
    shutil.move(seeds.directory, root / "dbt_project" / "seeds")
    moved = Seeds(root / "dbt_project" / "seeds")
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "First")
    moved.change("definitions", "platform-mql", threshold="70")
    git(root, "commit", "--quiet", "--all", "--message", "Second")
    moved.change("definitions", "platform-mql", threshold="75")
    return root / "dbt_project"


def test_each_revision_has_its_own_rows(repository: Path) -> None:
    found = {
        where: source(where, project=repository).rows("definitions")[0].cells["threshold"]
        for where in ("HEAD~1", "main", str(repository))
    }
    assert found == {"HEAD~1": "65", "main": "70", str(repository): "75"}
    assert problems(source("HEAD~1", project=repository)) == []
    assert source("HEAD~1", project=repository).fingerprint == checkout().fingerprint


def test_a_revision_that_is_broken_is_told_like_files(repository: Path) -> None:
    Seeds(repository / "seeds").change("definitions", "platform-mql", threshold="high")
    git(repository, "commit", "--quiet", "--all", "--message", "Broken")
    assert [(each.file, each.line) for each in problems(source("HEAD", project=repository))] == [
        ("seeds/agreement/definitions.csv", 2)
    ]


@pytest.mark.parametrize("where", ["nonsense", "--output=x", "HEAD~9", "HEAD:dbt_project", ""])
def test_an_unknown_revision_is_one_sentence(where: str, repository: Path) -> None:
    with pytest.raises(Unreadable, match=r"^'.*' is neither a directory nor a revision of git here$"):
        source(where, project=repository)


def test_a_revision_without_an_agreement_is_one_sentence(repository: Path) -> None:
    git(repository, "rm", "--quiet", "-r", "--cached", ".")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    with pytest.raises(Unreadable, match=r"^HEAD has no agreement: it is older than seeds/agreement$"):
        source("HEAD", project=repository)


def test_a_project_its_seeds_and_the_folder_of_files_are_one_agreement(repository: Path) -> None:
    places = [repository, repository / "seeds", repository / "seeds" / "agreement"]
    assert len({read(place).fingerprint for place in places}) == 1


def test_a_folder_of_nothing_but_the_agreements_files_takes_the_rest_from_the_checkout(
    repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(repository / "seeds" / "agreement", tmp_path / "ours", ignore=shutil.ignore_patterns("*.yml"))
    assert problems(read(tmp_path / "ours")) == []


def test_a_directory_without_seeds_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="holds no seeds: name a dbt project, its seeds, or a folder of CSV files"):
        source(str(tmp_path))
