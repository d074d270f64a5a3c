import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from handoff.local import state


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    where = state.Layout(tmp_path / "home")
    first = state.prepare(where)
    assert state.prepare(where) == first
    assert where.secrets.stat().st_mode & 0o777 == 0o600
    for directory in (where.run, where.logs, where.airflow):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_every_secret_is_its_own_and_none_is_shown(tmp_path: Path) -> None:
    made = state.prepare(state.Layout(tmp_path / "home"))
    values = list(json.loads((tmp_path / "home" / "secrets.json").read_text()).values())
    assert len(set(values)) == len(values) == 10
    assert min(map(len, values)) >= 32
    assert not [value for value in values if value in repr(made)]


def test_a_home_of_an_older_release_gets_the_secrets_that_it_lacks_and_keeps_its_own(tmp_path: Path) -> None:
    where = state.Layout(tmp_path)
    made = asdict(state.prepare(where))
    where.secrets.write_text(json.dumps({name: made[name] for name in ("postgres", "fernet_key")}))
    with pytest.raises(ValueError, match=r"secrets\.json.*bi_reader.*handoff up"):
        state.read_secrets(where)
    later = asdict(state.prepare(where))
    assert {name for name in made if later[name] == made[name]} == {"postgres", "fernet_key"}


def test_broken_secrets_name_the_file_and_the_remedy(tmp_path: Path) -> None:
    where = state.Layout(tmp_path)
    where.secrets.write_text('{"postgres"')
    for read in (state.read_secrets, state.prepare):
        with pytest.raises(ValueError, match=r"secrets\.json.*handoff reset"):
            read(where)


def test_a_home_too_deep_for_a_socket_gets_one_elsewhere_that_is_its_own(tmp_path: Path) -> None:
    deep, deeper = (state.Layout(tmp_path / ("x" * 100) / name) for name in ("a", "b"))
    assert state.Layout(Path("/srv/handoff")).socket == Path("/srv/handoff/run/supervisor.sock")
    for where in (deep, deeper):
        assert len(os.fsencode(where.socket)) < 100
    assert deep.socket != deeper.socket


def test_the_environment_survives_a_shell_and_a_reading_back(tmp_path: Path) -> None:
    where = state.Layout(tmp_path)
    where.run.mkdir()
    given = {"PLAIN": "a", "JSON": '{"password": "it\'s \\"quoted\\" $HOME `id`"}', "EMPTY": ""}
    state.write_environment(where, given)
    assert state.read_environment(where) == given
    shell = subprocess.run(
        ["sh", "-c", f'set -a; . {where.environment}; printf %s "$JSON"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == given["JSON"]
    assert where.environment.stat().st_mode & 0o777 == 0o600
