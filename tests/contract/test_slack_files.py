"""Uploads in three steps, as Slack's own client makes them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox import clock
from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox

CONTENT = b"week,leads\n46,112\n"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.control("POST", "reset")
    return running


@pytest.fixture
def client(sandbox: RunningSandbox) -> WebClient:
    return WebClient(token=Settings().slack_token, base_url=f"{sandbox.url}/api/", retry_handlers=[])


def shared(client: WebClient, channel: str) -> list[dict[str, Any]]:
    """The channel's messages with files, once there are some."""
    for _ in range(100):
        found = [m for m in client.conversations_history(channel=channel)["messages"] if "files" in m]
        if found:
            return found
        clock.pause(0.05)
    return []


def refusal(client: WebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        client.api_call(method, json=args)
    return str(error.value.response["error"])


def uploaded(client: WebClient) -> str:
    """Id of a file whose bytes are there."""
    started = client.files_getUploadURLExternal(filename="review.csv", length=len(CONTENT))
    assert httpx.post(started["upload_url"], content=CONTENT).text == f"OK - {len(CONTENT)}"
    return str(started["file_id"])


def test_the_client_s_own_upload_is_shared_as_a_message(sandbox: RunningSandbox, client: WebClient) -> None:
    done = client.files_upload_v2(
        channel="C0REVIEW00", content=CONTENT, filename="review.csv", title="Week 46", initial_comment="The week"
    )
    assert "ts" not in done
    (message,) = shared(client, "C0REVIEW00")
    (file,) = message["files"]
    assert (message["text"], message["bot_id"]) == ("The week", "B0HANDOFF0")
    assert (file["id"], file["title"], file["mimetype"], file["size"]) == (
        done["files"][0]["id"],
        "Week 46",
        "text/csv",
        len(CONTENT),
    )
    assert httpx.get(sandbox.url + file["permalink"]).content == CONTENT
    assert "Week 46" in httpx.get(f"{sandbox.url}/slack?channel=C0REVIEW00").text


def test_a_share_comes_after_the_answer(sandbox: RunningSandbox, client: WebClient) -> None:
    client.files_completeUploadExternal(files=[{"id": uploaded(client)}], channel_id="C0REVIEW00")
    assert sandbox.control("GET", "slack/messages?channel=C0REVIEW00")["messages"] == []
    assert shared(client, "C0REVIEW00")


def test_bytes_as_a_form(client: WebClient) -> None:
    started = client.files_getUploadURLExternal(filename="review.csv", length=len(CONTENT))
    answer = httpx.post(started["upload_url"], files={"filename": ("review.csv", CONTENT)})
    assert (answer.status_code, answer.text) == (200, f"OK - {len(CONTENT)}")
    client.files_completeUploadExternal(files=[{"id": started["file_id"]}])
    assert httpx.post(started["upload_url"], content=b"something else").status_code == 404


def test_only_once(sandbox: RunningSandbox, client: WebClient) -> None:
    file_id = uploaded(client)
    assert client.files_completeUploadExternal(files=[{"id": file_id}], channels=["C0REVIEW00", "C0HANDOFFS"])["ok"]
    again = {"files": [{"id": file_id}], "channel_id": "C0REVIEW00"}
    assert refusal(client, "files.completeUploadExternal", **again) == "file_not_found"
    assert len(shared(client, "C0HANDOFFS")) == len(shared(client, "C0REVIEW00")) == 1


def test_without_a_channel_nobody_sees_it(sandbox: RunningSandbox, client: WebClient) -> None:
    file_id = uploaded(client)
    client.files_completeUploadExternal(files=[{"id": file_id}])
    other = client.files_completeUploadExternal(files=[{"id": uploaded(client)}], channel_id="C0REVIEW00")
    assert [m["files"][0]["id"] for m in shared(client, "C0REVIEW00")] == [other["files"][0]["id"]]


def test_what_is_refused(sandbox: RunningSandbox, client: WebClient) -> None:
    no_bytes = client.files_getUploadURLExternal(filename="empty.csv", length=1)["file_id"]
    for files in ([{"id": no_bytes}], [{"id": "F0NOBODY"}]):
        assert refusal(client, "files.completeUploadExternal", files=files) == "file_not_found"
    too_large = {"filename": "x", "length": (1 << 30) + 1}
    assert refusal(client, "files.getUploadURLExternal", **too_large) == "file_upload_size_restricted"
    assert refusal(client, "files.getUploadURLExternal", filename="x", length=0) == "invalid_arguments"
    sandbox.control("POST", "slack/channel", {"channel": "C0REVIEW00", "member": False})
    share = {"files": [{"id": uploaded(client)}], "channel_id": "C0REVIEW00"}
    assert refusal(client, "files.completeUploadExternal", **share) == "not_in_channel"
    assert httpx.post(f"{sandbox.url}/api/upload/v1/guessed", content=b"x").status_code == 404
