"""Who Brightwell, the demo company, is: its owners, people, forms, pages, campaigns and competitors."""

from dataclasses import dataclass

SITE = "https://www.brightwell.example"
TEAM_ID = "T0BRIGHTWL"


@dataclass(frozen=True)
class Owner:
    """A HubSpot owner, and the same person in Slack."""

    id: str
    user_id: int
    first_name: str
    last_name: str
    email: str
    slack_id: str
    time_zone: str
    archived: bool = False

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.first_name} {self.last_name}"


def _owner(number: int, first: str, last: str, mail: str, slack: str, zone: str, archived: bool = False) -> Owner:
    return Owner(str(number), 2_000_000 + number, first, last, f"{mail}@brightwell.example", slack, zone, archived)


OWNERS = (
    _owner(1001, "Ana", "Costa", "ana.costa", "U0ANACOSTA", "America/New_York"),
    _owner(1002, "Ben", "Okafor", "ben.okafor", "U0BENOKAFO", "America/Chicago"),
    _owner(1003, "Chloé", "Martin", "chloe.martin", "U0CHLOEMAR", "Europe/Paris"),
    _owner(1004, "Daniel", "Weber", "daniel.weber", "U0DANWEBER", "Europe/Berlin"),
    _owner(1005, "Emi", "Tanaka", "emi.tanaka", "U0EMITANAK", "Asia/Tokyo"),
    _owner(1006, "Farah", "Ali", "farah.ali", "U0FARAHALI", "America/New_York"),
    _owner(1007, "Gil", "Retired", "gil.retired", "U0GILRETIR", "America/New_York", archived=True),
)
OWNERS_BY_ID = {owner.id: owner for owner in OWNERS}
OWNERS_BY_SLACK = {owner.slack_id: owner for owner in OWNERS}
MARKETING_LEAD = Owner("", 2_000_900, "Maya", "Lind", "maya.lind@brightwell.example", "U0MAYALIND", "America/New_York")
BOT_ID = "U0HANDOFFB"
CHANNELS = {"C0HANDOFFS": "mql-handoffs", "C0REVIEW00": "revenue-review", "C0GENERAL0": "general"}

FORMS = {
    f"f0000000-0000-4000-8000-00000000000{number}": name
    for number, name in enumerate(
        (
            "Request a demo",
            "Contact sales",
            "Pricing quote",
            "Whitepaper: The pipeline gap",
            "Newsletter",
            "Webinar registration",
        ),
        start=1,
    )
}
DEMO_FORM, SALES_FORM, QUOTE_FORM, PAPER_FORM, NEWS_FORM, WEBINAR_FORM = FORMS
FORM_PATHS = {
    DEMO_FORM: "/demo",
    SALES_FORM: "/contact",
    QUOTE_FORM: "/pricing",
    PAPER_FORM: "/blog/the-pipeline-gap",
    NEWS_FORM: "/blog/what-speed-is-worth",
    WEBINAR_FORM: "/blog/revops-webinar",
}
TITLES = {
    "/": "Brightwell: one platform for revenue",
    "/pricing": "Pricing",
    "/product": "Product",
    "/integrations": "Integrations",
    "/security": "Security",
    "/careers": "Careers",
    "/demo": "See Brightwell live",
    "/contact": "Talk to us",
    "/customers/alpenrail": "Customer story: Alpenrail",
    "/customers/harborfoods": "Customer story: Harbor Foods",
    "/customers/lumenbank": "Customer story: Lumen Bank",
    "/blog/the-pipeline-gap": "The pipeline gap",
    "/blog/what-speed-is-worth": "What speed is worth",
    "/blog/revops-webinar": "RevOps webinar series",
    "/blog/lead-scoring-myths": "Five myths of lead scoring",
    "/docs/getting-started": "Getting started",
    "/docs/api": "API reference",
}
"""Pages of the site, by path."""
BROWSED = (
    ("/", 20),
    ("/product", 14),
    ("/blog/the-pipeline-gap", 10),
    ("/blog/what-speed-is-worth", 9),
    ("/blog/lead-scoring-myths", 8),
    ("/blog/revops-webinar", 5),
    ("/pricing", 7),
    ("/integrations", 6),
    ("/customers/alpenrail", 4),
    ("/customers/harborfoods", 3),
    ("/customers/lumenbank", 3),
    ("/docs/getting-started", 5),
    ("/docs/api", 3),
    ("/security", 3),
    ("/careers", 4),
)
"""What visitors look at, with weights."""
CAMPAIGNS = ("Q4 Pipeline Gap", "Brand search US", "RevOps webinar series")
MAILS = (
    "The pipeline gap: what 400 teams told us",
    "Your seat at the RevOps webinar",
    "What changed in Brightwell this month",
    "How Alpenrail answers leads in four minutes",
)
COMPETITORS = {"rivalsoft.example": "Rivalsoft", "copycatcrm.example": "Copycat CRM"}
FREEMAIL = ("gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "icloud.com", "gmx.de", "proton.me")
SERVED = (
    *("AUTOMOTIVE", "BANKING", "BIOTECHNOLOGY", "CHEMICALS", "COMPUTER_SOFTWARE", "FINANCIAL_SERVICES"),
    *("HUMAN_RESOURCES", "INFORMATION_TECHNOLOGY_AND_SERVICES", "INSURANCE", "INTERNET", "LAW_PRACTICE", "MACHINERY"),
    *("MANAGEMENT_CONSULTING", "MARKETING_AND_ADVERTISING", "MEDICAL_DEVICES", "PHARMACEUTICALS", "RETAIL"),
    "TELECOMMUNICATIONS",
)
"""Industries that Brightwell sells to, as HubSpot names them."""
UNSERVED_COUNTRIES = ("Brazil",)
REASONS = ("no_budget", "wrong_role", "too_small", "student_or_job_seeker", "bad_data")
"""What reps reject with where the portal does not offer reasons of its own."""


def title_of(path: str) -> str:
    """A page's title."""
    return TITLES.get(path, path.rpartition("/")[2].replace("-", " ").capitalize() or "Brightwell")
