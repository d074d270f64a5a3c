"""Put leads into HubSpot as a seller's systems would: records through the vendor's client, behaviour by tracking.

Records: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide
Form submissions: https://developers.hubspot.com/docs/api-reference/latest/marketing/forms/v3/submit-data
"""

import http.client
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubspot import HubSpot
from hubspot.crm import contacts, objects

from bench.leads_file import Rejected
from bench.leads_mapping import Behaviour
from bench.leads_row import Lead
from bench.own_line import Say
from sandbox.settings import PORTAL_ID, Settings

BATCH = 100
TO_CONTACT = {"calls": 194, "emails": 198, "meetings": 200, "communications": 81}
"""HubSpot's type ids of the association from an activity to its contact."""
SITE = "https://www.brightwell.example"


@dataclass
class Loaded:
    """What the CRM took: contact ids by lead id, how often each act happened, and the rows that it refused."""

    contact_ids: dict[str, str] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)


def load(url: str, leads: Sequence[Lead], at: datetime, say: Say) -> Loaded:
    """Create the leads' contacts and let everything they did happen.

    Args:
        url: the sandbox, without a trailing slash.
        at: when the activities took place; page views, mail and forms happen as they are sent.
    """
    client = HubSpot(access_token=Settings().hubspot_token, host=url)
    loaded = Loaded()
    for batch in _batches(leads):
        _create_contacts(client, batch, loaded)
    say(f"{len(loaded.contact_ids)} contacts created")
    taken = [lead for lead in leads if lead.id in loaded.contact_ids]
    for kind in TO_CONTACT:
        doings = [(lead, act) for lead in taken for act, times in lead.acts if act.act == kind for _ in range(times)]
        for several in _batches(doings):
            _create_activities(client, kind, several, loaded, at)
        loaded.acts[kind] += len(doings)
    tracked = _Tracker(url)
    for done, lead in enumerate(taken, start=1):
        for act, times in lead.acts:
            if act.act not in TO_CONTACT:
                for _ in range(times):
                    tracked.happen(act, loaded.contact_ids[lead.id], lead.email)
                loaded.acts[act.act] += times
        if done % 500 == 0:
            say(f"{done} of {len(taken)} leads' behaviour, {loaded.acts.total()} acts")
    return loaded


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _create_contacts(client: HubSpot, leads: Sequence[Lead], loaded: Loaded) -> None:
    """A batch in which each input carries a trace id stands input by input; without, one bad value refuses all."""
    by_row = {str(lead.row): lead for lead in leads}
    inputs = [
        contacts.SimplePublicObjectBatchInputForCreate(
            properties={"email": lead.email, **lead.properties}, object_write_trace_id=row
        )
        for row, lead in by_row.items()
    ]
    answer = client.crm.contacts.batch_api.create(
        contacts.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    )
    for made in answer.results:
        loaded.contact_ids[by_row.pop(made.object_write_trace_id).id] = made.id
    for error in getattr(answer, "errors", None) or []:
        for row in error.context["objectWriteTraceId"]:
            lead = by_row.pop(row)
            remedy = "correct the value that HubSpot names"
            loaded.rejected.append(Rejected(lead.row, lead.id, "contact", f"HubSpot: {error.message}", remedy))
    if by_row:
        raise RuntimeError(f"HubSpot neither created nor refused the leads of rows {', '.join(by_row)}")


def _create_activities(
    client: HubSpot, kind: str, doings: Sequence[tuple[Lead, Behaviour]], loaded: Loaded, at: datetime
) -> None:
    spec = objects.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=TO_CONTACT[kind])
    inputs = [
        objects.SimplePublicObjectBatchInputForCreate(
            properties={"hs_timestamp": at.isoformat(), **act.properties},
            associations=[
                objects.PublicAssociationsForObject(
                    to=objects.PublicObjectId(id=loaded.contact_ids[lead.id]), types=[spec]
                )
            ],
        )
        for lead, act in doings
    ]
    client.crm.objects.batch_api.create(kind, objects.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))


class _Tracker:
    """One connection over which tens of thousands of acts go."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)

    def happen(self, act: Behaviour, contact_id: str, email: str) -> None:
        if act.act == "form":
            fields = [{"objectTypeId": "0-1", "name": "email", "value": email}]
            body = {"fields": fields, "context": {"pageUri": SITE + act.path}}
            self._post(f"/submissions/v3/integration/submit/{PORTAL_ID}/{act.form}", body)
        elif act.act == "page_view":
            self._post("/_sandbox/act/page_view", {"contact_id": contact_id, "path": act.path})
        else:
            clicked = str(act.act == "email_click").lower()
            self._post("/_sandbox/act/email_open", {"contact_id": contact_id, "clicked": clicked})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"POST {path} answered {answer.status}: {text.decode(errors='replace')[:500]}")
