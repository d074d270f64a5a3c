"""Addresses of LinkedIn profiles, as CRMs and Apollo write them."""

import re
from urllib.parse import quote

# Of a country's host, as of the one for phones, LinkedIn leads to the same path.
_PROFILE = re.compile(
    r"(?:https?://)?(?:[a-z]{1,3}\.)?linkedin\.com(/[\w.~%-]+/[\w.~%-][\w.~%/-]*)(?:[?#].*)?", re.IGNORECASE | re.DOTALL
)
_LONGEST_PATH = 300


def profile_url(written: str) -> str | None:
    """The address under which a profile opens: https, LinkedIn's own host, and nothing that only tracks.

    Apollo writes `http://www.linkedin.com/in/…`; people write `linkedin.com/in/…`, or their country's own host.
    Source: https://docs.apollo.io/reference/people-enrichment

    Returns: safe to be linked: ASCII, without a query; None for what leads elsewhere, or to no page in particular.
    """
    found = _PROFILE.fullmatch(written.strip())
    if found is None:
        return None
    path = quote(found[1].rstrip("/"), safe="/%~")
    return f"https://www.linkedin.com{path}" if len(path) <= _LONGEST_PATH else None
