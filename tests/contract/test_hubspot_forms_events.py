"""Forms, submissions and behavioural events: what a visitor's act leaves behind."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox

NewEmail = Callable[[], str]
DEMO = "f0000000-0000-4000-8000-000000000001"
SUBMIT = f"/submissions/v3/integration/submit/4242424/{DEMO}"
SUBMISSIONS = f"/form-integrations/v1/submissions/forms/{DEMO}"


def contact_of(http: httpx.Client, email: str, *names: str) -> dict[str, Any]:
    query = {"idProperty": "email", "properties": ",".join(names)}
    response = http.get(f"/crm/objects/2026-09/contacts/{email}", params=query)
    body: dict[str, Any] = response.json()["properties"] | {"id": response.json()["id"]}
    return body


def test_a_submitted_form_makes_a_contact(hubspot_http: httpx.Client, new_email: NewEmail) -> None:
    email = new_email()
    fields = [
        {"objectTypeId": "0-1", "name": "email", "value": email},
        {"objectTypeId": "0-1", "name": "firstname", "value": "Form"},
        {"objectTypeId": "0-1", "name": "utm_campaign", "value": "no such property"},
    ]
    names = ("recent_conversion_event_name", "num_conversion_events", "hs_calculated_form_submissions", "firstname")
    for times in (1, 2):
        body = {"fields": fields, "context": {"pageUri": "https://www.brightwell.example/demo", "pageName": "Demo"}}
        response = httpx.post(f"{hubspot_http.base_url}{SUBMIT}", json=body)
        assert response.json() == {"inlineMessage": "Thanks for submitting the form."}
        contact = contact_of(hubspot_http, email, *names)
        assert contact["firstname"] == "Form"
        assert contact["recent_conversion_event_name"] == "Demo: Request a demo"
        assert contact["num_conversion_events"] == str(times)
    newest = hubspot_http.get(SUBMISSIONS, params={"limit": 50}).json()["results"]
    mine = [s for s in newest if {"name": "email", "value": email, "objectTypeId": "0-1"} in s["values"]]
    assert len(mine) == 2
    moments = [s["submittedAt"] for s in newest]
    assert moments == sorted(moments, reverse=True)
    assert contact["hs_calculated_form_submissions"].startswith(f"{DEMO}:0:{mine[0]['submittedAt']};")
    events = hubspot_http.get(
        "/events/event-occurrences/2026-09", params={"objectType": "contact", "objectId": contact["id"]}
    ).json()["results"]
    assert [event["eventType"] for event in events] == ["e_submitted_form"] * 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (SUBMIT, {"fields": [{"name": "email", "value": "nobody"}]}, 400),
        (SUBMIT, {"fields": "x"}, 400),
        (SUBMIT.replace(DEMO, "0"), {"fields": []}, 404),
        (SUBMIT.replace("4242424", "1"), {"fields": []}, 404),
    ],
)
def test_submissions_that_are_refused(hubspot_http: httpx.Client, path: str, body: dict[str, Any], status: int) -> None:
    response = httpx.post(f"{hubspot_http.base_url}{path}", json=body)
    assert response.status_code == status
    assert response.json()["errors"][0]["errorType"]


def test_submissions_page_without_loss(hubspot_http: httpx.Client) -> None:
    path = SUBMISSIONS.replace(DEMO, DEMO[:-1] + "5")
    seen: list[str] = []
    after = ""
    while True:
        page = hubspot_http.get(path, params={"limit": 7, "after": after}).json()
        seen += [s["conversionId"] for s in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after", "")
        if not after:
            break
    assert len(seen) == len(set(seen)) > 14
    assert hubspot_http.get(path, params={"limit": 51}).status_code == 400


def test_a_page_view_moves_the_modification_stamp(
    sandbox_server: RunningSandbox, hubspot_http: httpx.Client, new_email: NewEmail
) -> None:
    email = new_email()
    sandbox_server.act("contact", email=email)
    names = ("hs_analytics_num_page_views", "hs_analytics_num_visits", "lastmodifieddate")
    before = contact_of(hubspot_http, email, *names)
    sandbox_server.act("page_view", email=email, path="/pricing")
    sandbox_server.act("page_view", email=email, path="/security")
    after = contact_of(hubspot_http, email, *names)
    assert (after["hs_analytics_num_page_views"], after["hs_analytics_num_visits"]) == ("2", "1")
    assert after["lastmodifieddate"] > before["lastmodifieddate"]
    sandbox_server.act("email_open", email=email, clicked=True)
    assert contact_of(hubspot_http, email, "hs_email_click", "hs_email_open")["hs_email_click"] == "1"


def test_a_demo_request_is_a_lead_that_can_be_handed_over(
    sandbox_server: RunningSandbox, hubspot_http: httpx.Client
) -> None:
    act = sandbox_server.act("demo_request", country="Germany", employees=750)
    contact = contact_of(
        hubspot_http, act["email"], "jobtitle", "country", "associatedcompanyid", "recent_conversion_event_name"
    )
    assert contact["id"] == act["contactId"]
    assert contact["country"] == "Germany"
    assert contact["jobtitle"]
    assert contact["recent_conversion_event_name"].endswith("Request a demo")
    company = hubspot_http.get(
        f"/crm/objects/2026-09/companies/{contact['associatedcompanyid']}",
        params={"properties": "numberofemployees,industry,country"},
    ).json()["properties"]
    assert (company["numberofemployees"], company["country"]) == ("750", "Germany")
    assert company["industry"]
    visits = hubspot_http.get(
        "/events/v3/events",
        params={"objectType": "contact", "objectId": act["contactId"], "eventType": "e_visited_page", "limit": 2},
    ).json()["results"]
    assert [v["properties"]["hs_url"] for v in visits] == ["https://www.brightwell.example/pricing"] * 2
    assert all(v["occurredAt"] < act["occurredAt"] for v in visits)


def test_each_demo_request_is_another_lead(sandbox_server: RunningSandbox) -> None:
    acts = [sandbox_server.act("demo_request") for _ in range(30)]
    assert len({act["contactId"] for act in acts}) == 30


def test_an_act_that_does_not_exist(sandbox_server: RunningSandbox) -> None:
    response = httpx.post(f"{sandbox_server.url}/_sandbox/act/dance")
    assert response.status_code == 404
    assert "demo_request" in response.json()["message"]


def test_no_events_without_the_plan() -> None:
    with running_sandbox(SANDBOX_ENTERPRISE="off") as sandbox:
        headers = {"Authorization": f"Bearer {Settings().hubspot_token}"}
        response = httpx.get(f"{sandbox.url}/events/event-occurrences/2026-09", headers=headers)
        assert response.status_code == 403
        assert response.json()["category"] == "MISSING_SCOPES"
