"""One contact's history: a pure function of index, seed and the moment at which it ends."""

from dataclasses import dataclass, field
from random import Random

from sandbox import clock
from sandbox.company import reference as brand
from sandbox.company.counters import Event, Submission, counters
from sandbox.company.names import FIRST, LAST, MESSY
from sandbox.company.people import company_domain, fold, organization_of, person_of
from sandbox.company.work import work
from sandbox.hubspot.events import CLICKED, OPENED, SUBMITTED, VISITED

SPAN = 90 * clock.DAY
CONTACT_BASE, COMPANY_BASE = 210_000_000_000, 31_000_000_000
EVENTS_PER_LEAD = 1000
_KINDS = (("business", 700), ("freemail", 150), ("student", 50), ("customer", 60), ("competitor", 15), ("messy", 25))
_LEVELS = ((0.2, 45), (0.9, 37), (3.2, 18))
_SOURCES = (
    ("ORGANIC_SEARCH", 30),
    ("PAID_SEARCH", 20),
    ("DIRECT_TRAFFIC", 18),
    ("EMAIL_MARKETING", 10),
    ("REFERRALS", 8),
    ("SOCIAL_MEDIA", 6),
    ("PAID_SOCIAL", 5),
    ("OFFLINE", 3),
)


@dataclass
class Lead:
    """A contact and what it did until the end moment."""

    index: int
    kind: str
    level: float
    """How lively it is; 1 = average."""
    email: str
    domain: str
    created: int
    properties: dict[str, str]
    company: int | None
    """Index of its company; none for private addresses."""
    events: list[Event] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    engagements: list[tuple[str, int, int, dict[str, str]]] = field(default_factory=list)
    """Type (`calls` …), number, instant, properties."""
    stages: list[tuple[str, int]] = field(default_factory=list)
    """Lifecycle stages and when they began, oldest first."""

    @property
    def id(self) -> int:
        """HubSpot's record id."""
        return CONTACT_BASE + self.index + 1

    @property
    def modified(self) -> int:
        """When anything last happened to it."""
        moments = [self.created, *(e[2] for e in self.events), *(at for _, at in self.stages)]
        return max(moments + [at for _, _, at, _ in self.engagements] + [s[2] for s in self.submissions])


