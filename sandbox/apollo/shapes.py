"""People and organisations in Apollo's shapes."""

import hashlib
from typing import Any

from sandbox.company.people import Organization, Person, fold


def organization(found: Organization, full: bool = True) -> dict[str, Any]:
    """An organisation; inside a bulk match it lacks revenue, funding, technologies and description."""
    body: dict[str, Any] = {
        "id": _id("org", found.domain),
        "name": found.name,
        "website_url": f"http://www.{found.domain}",
        "primary_domain": found.domain,
        "linkedin_url": f"http://www.linkedin.com/company/{fold(found.name)}",
        "founded_year": found.founded,
        "industry": found.industry_text,
        "industries": [found.industry_text],
        "secondary_industries": [],
        "keywords": [],
        "estimated_num_employees": found.employees,
        "city": found.city,
        "state": found.state or None,
        "country": found.country,
        "raw_address": ", ".join(filter(None, (found.city, found.state, found.country))),
        "phone": None,
    }
    if full:
        body |= {
            "annual_revenue": float(found.revenue),
            "annual_revenue_printed": f"{found.revenue / 1e6:.1f}M",
            "total_funding": None,
            "total_funding_printed": None,
            "latest_funding_stage": None,
            "funding_events": [],
            "technology_names": [],
            "current_technologies": [],
            "short_description": f"{found.name} works in {found.industry_text}.",
            "num_suborganizations": 0,
            "suborganizations": [],
            "departmental_head_count": {"sales": max(1, found.employees // 12)},
        }
    return body


def person(found: Person, employer: Organization | None, full: bool = True) -> dict[str, Any]:
    """A person with their organisation."""
    inside = organization(employer, full) if employer else None
    return {
        "id": _id("person", found.email),
        "first_name": found.first_name,
        "last_name": found.last_name or None,
        "name": f"{found.first_name} {found.last_name}".strip(),
        "title": found.title,
        "headline": f"{found.title} at {employer.name}" if employer else found.title,
        "seniority": found.seniority,
        "departments": [f"master_{found.department}"],
        "subdepartments": [],
        "functions": [found.department],
        "linkedin_url": found.linkedin_url.replace("https", "http"),
        "photo_url": None,
        "twitter_url": None,
        "github_url": None,
        "facebook_url": None,
        "email": found.email,
        "email_status": "verified",
        "extrapolated_email_confidence": None,
        "city": found.city,
        "state": found.state or None,
        "country": found.country,
        "organization_id": inside["id"] if inside else None,
        "organization": inside,
        "employment_history": [
            {
                "_id": _id("job", found.email),
                "current": True,
                "title": found.title,
                "organization_id": inside["id"] if inside else None,
                "organization_name": inside["name"] if inside else None,
                "start_date": "2022-03-01",
                "end_date": None,
            }
        ],
        "is_likely_to_engage": None,
        "show_intent": False,
        "revealed_for_current_team": True,
    }


def _id(kind: str, key: str) -> str:
    return hashlib.sha256(f"{kind}:{key}".encode()).hexdigest()[:24]
