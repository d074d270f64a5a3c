"""The watchdog's mail, against a real mail server: with STARTTLS, with TLS from the first byte, and with neither."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from handoff.clients.tls import trusted
from handoff.local import scratch
from handoff.vitals import second_path

HOST, USER, PASSWORD = "127.0.0.1", "alerts@example.com", "p@ss/word"
LOGIN = "alerts%40example.com:p%40ss%2Fword"
TEXT = "No task has run for 3 minutes [canary]\nThe restart follows."


@dataclass
class Inbox:
    """What came, and in which version of TLS."""

    mails: list[tuple[Message, str | None]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        tls = server.transport.get_extra_info("ssl_object") if server.transport else None
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((mail, tls.version() if tls else None))
        return "250 OK"

    def knows(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))


@contextmanager
def served(**options: Any) -> Iterator[tuple[Inbox, str]]:
    """A mail server on a free port, as `host:port`."""
    inbox, port = Inbox(), scratch.free_port()
    server = Controller(inbox, hostname=HOST, port=port, authenticator=inbox.knows, **options)
    server.start()
    try:
        yield inbox, f"{HOST}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certified(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that trusts the mail server's certificate, by the variable that any client of ours reads."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    trusted.cache_clear()
    yield
    trusted.cache_clear()


@pytest.fixture(autouse=True)
def addressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(second_path.WEBHOOK, raising=False)
    monkeypatch.setenv(second_path.MAIL_TO, "oncall@example.com, revops@example.com")


@pytest.mark.usefixtures("trusting")
def test_a_mail_goes_by_starttls(certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tls_context=certified) as (inbox, address):
        monkeypatch.setenv(second_path.SMTP, f"smtp://{LOGIN}@{address}")
        assert second_path.tell(TEXT)
    [(mail, tls)] = inbox.mails
    assert tls
    assert (mail["From"], mail["To"]) == (USER, "oncall@example.com, revops@example.com")
    assert mail["Subject"] == "No task has run for 3 minutes [canary] The restart follows."
    assert str(mail.get_payload()).split() == TEXT.split()
    assert inbox.logins == [USER.encode()]


@pytest.mark.usefixtures("trusting")
def test_a_mail_goes_with_tls_from_the_first_byte(certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(ssl_context=certified, auth_require_tls=False) as (inbox, address):
        monkeypatch.setenv(second_path.SMTP, f"smtps://{LOGIN}@{address}")
        assert second_path.tell(TEXT)
        monkeypatch.setenv(second_path.SMTP, f"smtps://{USER.replace('@', '%40')}:wrong@{address}")
        assert not second_path.tell(TEXT)
    assert len(inbox.mails) == 1
    assert inbox.mails[0][1]


def test_no_password_goes_in_clear(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with served(auth_require_tls=False) as (inbox, address):
        monkeypatch.setenv(second_path.SMTP, f"smtp://{LOGIN}@{address}")
        assert not second_path.tell(TEXT)
        assert "offers no STARTTLS, and a password is not sent in clear" in caplog.text
        monkeypatch.setenv(second_path.SMTP, f"smtp://{address}")
        assert second_path.tell(TEXT)
    assert inbox.logins == []
    assert [(mail["From"], tls) for mail, tls in inbox.mails] == [("oncall@example.com", None)]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_of_nobody_we_trust_gets_no_password(
    scheme: str, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start_tls, tls = {"tls_context": certified}, {"ssl_context": certified, "auth_require_tls": False}
    with served(**(tls if scheme == "smtps" else start_tls)) as (inbox, address):
        monkeypatch.setenv(second_path.SMTP, f"{scheme}://{LOGIN}@{address}")
        assert not second_path.tell(TEXT)
    assert "The alert mail cannot be sent: SSLCertVerificationError" in caplog.text
    assert PASSWORD not in caplog.text
    assert (inbox.logins, inbox.mails) == ([], [])


@pytest.mark.parametrize("address", ["smtp://127.0.0.1:9", "smtp://127.0.0.1:many", "mail.example.com"])
def test_what_is_no_mail_server_is_logged(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(second_path.SMTP, address)
    assert not second_path.tell(TEXT)
    assert "The alert mail cannot be sent" in caplog.text
