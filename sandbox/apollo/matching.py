"""Whom Apollo finds, on good days and bad ones; each answer that holds data costs a credit."""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.apollo import shapes
from sandbox.company.people import Organization, organization_of, person_of
from sandbox.faults import Faults
from sandbox.world import World

LOCKED_EMAIL = "email_not_unlocked@domain.com"
Json = dict[str, Any]


@dataclass(frozen=True)
class Trouble:
    """The faults of one request that change what is found."""

    nobody: bool
    tied: bool
    locked: bool
    missing: int
    """How many places a bulk answer's list lacks."""

    @classmethod
    def of(cls, faults: Faults, method: str, path: str) -> "Trouble":
        """Ask for each kind once."""
        short = faults.rule_for("short_matches", method, path)
        return cls(
            nobody=faults.applies("nobody", method, path),
            tied=faults.applies("tied", method, path),
            locked=faults.applies("locked_email", method, path),
            missing=short.count if short else 0,
        )


def person(world: World, details: Json, full: bool, trouble: Trouble) -> Json | None:
    """A person by e-mail, or by name and domain."""
    seed, email = world.settings.seed, _email(details)
    if trouble.nobody or "@" not in email:
        return None
    domain = email.partition("@")[2]
    found = person_of(_colleague(email) if trouble.tied else email, seed)
    if not (found.in_apollo or trouble.tied):
        return None
    world.apollo.charge()
    body = shapes.person(found, organization_of(domain, seed), full)
    if trouble.locked:
        body |= {"email": LOCKED_EMAIL, "email_status": "unavailable"}
    return body


def organization(world: World, domain: str, trouble: Trouble) -> Json | None:
    """An organisation by domain or address."""
    bare = domain.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").partition("/")[0]
    found = organization_of(bare, world.settings.seed)
    if trouble.nobody or found is None or not (found.in_apollo or trouble.tied):
        return None
    world.apollo.charge()
    return shapes.organization(_namesake(found) if trouble.tied else found)


def _email(details: Json) -> str:
    email, domain = str(details.get("email") or ""), str(details.get("domain") or "")
    if not email and domain and details.get("first_name") and details.get("last_name"):
        email = f"{details['first_name']}.{details['last_name']}@{domain}".lower().replace(" ", "")
    return email


def _colleague(email: str) -> str:
    """One and the same other person for everybody at a domain."""
    local, _, domain = email.partition("@")
    return f"{'sam.vale' if local == 'alex.stone' else 'alex.stone'}@{domain}"


def _namesake(found: Organization) -> Organization:
    label, _, ending = found.domain.partition(".")
    return replace(found, domain=f"{label}-group.{ending}")
