"""A vendor that resets connections: at the request's first byte, in its middle, or when all of it has come."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@dataclass
class Resetting:
    """Resets the first `times` connections when `share` of the request's body has come, and answers `{}` after."""

    share: float
    times: int
    answer: bytes = b""
    """Sent before the reset."""
    url: str = ""
    requests: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    self._one(connection)

    def _one(self, connection: socket.socket) -> None:
        got = connection.recv(1)
        if not got:
            return
        is_over = len(self.requests) >= self.times
        share = 1.0 if is_over else self.share
        while share and not _has(got, share):
            got += connection.recv(1)
        self.requests.append(got)
        if is_over:
            connection.sendall(ANSWER)
            return
        if self.answer:
            connection.sendall(self.answer)
        # A reset instead of an orderly end: lingering for no time at all.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _has(got: bytes, share: float) -> bool:
    head, separator, body = got.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(separator) and len(body) >= int(lengths[0] if lengths else 0) * share


@contextmanager
def resetting(share: float, times: int, answer: bytes = b"") -> Iterator[Resetting]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Resetting(share, times, answer, f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=made.serve, args=(listener,), daemon=True)
        thread.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
