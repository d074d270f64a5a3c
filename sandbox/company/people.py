"""Who a person or an organisation is: a pure function of e-mail or domain and the seed.

The CRM's history and Apollo's answers both read from here, so that what enrichment adds agrees with what is known.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from sandbox.company.names import FIRST_WORDS, PLACES, SECOND_WORDS, TITLES
from sandbox.company.reference import COMPETITORS, FREEMAIL

_EMPLOYEES = ((3, 10, 12), (11, 50, 24), (51, 200, 28), (201, 1000, 22), (1001, 5000, 10), (5001, 40000, 4))


@dataclass(frozen=True)
class Organization:
    """A company as the world knows it."""

    domain: str
    name: str
    industry: str
    """HubSpot's value."""
    industry_text: str
    """Apollo's words."""
    employees: int
    revenue: int
    """US dollars a year."""
    country: str
    state: str
    city: str
    founded: int
    in_apollo: bool


@dataclass(frozen=True)
class Person:
    """A person as the world knows them."""

    email: str
    first_name: str
    last_name: str
    title: str
    seniority: str
    department: str
    linkedin_url: str
    country: str
    state: str
    city: str
    in_apollo: bool


def fold(text: str) -> str:
    """ASCII letters and digits, lower-case."""
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ß", "ss"))
    return "".join(c for c in plain.encode("ascii", "ignore").decode().lower() if c.isalnum())


def company_domain(index: int) -> str:
    """Domain of the n-th company; no two are alike."""
    seconds = list(SECOND_WORDS)
    # A permutation of all pairs of words, so that industries mix from the first company on.
    pair = index * 7919 % (len(FIRST_WORDS) * len(seconds))
    first, second = FIRST_WORDS[pair % len(FIRST_WORDS)], seconds[pair // len(FIRST_WORDS)]
    number = index // (len(FIRST_WORDS) * len(seconds))
    return f"{first}-{second}{number or ''}.example".lower()


@lru_cache(maxsize=4096)
def organization_of(domain: str, seed: int) -> Organization | None:
    """The company behind a domain; none behind free mail and schools."""
    domain = domain.lower()
    if domain in FREEMAIL or domain.endswith(".edu") or "." not in domain:
        return None
    random = Random(f"{seed}:organization:{domain}")
    label = domain.partition(".")[0]
    words = [word.rstrip("0123456789").capitalize() for word in label.split("-")]
    industry, text = SECOND_WORDS.get(words[-1], random.choice(list(SECOND_WORDS.values())))
    low, high, _ = random.choices(_EMPLOYEES, [weight for *_, weight in _EMPLOYEES])[0]
    employees = random.randint(low, high)
    country, state, city, _ = random.choices(PLACES, [weight for *_, weight in PLACES])[0]
    return Organization(
        domain=domain,
        name=COMPETITORS.get(domain) or " ".join(words),
        industry=industry,
        industry_text=text,
        employees=employees,
        revenue=int(round(employees * random.uniform(90_000, 260_000), -4)),
        country=country,
        state=state,
        city=city,
        founded=random.randint(1965, 2024),
        in_apollo=random.random() < 0.9,
    )


def person_of(email: str, seed: int) -> Person:
    """The person behind an address."""
    email = email.lower()
    local, _, domain = email.partition("@")
    random = Random(f"{seed}:person:{email}")
    parts = [part.capitalize() for part in local.split(".") if part and not part.isdigit()]
    title, seniority, department, _ = random.choices(TITLES, [weight for *_, weight in TITLES])[0]
    organization = organization_of(domain, seed)
    place = organization or random.choices(PLACES, [weight for *_, weight in PLACES])[0]
    country, state, city = (place.country, place.state, place.city) if isinstance(place, Organization) else place[:3]
    return Person(
        email=email,
        first_name=parts[0] if parts else "",
        last_name=parts[-1] if len(parts) > 1 else "",
        title=title,
        seniority=seniority,
        department=department,
        linkedin_url=f"https://www.linkedin.com/in/{fold(local)}-{random.getrandbits(32):08x}",
        country=country,
        state=state,
        city=city,
        in_apollo=random.random() < (0.8 if organization else 0.25),
    )
