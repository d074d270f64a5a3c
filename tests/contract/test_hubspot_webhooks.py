"""Webhooks: the vendor's signature vectors, and what a receiver gets."""

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from hubspot.utils.signature import Signature

from sandbox.hubspot.webhooks import sign
from sandbox.settings import Settings
from sandbox.testing import running_sandbox

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URI = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        ("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
    ],
)
def test_the_vendor_s_vectors(timestamp: str, expected: str) -> None:
    assert sign(SECRET, "POST", URI, BODY, timestamp) == expected


def test_listed_characters_are_decoded_before_signing() -> None:
    coded = sign(SECRET, "POST", "https://x.example/a%3Fb%40c%20d", BODY, "1")
    assert coded == sign(SECRET, "POST", "https://x.example/a?b@c%20d", BODY, "1")


@dataclass
class Receiver:
    """A web server that keeps what it is sent, and answers with the statuses it is given."""

    url: str = ""
    got: "queue.Queue[tuple[dict[str, str], bytes]]" = field(default_factory=queue.Queue)
    statuses: list[int] = field(default_factory=list)

    def take(self) -> tuple[dict[str, str], list[dict[str, Any]]]:
        headers, body = self.got.get(timeout=30)
        return headers, json.loads(body)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.put(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hubspot/webhook"
    yield kept
    server.shutdown()
    server.server_close()


def test_changes_arrive_signed_and_in_order(receiver: Receiver) -> None:
    with running_sandbox(webhook_url=receiver.url) as sandbox:
        act = sandbox.act("contact", email="first@webhook.example", properties={"city": "Graz"})
        headers, events = receiver.take()
        body = json.dumps(events)
        assert Signature.is_valid(
            signature=headers["x-hubspot-signature-v3"],
            client_secret=Settings().hubspot_secret,
            request_body=body,
            http_uri=receiver.url,
            signature_version="v3",
            timestamp=headers["x-hubspot-request-timestamp"],
        )
        assert events[0]["subscriptionType"] == "contact.creation"
        assert events[0]["changeFlag"] == "NEW"
        changed = {e["propertyName"]: e["propertyValue"] for e in events[1:]}
        assert changed == {"email": "first@webhook.example", "city": "Graz", "lifecyclestage": "lead"}
        assert {e["objectId"] for e in events} == {int(act["contactId"])}
        assert {(e["portalId"], e["attemptNumber"]) for e in events} == {(4242424, 0)}
        assert not any("lastmodifieddate" in name for name in changed)


def test_an_array_that_was_not_taken_comes_again(receiver: Receiver) -> None:
    receiver.statuses = [500, 404]
    with running_sandbox(webhook_url=receiver.url) as sandbox:
        sandbox.act("contact", email="again@webhook.example")
        sandbox.act("contact", email="later@webhook.example")
        attempts = [receiver.take()[1] for _ in range(3)]
        assert [events[0]["attemptNumber"] for events in attempts] == [0, 1, 2]
        assert len({events[0]["objectId"] for events in attempts}) == 1
        assert receiver.take()[1][0]["objectId"] == attempts[0][0]["objectId"] + 1


def test_a_dead_receiver_never_holds_a_call_up(receiver: Receiver) -> None:
    with running_sandbox(webhook_url="http://127.0.0.1:9/nobody") as sandbox:
        headers = {"Authorization": f"Bearer {Settings().hubspot_token}"}
        for number in range(20):
            body = {"properties": {"email": f"n{number}@webhook.example"}}
            httpx.post(f"{sandbox.url}/crm/v3/objects/contacts", json=body, headers=headers).raise_for_status()
        state = sandbox.control("GET", "webhooks")
        assert state["delivered"] == 0
        assert state["waiting"] > 0
        sandbox.control("POST", "webhooks", {"url": receiver.url})
        sandbox.act("contact", email="moved@webhook.example")
        assert receiver.take()[1][0]["subscriptionType"] == "contact.creation"


def test_merges_and_associations(receiver: Receiver) -> None:
    with running_sandbox(webhook_url=receiver.url) as sandbox:
        headers = {"Authorization": f"Bearer {Settings().hubspot_token}"}
        with httpx.Client(base_url=f"{sandbox.url}/crm/objects/2026-09", headers=headers) as client:
            ids = [
                client.post("/contacts", json={"properties": {"email": f"{name}@merge.example"}}).json()["id"]
                for name in "ab"
            ]
            company = client.post("/companies", json={"properties": {"name": "M"}}).json()["id"]
            client.put(f"/contacts/{ids[0]}/associations/default/companies/{company}")
            body = {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}
            merged = client.post("/contacts/merge", json=body).json()["id"]
        events: dict[str, dict[str, Any]] = {}
        while "contact.merge" not in events:
            events |= {event["subscriptionType"]: event for event in receiver.take()[1]}
        link = events["contact.associationChange"]
        assert (link["fromObjectId"], link["toObjectId"]) == (int(ids[0]), int(company))
        merge = events["contact.merge"]
        assert merge["newObjectId"] == int(merged)
        assert [merge["primaryObjectId"], *merge["mergedObjectIds"]] == [int(i) for i in ids]
