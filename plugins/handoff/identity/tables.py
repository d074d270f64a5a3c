"""The three dictionaries: which values of which records they hold, and who answers for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any, LiteralString

from handoff.identity import addresses, companies, hosts, rows
from handoff.ledger import streams
from handoff.ledger.streams import Stream

Path = tuple[str, ...]


@dataclass(frozen=True)
class Dictionary:
    """A table of schema `raw` with one row per value: its key, the answers, when they were given and by what."""

    table: str
    key: str
    types: Mapping[str, LiteralString]
    """Postgres types of the answers, by column."""
    answer: Callable[[str], Sequence[Any]]
    """The answers to one value, in the order of `types`; never raises."""
    paths: Mapping[Stream, tuple[Path, ...]]
    """Where the values stand in a payload, by stream."""
    packages: tuple[str, ...]
    seeds: tuple[str, ...]

    @cached_property
    def library(self) -> str:
        """The versions of the packages and rows that answer now."""
        packages = [f"{each} {version(each)}" for each in self.packages]
        return ", ".join(packages + [f"{each}.csv {rows.fingerprint(each)}" for each in self.seeds])


def _of_address(value: str) -> Sequence[Any]:
    found = addresses.read(value)
    return (
        *(found.folded, found.domain, found.registrable_domain),
        *(found.is_free, found.is_disposable, found.is_valid),
    )


def _of_host(value: str) -> Sequence[Any]:
    name = hosts.host_of(value)
    if name is None:
        return None, None, False, False
    return name, hosts.registrable_domain(name), hosts.is_free(name), hosts.is_disposable(name)


def _of_name(value: str) -> Sequence[Any]:
    return (companies.company_key(value),)


EMAIL_ADDRESSES = Dictionary(
    table="email_addresses",
    key="address",
    types={
        **{"folded": "text", "domain": "text", "registrable_domain": "text"},
        **{"is_free": "boolean", "is_disposable": "boolean", "is_valid": "boolean"},
    },
    answer=_of_address,
    paths={streams.CONTACTS: (("properties", "email"),)},
    packages=(*addresses.PACKAGES, *hosts.PACKAGES),
    seeds=(rows.EMAIL_FOLDING,),
)
HOSTS = Dictionary(
    table="hosts",
    key="host",
    types={"hostname": "text", "registrable_domain": "text", "is_free": "boolean", "is_disposable": "boolean"},
    answer=_of_host,
    paths={streams.CONTACTS: (("properties", "website"),), streams.COMPANIES: (("properties", "domain"),)},
    packages=hosts.PACKAGES,
    seeds=(),
)
COMPANY_NAMES = Dictionary(
    table="company_names",
    key="name",
    types={"key": "text"},
    answer=_of_name,
    paths={streams.CONTACTS: (("properties", "company"),), streams.COMPANIES: (("properties", "name"),)},
    packages=companies.PACKAGES,
    seeds=(rows.LEGAL_FORMS,),
)
DICTIONARIES = (EMAIL_ADDRESSES, HOSTS, COMPANY_NAMES)
