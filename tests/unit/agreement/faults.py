"""One planted fault for each rule: what somebody writes wrongly into the real agreement, and what they are told."""

from dataclasses import dataclass, field
from typing import Literal

OPEN = "9999-12-31"


@dataclass(frozen=True)
class Fault:
    """A change of one row, or a row that is added, of which exactly one problem must come."""

    table: str
    key: str
    """Row that is changed, or, when `adds`, copied to the end of its file."""
    cells: dict[str, str]
    column: str | None
    says: str
    """Part of what is wrong."""
    write: str
    """Part of the remedy."""
    adds: bool = False
    severity: Literal["error", "warning"] = "error"
    told_at: tuple[str, str] | None = field(default=None)
    """Table and key of the row that is blamed, when it is not the changed one."""


def added(table: str, like: str, cells: dict[str, str], column: str | None, says: str, write: str) -> Fault:
    return Fault(table, like, cells, column, says, write, adds=True)


DEMO_FORM = "f0000000-0000-4000-8000-000000000001"
CELLS = [
    Fault(
        "reps", "ben-okafor", {"slack_user_id": ""}, "slack_user_id", "is blank for rep ben-okafor", "Copy member ID"
    ),
    Fault("reps", "ben-okafor", {"slack_user_id": "@ben"}, "slack_user_id", "is no member id of Slack", "U0BENOKAFO"),
    Fault("reps", "ben-okafor", {"slack_channel": "na team"}, "slack_channel", "is no channel of Slack", "#emea-hand"),
    Fault("reps", "ben-okafor", {"slack_channel": "#NA"}, "slack_channel", "is no channel of Slack", "in lower case"),
    Fault("reps", "ben-okafor", {"crm_owner_id": " "}, "crm_owner_id", "is blank for rep ben-okafor", "HubSpot"),
    Fault("reps", "ben-okafor", {"crm_owner_id": "Ben"}, "crm_owner_id", "'Ben' of rep ben-okafor", "e.g. 1002"),
    Fault("reps", "ben-okafor", {"email": "ben"}, "email", "'ben' of rep ben-okafor is no e-mail", "write one"),
    Fault(
        "retention", "inbox", {"keep_days": "a month"}, "keep_days", "'a month' of retention inbox is no whole", "days"
    ),
    Fault("retention", "inbox", {"keep_days": "0"}, "keep_days", "'0' of retention inbox is below 1", "from 1 to 3650"),
    Fault("retention", "inbox", {"subject": "inboxes"}, "subject", "'inboxes' of retention", "did you mean inbox?"),
    Fault("reps", "ben-okafor", {"weight": "two"}, "weight", "'two' of rep ben-okafor is no whole number", "from 1"),
    Fault("pool_members", "na-ben", {"weight": "0"}, "weight", "'0' of pool member na-ben is below 1", "from 1"),
    Fault("pool_members", "na-ben", {"weight": "1.5"}, "weight", "'1.5' of pool member na-ben is no whole", "from 1"),
    Fault("reps", "ben-okafor", {"time_zone": "America/Chicgo"}, "time_zone", "is no time zone", "America/Chicago"),
    Fault("reps", "ben-okafor", {"time_zone": "EST"}, "time_zone", "'EST' of rep ben-okafor knows no summer", "a city"),
    Fault("company", "brightwell", {"time_zone": "New York"}, "time_zone", "'New York' of company", "America/New_York"),
    Fault("signals", "sig-page-blog", {"points": "one"}, "points", "'one' of signal sig-page-blog is no number", "100"),
    Fault("signals", "sig-page-blog", {"points": "1.005"}, "points", "with at most two decimals", "100"),
    Fault("signals", "sig-page-blog", {"points": "٣"}, "points", "'٣' of signal sig-page-blog", "write a number"),
    Fault("signals", "sig-page-blog", {"half_life_days": "0"}, "half_life_days", "'0' of signal", "from 1"),
    Fault("signals", "sig-page-blog", {"can_trigger": "yes"}, "can_trigger", "neither true nor false", "true or false"),
    Fault(
        "signals", "sig-page-blog", {"why": "null"}, "why", "'null' of signal sig-page-blog loads as nothing", "none"
    ),
    Fault("signals", "sig-page-blog", {"label": "Read "}, "label", "'Read ' of signal sig-page-blog", "'Read'"),
    Fault("signals", "sig-page-blog", {"label": "Re\u200bad"}, "label", "U+200B ZERO WIDTH SPACE", "plain characters"),
    Fault("signals", "sig-page-blog", {"label": "Re\u00a0ad"}, "label", "U+00A0 NO-BREAK SPACE", "plain characters"),
    Fault("signals", "sig-page-blog", {"why": "x" * 1001}, "why", "1001 characters", "at most 1000"),
    Fault(
        "signals", "sig-page-blog", {"match_kind": "prefx"}, "match_kind", "'prefx' of signal", "did you mean prefix?"
    ),
    added(
        "absences", "abs-ben-2026-12", {"absence_id": "аbs-2"}, "absence_id", "U+0430 CYRILLIC SMALL LETTER A", "plain"
    ),
    added("absences", "abs-ben-2026-12", {"absence_id": "Ben 2"}, "absence_id", "'Ben 2' of absence", "lower-case"),
    Fault("definitions", "platform-mql", {"status": "Live"}, "status", "'Live' of definition", "did you mean live?"),
    Fault("tiers", "high", {"response_minutes": "0"}, "response_minutes", "'0' of tier high is below 1", "from 1"),
    Fault("tiers", "high", {"max_snoozes": "-1"}, "max_snoozes", "'-1' of tier high is below 0", "0 for never"),
    Fault("tiers", "high", {"snooze_minutes": "1 h"}, "snooze_minutes", "'1 h' of tier high is no whole", "from 0"),
    Fault("tiers", "high", {"crm_task": "cal"}, "crm_task", "'cal' of tier high", "did you mean call?"),
    Fault("tiers", "high", {"prefers_present": "1"}, "prefers_present", "neither true nor false", "true or false"),
    Fault("reps", "ben-okafor", {"max_open": "0"}, "max_open", "'0' of rep ben-okafor is below 1", "from 1"),
    Fault("reps", "ben-okafor", {"max_per_day": "∞"}, "max_per_day", "'∞' of rep ben-okafor is no whole", "from 1"),
    Fault("handoff_policy", "every-handoff", {"max_alerts": "0"}, "max_alerts", "'0' of handoff policy", "from 1"),
    Fault(
        "handoff_policy",
        "every-handoff",
        {"alert_window_minutes": "0"},
        "alert_window_minutes",
        "is below 1",
        "from 1 to a",
    ),
    Fault("handoff_policy", "every-handoff", {"max_cards": "0"}, "max_cards", "'0' of handoff policy", "from 1"),
    Fault(
        "handoff_policy",
        "every-handoff",
        {"card_window_minutes": "1441"},
        "card_window_minutes",
        "is above 1440",
        "from 1 to a",
    ),
    Fault("handoff_policy", "every-handoff", {"flood_floor": "0"}, "flood_floor", "'0' of handoff policy", "from 1"),
    Fault("handoff_policy", "every-handoff", {"flood_factor": "0.5"}, "flood_factor", "'0.5' of handoff", "from 1"),
    Fault(
        "rejection_reasons", "not_mine", {"next_step": "rerout"}, "next_step", "'rerout' of rejection", "mean reroute?"
    ),
    Fault("escalations", "esc-high-warn", {"notify": "boss"}, "notify", "'boss' of escalation", "manager"),
    Fault("tiers", "high", {"min_score": "-1"}, "min_score", "'-1' of tier high is below 0", "from 0"),
    Fault(
        "escalations", "esc-high-warn", {"at_percent": "0.8"}, "at_percent", "'0.8' of escalation", "80 for four fifths"
    ),
    Fault("escalations", "esc-high-warn", {"at_percent": "-5"}, "at_percent", "'-5' of escalation", "80"),
    Fault("calendars", "us-mon-am", {"weekday": "8"}, "weekday", "'8' of opening us-mon-am is above 7", "1 for Monday"),
    Fault("calendars", "us-mon-am", {"opens": "8:30"}, "opens", "'8:30' of opening us-mon-am is no time", "08:30"),
    Fault("holidays", "us-2026-01-01", {"holiday_on": "1 Jan"}, "holiday_on", "'1 Jan' of holiday", "YYYY-MM-DD"),
    Fault("holidays", "us-2026-01-01", {"holiday_on": "2026-02-30"}, "holiday_on", "is no day", "YYYY-MM-DD"),
    Fault(
        "competitors",
        "rivalsoft",
        {"domain": "https://rivalsoft.example"},
        "domain",
        "is no domain",
        "without https://",
    ),
    Fault("competitors", "rivalsoft", {"domain": "www.rivalsoft.example"}, "domain", "is no domain", "www."),
    Fault("title_rules", "title-ea-to", {"keyword": "(e.a)+"}, "keyword", "'(e.a)+' of title rule", "whole words"),
    Fault("golden_cases", "gold-stale", {"employees": "many"}, "employees", "'many' of golden case", "or unknown"),
    Fault("golden_cases", "gold-stale", {"flags": "opted out"}, "flags", "'opted out' of golden case", "opted_out or"),
    Fault("golden_cases", "gold-stale", {"acts": "page /pricing"}, "acts", "'page /pricing'", "page:/pricing@2"),
]
VALIDITY = [
    Fault("signals", "sig-page-blog", {"valid_to": ""}, "valid_to", "is blank for signal sig-page-blog", OPEN),
    Fault("signals", "sig-page-blog", {"valid_from": "1.1.2026"}, "valid_from", "'1.1.2026'", "YYYY-MM-DD"),
    Fault(
        "signals",
        "sig-email-replied",
        {"valid_from": "2027-01-01", "valid_to": "2026-06-01"},
        "valid_to",
        "not after",
        OPEN,
    ),
    Fault("signals", "sig-page-blog", {"valid_to": "2999-12-31"}, "valid_to", "ends on 2999-12-31", OPEN),
    added(
        "signals",
        "sig-page-blog",
        {"valid_from": "2026-06-01"},
        "valid_from",
        "and this line as well from 2026-06-01",
        "end line",
    ),
    added(
        "competitors", "rivalsoft", {"valid_from": "2027-01-01"}, "valid_from", "and this line as well", "2027-01-01"
    ),
    added("countries", "ad", {}, "alias", "'ad' stands on line 2 as well", "keep one"),
]
TWINS = [
    added("company", "brightwell", {"company_id": "other"}, None, "company other and company brightwell", "end one"),
    added("score_caps", "cap-fit", {"cap_id": "cap-fit-2"}, "scope_id", "two caps on the same points", "end one"),
    added(
        "signals", "sig-page-blog", {"rule_id": "sig-blog"}, "match_value", "sig-blog and signal sig-page-blog", "match"
    ),
    added("fit_points", "fit-size-mid", {"rule_id": "fit-mid"}, "value", "earn points twice", "end one"),
    added("requirements", "req-region", {"requirement_id": "req-2"}, "value", "requirement is the same", "end one"),
    added("disqualifiers", "dq-country", {"disqualifier_id": "dq-2"}, "value", "disqualifier is the same", "end one"),
    Fault(
        "tiers",
        "high",
        {"min_score": "0"},
        "min_score",
        "two tiers would apply",
        "change its min_score",
        told_at=("tiers", "standard"),
    ),
    added("escalations", "esc-high-warn", {"escalation_id": "esc-2"}, "step", "two steps have one number", "number"),
    added("commitments", "com-marketing-volume", {"commitment_id": "com-2"}, "metric", "two promises", "end one"),
    added("enrichment_policy", "enrich-person", {"policy_id": "enrich-2"}, "subject", "two policies", "end one"),
    added("pool_members", "na-ben", {"pool_member_id": "na-2"}, "rep_id", "two shares of one pool", "keep one"),
    added("holidays", "us-2026-01-01", {"holiday_id": "us-2"}, "holiday_on", "a holiday already", "take one"),
    added("competitors", "rivalsoft", {"competitor_id": "rival"}, "domain", "belongs to one competitor", "end one"),
    Fault(
        "reps", "ben-okafor", {"crm_owner_id": "1001"}, "crm_owner_id", "ben-okafor and rep ana-costa", "own owner id"
    ),
    Fault(
        "reps", "ben-okafor", {"slack_user_id": "U0ANACOSTA"}, "slack_user_id", "one person's messages", "own member id"
    ),
    Fault("reps", "ben-okafor", {"email": "ana.costa@brightwell.example"}, "email", "two reps have one address", "own"),
    Fault("routing_steps", "contact_owner", {"step_rank": "1"}, "step_rank", "two steps would be tried", "number"),
]
REFERENCES = [
    Fault(
        "signals",
        "sig-page-blog",
        {"activity_kind": "page_view"},
        "activity_kind",
        "'page_view'",
        "did you mean page_viewed?",
    ),
    Fault(
        "reps",
        "ben-okafor",
        {"manager_id": "farah"},
        "manager_id",
        "'farah' of rep ben-okafor is not in reps.csv",
        "farah-ali",
    ),
    Fault("reps", "ben-okafor", {"calendar_id": "usa"}, "calendar_id", "'usa' of rep ben-okafor", "did you mean us?"),
    added("pool_members", "na-ben", {"pool_member_id": "na-2", "rep_id": "bob"}, "rep_id", "'bob'", "ben-okafor"),
    Fault("tiers", "high", {"definition_id": "platform"}, "definition_id", "'platform' of tier high", "platform-mql?"),
    Fault("escalations", "esc-high-warn", {"tier_id": "hihg"}, "tier_id", "'hihg' of escalation", "did you mean high?"),
    Fault("rejection_reasons", "other", {"clause_ids": "platform-mql;req-size"}, "clause_ids", "'req-size'", "req-"),
    Fault("rejection_reasons", "other", {"clause_ids": "platform-mql; req-region"}, "clause_ids", "' req", "write req"),
    Fault(
        "rejection_reasons",
        "other",
        {"clause_ids": "platform-mql;req-region"},
        "clause_ids",
        "clause_ids of rejection reason other names 2 clauses of definition platform-mql",
        "name one clause of each definition",
    ),
    Fault("commitments", "com-marketing-volume", {"product_id": "plattform"}, "product_id", "'plattform'", "platform?"),
    Fault("routing_steps", "fallback", {"pool_id": "falback"}, "pool_id", "'falback' of routing step", "fallback?"),
    Fault(
        "score_caps",
        "cap-email-opened",
        {"scope_id": "sig-email-open"},
        "scope_id",
        "'sig-email-open'",
        "sig-email-opened?",
    ),
    Fault("score_caps", "cap-fit", {"scope_id": "fitness"}, "scope_id", "nothing that scope family caps", "fit?"),
    Fault("score_caps", "cap-total", {"scope_id": "all"}, "scope_id", "nothing that scope total caps", "write *"),
    Fault(
        *("behaviours", "beh-active-interest", {"signal_ids": "sig-form-demo; sig-call-inbound"}, "signal_ids"),
        *("' sig-call-inbound' of behaviour", "write sig-call-inbound without blanks"),
    ),
    Fault(
        "behaviours",
        "beh-active-interest",
        {"signal_ids": "sig-form-demo;sig-page-prices"},
        "signal_ids",
        "'sig-page-prices'",
        "sig-page-pric",
    ),
    Fault(
        "behaviours",
        "beh-active-interest",
        {"counted": "signals", "min_count": "18"},
        "min_count",
        "min_count 18 of behaviour beh-active-interest can never be reached: it names 17 signals",
        "write 17 or less",
    ),
    Fault(
        "golden_cases",
        "gold-customer",
        {"because": "dq-custmer"},
        "because",
        "'dq-custmer' of golden case",
        "dq-customer?",
    ),
    added(
        "fit_points",
        "fit-size-mid",
        {"rule_id": "req-region", "value": "20;49"},
        "rule_id",
        "also the id of a requirement",
        "another id",
    ),
]
FACTS = [
    Fault(
        "requirements", "req-region", {"field": "regoin"}, "field", "'regoin' of requirement", "did you mean region?"
    ),
    Fault(
        "fit_points", "fit-size-mid", {"field": "employee"}, "field", "no fact about a lead", "did you mean employees?"
    ),
    Fault("disqualifiers", "dq-country", {"field": "nation"}, "field", "'nation' of disqualifier", "write one of"),
    Fault("disqualifiers", "dq-country", {"operator": "prefix"}, "operator", "is for activity", "one_of"),
    Fault("requirements", "req-region", {"operator": "at_least"}, "operator", "region is none", "one_of"),
    Fault("fit_points", "fit-size-mid", {"operator": "ends_with"}, "operator", "employees is none", "between"),
    Fault(
        "fit_points", "fit-size-mid", {"value": "200"}, "value", "'200' of fit rule fit-size-mid is not two", "20;199"
    ),
    Fault("fit_points", "fit-size-mid", {"value": "999;200"}, "value", "nothing lies between", "200;999"),
    Fault("requirements", "req-company-size", {"value": "twenty"}, "value", "'twenty' of requirement", "e.g. 20"),
    Fault("disqualifiers", "dq-country", {"value": "CU;IR;KO"}, "value", "KO is no country", "write one of the"),
    Fault("disqualifiers", "dq-country", {"value": "CU;ir"}, "value", "ir is no country", "did you mean IR?"),
    Fault("disqualifiers", "dq-country", {"value": "CU;CU"}, "value", "names something twice", "once"),
    Fault("disqualifiers", "dq-country", {"value": "CU; IR"}, "value", "a blank between its semicolons", "CU;IR"),
    Fault("disqualifiers", "dq-country", {"value": "CU;;IR"}, "value", "nothing between its semicolons", "CU;IR"),
    Fault(
        "disqualifiers",
        "dq-freemail",
        {"value": "yes"},
        "value",
        "is_freemail, which is true or false",
        "true or false",
    ),
    Fault("disqualifiers", "dq-student-email", {"value": "edu"}, "value", "domains of others", "write .edu"),
    Fault("disqualifiers", "dq-student-title", {"value": "students"}, "value", "no seniority", "did you mean student?"),
    Fault("requirements", "req-industry", {"value": "Farming"}, "value", "'Farming' of requirement", "did you mean"),
    Fault("fit_points", "fit-industry-core", {"value": "Sofware"}, "value", "no industry", "did you mean Software?"),
    Fault("fit_points", "fit-industry-core", {"operator": "equals"}, "value", "equals takes one", "one_of"),
    Fault("fit_points", "fit-industry-core", {"operator": "is_known"}, "value", "not looked at", "write *"),
    Fault("fit_points", "fit-size-mid", {"operator": "equals", "value": "2e2"}, "value", "no whole number", "digits"),
]
PATTERNS = [
    Fault("signals", "sig-page-blog", {"match_value": "/blog/"}, "match_value", "ends with /", "write /blog"),
    Fault("signals", "sig-page-blog", {"match_value": "blog"}, "match_value", "does not begin with /", "write /blog"),
    Fault("signals", "sig-page-blog", {"match_value": "/Blog"}, "match_value", "has capitals", "write /blog"),
    Fault(
        "signals",
        "sig-page-blog",
        {"match_value": "https://brightwell.example/Blog?x=1"},
        "match_value",
        "is an address",
        "write /blog",
    ),
    Fault("signals", "sig-page-blog", {"match_value": "/blog%"}, "match_value", "has '%'", "write /blog"),
    Fault("signals", "sig-page-blog", {"match_value": "/blog/*"}, "match_value", "has '*'", "write /blog"),
    Fault("signals", "sig-page-blog", {"match_value": "^/blog.*$"}, "match_value", "has '^'", "write /"),
    Fault("signals", "sig-page-blog", {"match_value": "/(a+)+"}, "match_value", "is a pattern", "the text itself"),
    Fault(
        "signals",
        "sig-email-clicked",
        {"match_kind": "exact", "match_value": "(a+)+"},
        "match_value",
        "is a pattern",
        "text",
    ),
    Fault("signals", "sig-page-blog", {"match_value": "/"}, "match_value", "takes in no page", "any and *"),
    Fault("signals", "sig-page-blog", {"match_value": "/" + "b" * 200}, "match_value", "201 characters", "at most 200"),
    Fault("signals", "sig-page-other", {"match_value": "/other"}, "match_value", "not looked at", "write *"),
    Fault("signals", "sig-form-newsletter", {"match_value": "newsletter"}, "match_value", "no id of a form", DEMO_FORM),
    Fault(
        "signals", "sig-form-newsletter", {"match_kind": "prefix"}, "match_kind", "whole segments of a path", "exact"
    ),
    Fault("signals", "sig-call-inbound", {"can_trigger": "false"}, "can_trigger", "a hand-raiser", "write true"),
    Fault(
        "signals",
        "sig-email-replied",
        {"activity_kind": "email_sent"},
        "can_trigger",
        "nothing that a lead does",
        "write false",
    ),
    Fault("disqualifiers", "dq-careers-only", {"value": "careers"}, "value", "does not begin with /", "write /careers"),
    Fault(
        "disqualifiers",
        "dq-careers-only",
        {"field": "email_sent"},
        "field",
        "nothing that a lead does",
        "did you mean email_opened?",
    ),
    Fault("disqualifiers", "dq-careers-only", {"operator": "one_of"}, "operator", "is for facts", "prefix"),
]
SCORING = [
    Fault(
        "score_caps",
        "cap-pricing",
        {"max_points": "10"},
        "max_points",
        "below the 12 points of signal sig-page-pricing",
        "12 or more",
    ),
    Fault(
        "score_caps",
        "cap-company",
        {"max_points": "19"},
        "max_points",
        "below the 20 points of fit rule fit-size-mid",
        "20 or more",
    ),
    Fault(
        "score_caps",
        "cap-engagement",
        {"max_points": "45"},
        "max_points",
        "below the 50 points of signal",
        "50 or more",
    ),
    Fault(
        "signals",
        "sig-page-blog",
        {"cap_group": "page"},
        "cap_group",
        "'page' of signal sig-page-blog has no cap",
        "pages",
    ),
    Fault(
        "definitions",
        "platform-mql",
        {"threshold": "100.5"},
        "threshold",
        "no more than 100 points count",
        "100 or less",
    ),
    Fault("tiers", "high", {"min_score": "101"}, "min_score", "101 of tier high can never", "100 or less"),
]
SERVICE = [
    Fault(
        "definitions",
        "platform-mql",
        {"agreed_at": "2026-01-02"},
        "agreed_at",
        "is after 2026-01-01",
        "begin on 2026-01-02",
    ),
    Fault(
        "company",
        "brightwell",
        {"valid_from": "2026-02-01"},
        "valid_from",
        "nobody who sells from 2026-01-01",
        "company.csv",
        told_at=("definitions", "platform-mql"),
    ),
    Fault(
        "tiers",
        "hand_raiser",
        {"is_for_hand_raisers": "false", "min_score": "90"},
        "definition_id",
        "no tier for hand-raisers",
        "is_for_hand_raisers true",
        told_at=("definitions", "platform-mql"),
    ),
    Fault(
        "tiers",
        "standard",
        {"min_score": "70"},
        "definition_id",
        "no tier for leads that reach the threshold",
        "min_score 65 or less",
        told_at=("definitions", "platform-mql"),
    ),
    Fault(
        "tiers",
        "hand_raiser",
        {"min_score": "10"},
        "definition_id",
        "no tier for hand-raisers",
        "min_score 0",
        told_at=("definitions", "platform-mql"),
    ),
    Fault(
        "escalations",
        "esc-high-warn",
        {"at_percent": "40"},
        "at_percent",
        "40 of escalation esc-high-warn is not after step 1",
        "more than 50",
    ),
    Fault("commitments", "com-marketing-conversion", {"target": "60"}, "target", "60 of commitment", "write 0.6"),
    Fault("commitments", "com-marketing-volume", {"target": "-1"}, "target", "-1 of commitment", "from 0"),
    Fault(
        "commitments",
        "com-marketing-volume",
        {"metric": "handoffs"},
        "metric",
        "'handoffs' of commitment",
        "handoffs_per_week?",
    ),
]
ROUTING = [
    Fault(
        "territories",
        "ter-emea",
        {"min_employees": "50"},
        "min_employees",
        "nobody covers leads of EMEA with 0 employees",
        "write 0",
    ),
    Fault(
        "territories",
        "ter-emea",
        {"max_employees": "500"},
        "max_employees",
        "nobody covers leads of EMEA with 500",
        "1000000000",
    ),
    Fault(
        "territories",
        "ter-na-enterprise",
        {"min_employees": "2000"},
        "min_employees",
        "with 1000 employees",
        "write 1000",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-soft", "precedence": "5", "industry": "Softwear"},
        "industry",
        "industry 'Softwear' of territory ter-soft is none",
        "did you mean Software?",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-paid", "precedence": "5", "source": "Paid search"},
        "source",
        "is no source as HubSpot names it",
        "PAID_SEARCH",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-product", "precedence": "5", "product_id": "platfrom"},
        "product_id",
        "product_id 'platfrom' of territory ter-product is none",
        "did you mean platform?",
    ),
    Fault(
        "territories",
        "ter-emea",
        {"industry": "Software"},
        "value",
        "nobody covers leads of EMEA from",
        "add a row to territories.csv for EMEA",
        told_at=("requirements", "req-region"),
    ),
    Fault(
        "handoff_policy",
        "every-handoff",
        {"valid_from": "2026-06-01"},
        "valid_from",
        "handoff_policy.csv does not say what holds for its handoffs from 2026-01-01",
        "add a row to handoff_policy.csv",
        told_at=("definitions", "platform-mql"),
    ),
    Fault("territories", "ter-emea", {"country": "FR"}, "country", "nobody covers leads of EMEA in AD", "write *"),
    Fault(
        "territories",
        "ter-emea",
        {"region": "*", "country": "FR"},
        "country",
        "nobody covers leads of EMEA in AD",
        "write *",
    ),
    Fault(
        "requirements",
        "req-region",
        {"value": "North America;EMEA;APAC;LATAM"},
        "value",
        "nobody covers leads of LATAM",
        "add a row",
    ),
    Fault(
        "territories",
        "ter-apac",
        {"valid_from": "2026-03-01"},
        "value",
        "nobody covers leads of APAC from 2026-01-01",
        "add a row",
        told_at=("requirements", "req-region"),
    ),
    Fault("territories", "ter-emea", {"min_employees": "-1"}, "min_employees", "'-1' of territory", "from 0"),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-x", "region": "Atlantis", "precedence": "5"},
        "region",
        "'Atlantis'",
        "EMEA",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-x", "country": "FX", "precedence": "5"},
        "country",
        "'FX'",
        "countries.csv",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-x", "country": "US", "precedence": "5"},
        "country",
        "US is in North America",
        "region North America",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-x", "country": "FR", "precedence": "5", "min_employees": "9", "max_employees": "9"},
        "max_employees",
        "not above",
        "1000000000",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-x", "country": "FR"},
        "precedence",
        "have precedence 30",
        "ter-x",
    ),
    added(
        "territories",
        "ter-emea",
        {"territory_id": "ter-x", "country": "FR", "precedence": "31"},
        "precedence",
        "gets no lead",
        "below 30",
    ),
    Fault(
        "pool_members",
        "apac-emi",
        {"valid_to": "2026-12-01"},
        "pool_id",
        "nobody covers territory ter-apac: its pool apac has no member from 2026-12-01",
        "pool_members.csv",
        told_at=("territories", "ter-apac"),
    ),
    Fault(
        "pool_members",
        "fallback-farah",
        {"pool_id": "na"},
        "pool_id",
        "nobody covers routing step fallback",
        "pool_members.csv",
        told_at=("routing_steps", "fallback"),
    ),
    added("pools", "na", {"pool_id": "latam"}, "pool_id", "pool latam has no member", "pool_members.csv"),
    Fault("routing_steps", "fallback", {"pool_id": "none"}, "pool_id", "goes to nobody", "name the pool"),
    Fault(
        "routing_steps",
        "territory",
        {"pool_id": "na"},
        "pool_id",
        "'na' of routing step territory is not looked at",
        "none",
    ),
    Fault("routing_steps", "territory", {"step_rank": "9"}, "step_rank", "after the fallback", "below 5"),
    Fault(
        "routing_steps",
        "fallback",
        {"valid_from": "2026-03-01"},
        "step",
        "no fallback from 2026-01-01",
        "routing_steps.csv",
    ),
    Fault(
        "reps",
        "farah-ali",
        {"manager_id": "ana-costa"},
        "manager_id",
        "in a circle: ana-costa → farah-ali → ana-costa",
        "the head",
        told_at=("reps", "ana-costa"),
    ),
]
HOURS = [
    Fault(
        "calendars",
        "us-mon-am",
        {"closes": "08:30"},
        "closes",
        "08:30 of opening us-mon-am is not after 08:30",
        "24:00",
    ),
    Fault("calendars", "us-mon-pm", {"opens": "12:00"}, "opens", "open while opening us-mon-am", "follow one another"),
    Fault(
        "holidays", "us-2026-01-01", {"holiday_on": "2025-12-25"}, "holiday_on", "never counts", "2025-12-25 or earlier"
    ),
]
SPECIAL = [
    Fault(
        "special_hours",
        "us-2026-12-24",
        {"closes": "08:30"},
        "closes",
        "08:30 of special opening us-2026-12-24 is not after 08:30",
        "a row of the next day, 24:00 ends the day",
    ),
    added(
        "special_hours",
        "us-2026-12-24",
        {"special_hours_id": "us-2026-12-24-pm", "opens": "12:00", "closes": "14:00"},
        "opens",
        "open while special opening us-2026-12-24 (line 2) is, 08:30 to 12:30",
        "let the hours of a day follow one another",
    ),
    Fault("special_hours", "us-2026-12-24", {"special_on": "2025-12-24"}, "special_on", "never counts", "or earlier"),
    Fault("special_hours", "us-2026-12-24", {"calendar_id": "uk"}, "calendar_id", "'uk' of special opening", "us"),
    Fault(
        "special_hours",
        "us-2026-12-24",
        {"special_on": "2026-12-25"},
        "special_on",
        "is closed by holiday us-2026-12-25 (holidays.csv:",
        "take one of the two lines away",
    ),
    Fault("calendar_countries", "apac-jp", {"calendar_id": "asia"}, "calendar_id", "'asia' of calendar's", "apac"),
    Fault("calendar_countries", "apac-jp", {"country": "JPN"}, "country", "'JPN' of calendar's country", "did you"),
    Fault(
        "calendar_countries",
        "emea-de",
        {"subdivision": "BER"},
        "subdivision",
        "'BER' of calendar's country emea-de is none whose holidays are known",
        "write none, or one of BB, BE",
    ),
    Fault(
        "calendar_countries",
        "apac-jp",
        {"subdivision": "13"},
        "subdivision",
        "'13' of calendar's country apac-jp is none whose holidays are known",
        "write none",
    ),
    added(
        "calendar_countries",
        "apac-jp",
        {"calendar_country_id": "apac-jp-2"},
        "country",
        "apac-jp-2 and calendar's country apac-jp (line 5) both hold from 2026-01-01",
        "valid_to",
    ),
]
ATTRIBUTION = [
    Fault(
        *("attribution_models", "position-40-20-40", {"last_weight": "0.7"}, "last_weight"),
        *("first_weight 0.4 and last_weight 0.7 of attribution model position-40-20-40", "write 0.6 or less"),
    ),
    Fault(
        *("attribution_models", "first-touch", {"first_weight": "0.5"}, "first_weight"),
        *("is 0.5, and a first_touch model gives everything to one touch", "write 1, or position"),
    ),
    Fault(
        *("attribution_models", "first-touch", {"first_of_two_weight": "0.5"}, "first_of_two_weight"),
        *("gives everything to one touch", "write 1, or position"),
    ),
    Fault(
        *("attribution_models", "last-touch", {"first_weight": "1"}, "first_weight"),
        *("a last_touch model gives everything to one touch", "write 0, or position"),
    ),
    Fault(
        *("attribution_models", "time-decay", {"half_life_days": "0"}, "half_life_days"),
        *("of attribution model time-decay is 0", "above 0"),
    ),
    Fault(
        *("attribution_models", "time-decay", {"half_life_days": "-7"}, "half_life_days"),
        *("'-7' of attribution model time-decay is below 0", "from 0"),
    ),
    Fault(
        *("attribution_models", "linear", {"look_back_days": "0"}, "look_back_days"),
        *("'0' of attribution model linear is below 1", "from 1 to 3650"),
    ),
    Fault(
        *("touch_channels", "medium-email", {"match_field": "utm_medum"}, "match_field"),
        *("'utm_medum' of channel rule medium-email is nothing that is known of an act", "did you mean utm_medium?"),
    ),
    Fault(
        *("touch_parameters", "gbraid", {"valid_to": "2026-12-01"}, "match_field"),
        *("'gbraid' of channel rule click-google-app is no parameter that is kept from 2026-12-01", "end this row"),
        told_at=("touch_channels", "click-google-app"),
    ),
    Fault(
        *("touch_channels", "act-email-click", {"match_value": "email_clicked;email_sent"}, "match_value"),
        *("'email_sent' of channel rule act-email-click is nothing that a lead does", "did you mean email_"),
    ),
    Fault(
        *("touch_channels", "act-email-click", {"match_value": "Email_Clicked"}, "match_value"),
        *("'Email_Clicked' of channel rule act-email-click is nothing", "did you mean email_clicked?"),
    ),
    Fault(
        *("touch_channels", "act-email-click", {"match_value": "*"}, "match_value"),
        *("an act of a kind that no row names is no touch", "write the kinds, separated by ;"),
        severity="warning",
    ),
    Fault(
        *("attribution_conversions", "conv-mql", {"match_value": "platfrom"}, "match_value"),
        *("'platfrom' of conversion rule conv-mql is no product", "did you mean platform?"),
    ),
    Fault(
        *("attribution_conversions", "conv-sql-accepted", {"match_value": "acepted"}, "match_value"),
        *("'acepted' of conversion rule conv-sql-accepted is no answer to a handoff", "did you mean accepted?"),
    ),
    Fault(
        *("attribution_conversions", "conv-won-stage", {"match_value": "Customer"}, "match_value"),
        *("'Customer' of conversion rule conv-won-stage is none of HubSpot's own", "did you mean customer?"),
        severity="warning",
    ),
]
VERSIONS = [
    Fault(
        *("signals", "sig-page-blog", {"rule_id": "sig-page-new", "match_value": "/new", "valid_from": "2026-12-01"}),
        *("valid_from", "begins on 2026-12-01, within version 1 of definition platform-mql"),
        *("end definitions.csv:2 with valid_to 2026-12-01", True, "warning"),
    ),
    Fault(
        *("fit_points", "fit-region-core", {"valid_from": "2026-12-01"}),
        *("valid_from", "so that decisions before and after carry one version", "add its next version below it"),
        severity="warning",
    ),
    Fault(
        *("disqualifiers", "dq-internal", {"valid_to": "2026-12-01"}, "valid_to"),
        *("ends on 2026-12-01, within version 1 of definition platform-mql", "end definitions.csv:2 with valid_to"),
        severity="warning",
    ),
]
FAULTS = [*CELLS, *VALIDITY, *TWINS, *REFERENCES, *FACTS, *PATTERNS, *SCORING, *SERVICE, *ROUTING, *HOURS, *SPECIAL]
FAULTS += [*ATTRIBUTION, *VERSIONS]
