"""The counters and dates that HubSpot keeps on a contact, from what it did."""

from itertools import pairwise
from typing import Any

from sandbox import clock
from sandbox.company import reference as brand
from sandbox.hubspot.events import CLICKED, OPENED, VISITED

Event = tuple[int, int, int, dict[str, str]]
"""Number, kind, instant, properties."""
Submission = tuple[int, str, int, list[dict[str, str]], str]
"""Number, form, instant, values, page."""


def counters(events: list[Event], submissions: list[Submission]) -> dict[str, str]:
    """Properties by name; both lists are in order of time."""
    visits = [at for _, kind, at, _ in events if kind == VISITED]
    found: dict[str, Any] = {}
    if visits:
        pages = [facts["hs_url"] for _, kind, _, facts in events if kind == VISITED]
        sessions = 1 + sum(b - a > 30 * clock.MINUTE for a, b in pairwise(visits))
        found |= {"hs_analytics_num_page_views": len(visits), "hs_analytics_num_visits": sessions}
        found |= {"hs_analytics_first_url": pages[0], "hs_analytics_last_url": pages[-1]}
        found["hs_analytics_first_visit_timestamp"] = clock.iso(visits[0])
        for name in ("hs_analytics_last_visit_timestamp", "hs_analytics_last_timestamp", "hs_latest_source_timestamp"):
            found[name] = clock.iso(visits[-1])
    for kind, word in ((OPENED, "open"), (CLICKED, "click")):
        moments = [at for _, what, at, _ in events if what == kind]
        if moments:
            found[f"hs_email_{word}"] = len(moments)
            found[f"hs_email_first_{word}_date"] = clock.iso(moments[0])
            found[f"hs_email_last_{word}_date"] = clock.iso(moments[-1])
    if submissions:
        for word, (_, form, at, _, page) in (("first", submissions[0]), ("recent", submissions[-1])):
            title = brand.title_of(page.removeprefix(brand.SITE))
            found[f"{word}_conversion_event_name"] = f"{title}: {brand.FORMS[form]}"
            found[f"{word}_conversion_date"] = clock.iso(at)
        found["num_conversion_events"] = found["num_unique_conversion_events"] = len(submissions)
        calculated = (f"{form}:0:{at}" for _, form, at, _, _ in reversed(submissions))
        found["hs_calculated_form_submissions"] = ";".join(calculated)
    return {name: str(value) for name, value in found.items()}
