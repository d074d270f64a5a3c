"""A file below a message: an address is asked for, the bytes go there, and only then anybody sees it.

https://docs.slack.dev/reference/methods/files.completeUploadExternal
"""

from datetime import datetime
from typing import Any

import httpx

from handoff.clients.slack import TIMEOUT_S, SlackHook
from handoff.clients.slack_errors import NoClearAnswer, NotSent

AGAIN_S = 30.0


def share(slack: SlackHook, channel_id: str, thread_ts: str, name: str, title: str, content: bytes) -> dict[str, Any]:
    """Upload a file and share it below a message; returns its `channel` id and `file` id.

    Nothing that fails before the last call has been seen by anybody. The share itself follows Slack's answer by a
    moment.

    Raises:
        SlackError: of the class that says whether it took effect.
    """
    asked = slack.call("files.getUploadURLExternal", {"filename": name, "length": len(content)}, form=True)
    try:
        answer = httpx.post(str(asked["upload_url"]), content=content, timeout=TIMEOUT_S)
    except httpx.HTTPError as problem:
        raise NotSent(f"upload of {name}: {type(problem).__name__}: {problem}", AGAIN_S) from problem
    if answer.status_code != 200:
        raise NotSent(f"upload of {name}: HTTP {answer.status_code}", AGAIN_S)
    files = [{"id": str(asked["file_id"]), "title": title}]
    given = {"files": files, "channel_id": channel_id, "thread_ts": thread_ts}
    done = slack.call("files.completeUploadExternal", given)
    if not done.get("files"):
        raise NoClearAnswer("files.completeUploadExternal: answered ok without files")
    return {"channel": channel_id, "ts": thread_ts, "file": str(asked["file_id"])}


def find(slack: SlackHook, channel_id: str, thread_ts: str, name: str, since: datetime) -> dict[str, Any] | None:
    """The file of that name below a message, None if there is none."""
    for message in slack.messages(channel_id, since, thread_ts):
        for file in message.get("files") or ():
            if file.get("name") == name:
                return {"channel": channel_id, "ts": thread_ts, "file": str(file["id"])}
    return None