def companies_for(contacts: int) -> int:
    """How many companies a portal of so many contacts has."""
    return max(20, contacts * 11 // 20)


def lead(index: int, seed: int, until: int, contacts: int, events_per_contact: float) -> Lead:
    """The contact with a number, and its history up to `until` (epoch milliseconds, exclusive)."""
    random = Random(f"{seed}:lead:{index}")
    made = _identity(index, seed, random, contacts)
    age = random.random() * SPAN if random.random() < 0.75 else SPAN + random.random() * 600 * clock.DAY
    made.created = until - int(age) - clock.HOUR
    made.level = random.choices([level for level, _ in _LEVELS], [weight for _, weight in _LEVELS])[0]
    _source(made, random)
    _browse(made, random, until, events_per_contact)
    _submit(made, random, until)
    work(made, random, until)
    return made


def _identity(index: int, seed: int, random: Random, contacts: int) -> Lead:
    kind = random.choices([name for name, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    # A permutation of all pairs of names: no two contacts share an address, however many there are.
    pair = index * 7919 % (len(FIRST) * len(LAST))
    first, last = FIRST[pair % len(FIRST)], LAST[pair // len(FIRST)]
    suffix = str(index // (len(FIRST) * len(LAST)) or "")
    company: int | None = None
    if kind == "competitor":
        domain = random.choice(list(brand.COMPETITORS))
    elif kind == "student":
        domain = random.choice(("northfield.edu", "lakeside.edu", "eastgate.edu"))
    elif kind == "freemail":
        domain, suffix = random.choice(brand.FREEMAIL), f".{index}"
    else:
        company = int(companies_for(contacts) * random.random() ** 1.5)
        domain = company_domain(company)
    email = f"{fold(first)}.{fold(last)}{suffix}@{domain}"
    person, organization = person_of(email, seed), organization_of(domain, seed)
    if kind == "messy":
        first, last = random.choice(MESSY)
    title = "Student" if kind == "student" else person.title
    known = {
        "email": email,
        "firstname": first,
        "lastname": last,
        "jobtitle": title if random.random() < 0.65 else "",
        "company": organization.name if organization and random.random() < 0.85 else "",
        "country": person.country if random.random() < 0.75 else "",
        "state": person.state if random.random() < 0.4 else "",
        "city": person.city if random.random() < 0.4 else "",
        "phone": f"+1 555 01{random.randint(0, 99):02d} {random.randint(1000, 9999)}" if random.random() < 0.5 else "",
        "hs_linkedin_url": person.linkedin_url if random.random() < 0.35 else "",
        "website": f"https://www.{domain}" if organization and random.random() < 0.3 else "",
        "hs_email_domain": domain,
        "hs_email_optout": "true" if random.random() < 0.04 else "",
        "hs_email_bounce": "1" if random.random() < 0.02 else "",
    }
    properties = {name: value for name, value in known.items() if value}
    return Lead(index, kind, 1.0, email, domain, 0, properties, company)


def _source(made: Lead, random: Random) -> None:
    source = random.choices([name for name, _ in _SOURCES], [weight for _, weight in _SOURCES])[0]
    campaign = random.choice(brand.CAMPAIGNS) if source in ("PAID_SEARCH", "PAID_SOCIAL", "EMAIL_MARKETING") else ""
    made.properties |= {"hs_analytics_source": source, "hs_latest_source": source}
    made.properties["hs_object_source"] = "IMPORT" if source == "OFFLINE" else "FORM"
    if campaign:
        made.properties |= {"hs_analytics_source_data_1": campaign, "hs_latest_source_data_1": campaign}
        made.properties["hs_analytics_first_touch_converting_campaign"] = campaign
        made.properties["hs_analytics_last_touch_converting_campaign"] = campaign


def _browse(made: Lead, random: Random, until: int, events_per_contact: float) -> None:
    wanted = min(EVENTS_PER_LEAD - 20, int(random.expovariate(1 / max(0.01, made.level * events_per_contact))))
    start, events = max(made.created, until - SPAN), []
    paths, weights = zip(*brand.BROWSED, strict=True)
    if made.level > 3:
        weights = tuple(w * 4 if p == "/pricing" else w for p, w in brand.BROWSED)
    source = made.properties["hs_analytics_source"]
    campaign = made.properties.get("hs_analytics_source_data_1", "")
    while wanted > 0:
        at = start + int(random.random() * max(1, until - start - clock.HOUR))
        if random.random() < 0.3:
            mail = {"hs_email_subject": random.choice(brand.MAILS), "hs_campaign_name": random.choice(brand.CAMPAIGNS)}
            events.append((OPENED, at, mail))
            if random.random() < 0.25:
                events.append((CLICKED, at + random.randint(5_000, 90_000), mail))
            wanted -= 1
            continue
        for _ in range(min(wanted, random.randint(1, 5))):
            path = random.choices(paths, weights)[0]
            page = {"hs_url": brand.SITE + path, "hs_title": brand.title_of(path), "hs_session_source": source}
            if campaign:
                page |= {"hs_utm_campaign": campaign, "hs_utm_medium": "cpc", "hs_utm_source": "google"}
            events.append((VISITED, at, page))
            at += random.randint(8_000, 240_000)
            wanted -= 1
    made.events = [(0, kind, min(at, until - clock.MINUTE), facts) for kind, at, facts in events]


def _submit(made: Lead, random: Random, until: int) -> None:
    chances = [(brand.PAPER_FORM, 0.30), (brand.NEWS_FORM, 0.35), (brand.WEBINAR_FORM, 0.15)]
    if made.level > 3 or made.kind == "customer":
        chances += [(brand.DEMO_FORM, 0.40), (brand.SALES_FORM, 0.18), (brand.QUOTE_FORM, 0.15)]
    elif made.level > 0.5:
        chances += [(brand.DEMO_FORM, 0.03), (brand.SALES_FORM, 0.02)]
    start = max(made.created, until - SPAN)
    for form, chance in chances:
        if random.random() < chance * min(1.0, 0.4 + made.level / 3):
            at = start + int(random.random() * max(1, until - start - clock.HOUR))
            page = brand.SITE + brand.FORM_PATHS[form]
            values = [
                {"name": name, "value": made.properties[name], "objectTypeId": "0-1"}
                for name in ("email", "firstname", "lastname", "company", "country")
                if name in made.properties
            ]
            made.submissions.append((0, form, at, values, page))
            facts = {"hs_form_id": form, "hs_form_name": brand.FORMS[form], "hs_url": page}
            made.events.append((0, SUBMITTED, at, facts))
    made.submissions.sort(key=lambda s: s[2])
    made.submissions = [(made.index * 10 + n + 1, *s[1:]) for n, s in enumerate(made.submissions)]
    made.events.sort(key=lambda e: (e[2], e[1]))
    made.events = [(made.index * EVENTS_PER_LEAD + n + 1, *e[1:]) for n, e in enumerate(made.events)]
    made.properties |= counters(made.events, made.submissions)
