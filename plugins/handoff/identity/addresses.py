"""E-mail addresses: their syntax, and one key for all the spellings that reach one mailbox."""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from handoff.identity import hosts, rows
from handoff.identity.rows import MailProvider

PACKAGES = ("email-validator",)

# Two dots in a row are no valid address and stand for nothing: only a single dot is decoration.
_SINGLE_DOT = re.compile(r"(?<!\.)\.(?!\.)")


@dataclass(frozen=True)
class Address:
    """What is known of an address by its text alone. All fields but the flags are None when it is not valid."""

    folded: str | None = None
    domain: str | None = None
    registrable_domain: str | None = None
    is_free: bool = False
    is_disposable: bool = False
    is_valid: bool = False


def read(address: str) -> Address:
    """Judge an address by its syntax (RFC 5321, 5322, 6531), never by asking the network."""
    try:
        valid = validate_email(address, check_deliverability=False, allow_display_name=False, strict=True)
    except EmailNotValidError:
        return Address()
    domain = hosts.host_of(valid.domain)
    folded = fold(f"{valid.local_part}@{valid.domain}")
    if domain is None or folded is None:
        return Address()
    return Address(
        folded=folded,
        domain=domain,
        registrable_domain=hosts.registrable_domain(domain),
        is_free=hosts.is_free(domain),
        is_disposable=hosts.is_disposable(domain),
        is_valid=True,
    )


def fold(address: str) -> str | None:
    """The key under which one person's address is recognised. Never write to it: the original is for contact.

    Lower case, the domain in one form, and what the provider ignores left out, by the rows of `email_folding`.
    Folding a key again gives the key.

    Returns: None for what has nothing before or after the at sign, or no host after it.
    """
    local, _, written = address.strip().rpartition("@")
    local, domain = local.lower().strip(), hosts.host_of(written)
    if not local or domain is None:
        return None
    provider = _provider(domain)
    if provider is None or local.startswith('"'):
        return f"{local}@{domain}"
    if domain != provider.domain:
        # user@name.provider: the provider delivers whatever stands before the sign to the mailbox `name`.
        local = domain.removesuffix(f".{provider.domain}").rpartition(".")[2]
    if provider.separator:
        local = local.partition(provider.separator)[0]
    if provider.ignores_dots:
        local = _SINGLE_DOT.sub("", local)
    local = local.strip()
    return f"{local}@{provider.canonical_domain}" if local else None


@lru_cache(maxsize=65_536)
def _provider(domain: str) -> MailProvider | None:
    providers = rows.mail_providers()
    if domain in providers:
        return providers[domain]
    parent = providers.get(hosts.registrable_domain(domain) or "")
    return parent if parent and parent.takes_subdomains else None
