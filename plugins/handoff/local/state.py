"""What the local stack keeps on disk: its directories and its generated secrets."""

import base64
import hashlib
import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from handoff.settings import Settings

SOCKET_PATH_LIMIT = 90
"""Linux allows 107 bytes; supervisor adds its process id while it binds."""


@dataclass(frozen=True)
class Secrets:
    """Made once per home, kept in `secrets.json` (mode 0600)."""

    postgres: str = field(repr=False)
    airflow: str = field(repr=False)
    handoff_app: str = field(repr=False)
    handoff_dbt: str = field(repr=False)
    bi_reader: str = field(repr=False)
    fernet_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    api_secret_key: str = field(repr=False)
    superset_admin: str = field(repr=False)
    """Password of the user `admin`."""
    superset_key: str = field(repr=False)
    """Signs Superset's sessions, and encrypts what it keeps of database passwords."""


@dataclass(frozen=True)
class Layout:
    """Where each kind of state lives below `HANDOFF_HOME`."""

    home: Path

    @property
    def postgres(self) -> Path:
        """Cluster, owned by the user that Postgres runs as."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.postgres / "data"

    @property
    def airflow(self) -> Path:
        return self.home / "airflow"

    @property
    def superset(self) -> Path:
        """Superset's home, with its own database (SQLite)."""
        return self.home / "superset"

    @property
    def logs(self) -> Path:
        """One file per component, and Airflow's task logs in `airflow/`."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def environment(self) -> Path:
        """The components' variables, for a shell: `set -a; . .handoff/run/environment`."""
        return self.run / "environment"

    @property
    def socket(self) -> Path:
        """Supervisor's control socket; in the temporary directory when the home's path is too long for one."""
        inside = self.run / "supervisor.sock"
        if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path("/tmp") / f"handoff-{os.getuid()}-{digest}" / "supervisor.sock"


def layout(settings: Settings) -> Layout:
    return Layout(settings.home)


def prepare(where: Layout) -> Secrets:
    """Create the directories and the secrets: all of them the first time, later those that an older home lacks.

    Raises:
        PermissionError: the control socket's directory exists and belongs to someone else.
    """
    where.home.mkdir(parents=True, exist_ok=True)
    for directory in (where.airflow, where.logs, where.run, where.socket.parent):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if where.socket.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{where.socket.parent} belongs to another user: set HANDOFF_HOME to a shorter path")
    made = asdict(_generate())
    kept = _read_json(where) if where.secrets.exists() else {}
    if made.keys() - kept.keys():
        _write_private(where.secrets, json.dumps(made | kept, indent=2))
    return read_secrets(where)


def read_secrets(where: Layout) -> Secrets:
    """The secrets that `prepare` made.

    Raises:
        FileNotFoundError: the stack has never been started.
        ValueError: the file lacks a secret, or is not JSON; the message names the file and the remedy.
    """
    try:
        return Secrets(**_read_json(where))
    except TypeError as broken:
        raise ValueError(
            f"{where.secrets} cannot be read ({broken}): `handoff up` adds what lacks, `handoff reset` starts afresh"
        ) from broken


def _read_json(where: Layout) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(where.secrets.read_text())
    except ValueError as broken:
        raise ValueError(f"{where.secrets} cannot be read ({broken}): `handoff reset` starts afresh") from broken
    return found


def write_environment(where: Layout, environment: Mapping[str, str]) -> None:
    """Leave the components' environment for a person's shell, and as what the running ones were started with."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items()))
    _write_private(where.environment, "".join(lines))


def read_environment(where: Layout) -> dict[str, str]:
    """What the running components were started with; empty before the first start."""
    if not where.environment.exists():
        return {}
    pairs = (part.partition("=") for part in shlex.split(where.environment.read_text()))
    return {name: value for name, _, value in pairs}


def _write_private(path: Path, text: str) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)


def _generate() -> Secrets:
    return Secrets(
        postgres=secrets.token_hex(16),
        airflow=secrets.token_hex(16),
        handoff_app=secrets.token_hex(16),
        handoff_dbt=secrets.token_hex(16),
        bi_reader=secrets.token_hex(16),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        jwt_secret=secrets.token_hex(32),
        api_secret_key=secrets.token_hex(32),
        superset_admin=secrets.token_hex(16),
        superset_key=secrets.token_hex(32),
    )
