"""An app's side of a vendor's call: a web server that keeps what it is sent, and answers as it is told."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, str]


@dataclass(frozen=True)
class Received:
    """One request; header names in lower case."""

    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        """What a form's only field `payload` holds."""
        (text,) = parse_qs(self.body.decode(), strict_parsing=True)["payload"]
        found: dict[str, Any] = json.loads(text)
        return found


@dataclass
class Receiver:
    """The server; `answer` is asked for status and body of each answer."""

    url: str
    answer: Callable[[Received], Answer] = lambda _: (200, "")
    got: "queue.Queue[Received]" = field(default_factory=queue.Queue)

    def take(self) -> Received:
        """The next request, in the order in which they came."""
        return self.got.get(timeout=30)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received({name.lower(): value for name, value in self.headers.items()}, body)
            receiver.got.put(received)
            status, text = receiver.answer(received)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            # A sender that has waited long enough hangs up.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/interactions")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()
