"""A way to reach people that shares nothing with the outbox: an incoming webhook of Slack, or a mail server.

Webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import logging
import os
import smtplib
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from handoff.clients.tls import trusted

log = logging.getLogger(__name__)

WEBHOOK = "HANDOFF_ALERT_WEBHOOK"
SMTP = "HANDOFF_ALERT_SMTP"
"""`smtp://user:password@host:port`, which encrypts by STARTTLS, or `smtps` for TLS from the first byte.

What is special in the user or the password is percent-encoded: `ops%40example.com`.
"""
MAIL_TO = "HANDOFF_ALERT_MAIL_TO"
TIMEOUT_S = 5


def is_configured() -> bool:
    """Whether there is any second path; without one the watchdog only logs."""
    return bool(os.environ.get(WEBHOOK) or (os.environ.get(SMTP) and os.environ.get(MAIL_TO)))


def tell(text: str) -> bool:
    """Say it on every path that is configured; whether it arrived on one. Addresses are secrets, and are not logged."""
    log.warning("%s", text)
    if not is_configured():
        return True
    arrived = [_webhook(text), _mail(text)]
    return any(arrived)


def _webhook(text: str) -> bool:
    url = os.environ.get(WEBHOOK)
    if not url:
        return False
    try:
        answer = httpx.post(url, json={"text": text}, timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as failed:
        log.error("The alert webhook cannot be reached: %s", type(failed).__name__)
        return False
    if answer.is_success:
        return True
    log.error("The alert webhook answers %s %s", answer.status_code, answer.text[:60])
    return False


def _mail(text: str) -> bool:
    address, to = os.environ.get(SMTP), os.environ.get(MAIL_TO)
    if not address or not to:
        return False
    try:
        parts = urlsplit(address)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        message = EmailMessage()
        message["Subject"] = " ".join(text.split())[:120]
        message["From"], message["To"] = user if "@" in user else to.split(",")[0].strip(), to
        message.set_content(text)
        with _server(parts) as server:
            if user:
                server.login(user, password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as failed:
        log.error("The alert mail cannot be sent: %s", failed if isinstance(failed, NoTls) else type(failed).__name__)
        return False
    return True


class NoTls(smtplib.SMTPException):
    """A password would be sent in clear."""


def _server(parts: SplitResult) -> smtplib.SMTP:
    """A session with the mail server, encrypted when it can be.

    Raises:
        NoTls: there is a password to send, and the server does not encrypt.
        OSError, smtplib.SMTPException: it cannot be reached, or its certificate is nobody's whom we trust.
    """
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, parts.port or 0, timeout=TIMEOUT_S, context=trusted())
    server = smtplib.SMTP(host, parts.port or 0, timeout=TIMEOUT_S)
    try:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=trusted())
        elif parts.username:
            raise NoTls(f"{host} offers no STARTTLS, and a password is not sent in clear: use smtps, or another port")
    except BaseException:
        server.close()
        raise
    return server
