"""A way to reach people that shares nothing with the outbox: an incoming webhook of Slack, or a mail server.

Webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import logging
import os
import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import httpx

log = logging.getLogger(__name__)

WEBHOOK = "HANDOFF_ALERT_WEBHOOK"
SMTP = "HANDOFF_ALERT_SMTP"
"""`smtp://user:password@host:port`, with `smtps` for TLS from the first byte."""
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
    parts = urlsplit(address)
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = text[:120], to.split(",")[0], to
    message.set_content(text)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=TIMEOUT_S) as server:
            if parts.username:
                server.login(parts.username, parts.password or "")
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as failed:
        log.error("The alert mail cannot be sent: %s", type(failed).__name__)
        return False
    return True
