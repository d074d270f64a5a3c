"""A vendor that answers what a test tells it to, over real HTTP."""

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `body` is sent as JSON unless it is bytes; `drop` closes the connection instead."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; `body` is its JSON, or its form as lists of values."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class Vendor:
    """Answers `answers` in order, the last one for ever, and keeps what it was asked."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def will(self, *answers: Answer | dict[str, Any]) -> None:
        self.answers = [each if isinstance(each, Answer) else Answer(body=each) for each in answers]

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: Vendor

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_json = "json" in self.headers.get("Content-Type", "")
        body = (json.loads(raw) if is_json else parse_qs(raw.decode())) if raw else None
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.vendor.asked.append(Asked(self.command, address.path, parse_qs(address.query), headers, body))
        answer = self.vendor.next()
        if answer.drop:
            self.close_connection = True
            return
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PATCH = do_POST  # noqa: N815

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the tests' output clean."""
