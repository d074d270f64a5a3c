"""A Postgres that may be crashed: what it has said is committed is on its disk, as in production."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handoff.local import postgres, processes, progress, scratch

READY_S = 60


class Server:
    """A server on 127.0.0.1 that can be killed and started again over the same data."""

    def __init__(self, data: Path) -> None:
        self.cluster = scratch.Cluster(scratch.free_port())
        self._command = postgres.server_command(data, self.cluster.port, shared_buffers="64MB")
        self._log = data.parent / "postgres.log"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it has recovered."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        ready = progress.wait(lambda: postgres.is_ready(self.cluster.dsn()), timeout_s=READY_S, interval_s=0.05)
        assert ready, self._log.read_text()

    def crash(self) -> None:
        """`pg_ctl -m immediate stop`: every session is cut, nothing is written any more."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(READY_S)


@contextmanager
def server() -> Iterator[Server]:
    """An empty server with our roles; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="handoff-crash-", ignore_cleanup_errors=True) as directory:
        data = Path(directory) / "postgres" / "data"
        postgres.create_cluster(data, scratch.PASSWORD)
        started = Server(data)
        try:
            # A migration makes the roles, which belong to the whole server.
            started.cluster.create("roles")
            started.cluster.migrate("roles")
            yield started
        finally:
            processes.end(processes.postgres_in(data), patience_s=0)


def copy(source: scratch.Cluster, database: str, target: scratch.Cluster) -> None:
    """A database of one server, with all its contents, on another."""
    target.create(database)
    dumped = [str(postgres.BIN / "pg_dump"), "--format=custom", f"--dbname={source.dsn(database)}"]
    with tempfile.TemporaryFile() as dump:
        subprocess.run(dumped, stdout=dump, check=True)
        dump.seek(0)
        restored = [str(postgres.BIN / "pg_restore"), "--exit-on-error", f"--dbname={target.dsn(database)}"]
        subprocess.run(restored, stdin=dump, check=True)
