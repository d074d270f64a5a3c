"""Slack's request signature, version 0.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

WINDOW_SECONDS = 300


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a request: `v0=` and hexadecimal HMAC-SHA256 over version, timestamp (s) and raw body."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()


def is_genuine(
    secrets: Sequence[str], *, body: bytes, timestamp: str | None, signature: str | None, as_of: datetime
) -> bool:
    """Whether one of the secrets signed this request within the last five minutes.

    Args:
        secrets: the present secret and, during rotation, the previous one. Empty ones never match.
        timestamp: the header's text, seconds since 1970.
    """
    if not timestamp or not signature or len(timestamp) > 13 or not (timestamp.isascii() and timestamp.isdigit()):
        return False
    if abs(as_of.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        return False
    return any(
        hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode("utf-8", "replace"))
        for secret in secrets
        if secret
    )
