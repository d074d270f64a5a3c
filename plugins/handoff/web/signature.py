"""HubSpot's request signature, version 3 and no other: the older ones carry no time and can be replayed.

Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

OLDEST_SECONDS = 300
AHEAD_SECONDS = 60
"""How far the sender's clock may be ahead of ours: a request of the future can be sent again for so much longer."""

# The only escapes that HubSpot decodes in the address before signing it.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}


def sign(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """The signature of a request: base64 of HMAC-SHA256 over method, address, raw body and timestamp (ms)."""
    for escaped, plain in _DECODED.items():
        uri = uri.replace(escaped, plain).replace(escaped.lower(), plain)
    signed = method.encode() + uri.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, sha256).digest()).decode()


def is_genuine(
    secrets: Sequence[str],
    *,
    method: str,
    uri: str,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    as_of: datetime,
) -> bool:
    """Whether one of the secrets signed this request within the last five minutes, by a clock at most a minute ahead.

    Args:
        secrets: the present secret and, during rotation, the previous one. Empty ones never match.
        uri: the public address that HubSpot called, with its query; from configuration, never from `Host`.
        timestamp: the header's text, milliseconds since 1970.
    """
    if not timestamp or not signature or len(timestamp) > 16 or not (timestamp.isascii() and timestamp.isdigit()):
        return False
    if not -AHEAD_SECONDS * 1000 <= as_of.timestamp() * 1000 - int(timestamp) <= OLDEST_SECONDS * 1000:
        return False
    return any(
        hmac.compare_digest(sign(secret, method, uri, body, timestamp).encode(), signature.encode("utf-8", "replace"))
        for secret in secrets
        if secret
    )
