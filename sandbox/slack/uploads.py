"""Slack's files.* methods: ask for an address, and share what was sent there."""

from sandbox import clock
from sandbox.slack import blocks
from sandbox.slack.arguments import Args, required
from sandbox.slack.errors import SlackError
from sandbox.slack.workspace import Share, Workspace

LARGEST = 1 << 30
"""Bytes of one file."""
SHARE_MILLISECONDS = 1000
"""Sharing happens after the answer, so that no time stamp is in it."""


def get_upload_url(slack: Workspace, args: Args) -> Args:
    """The address for one file's bytes."""
    name, length = required(args, "filename"), required(args, "length")
    if not length.isdecimal() or int(length) < 1:
        raise SlackError("invalid_arguments", ["[ERROR] must be a positive number [json-pointer:/length]"])
    if int(length) > LARGEST:
        raise SlackError("file_upload_size_restricted")
    file = slack.files.start(name)
    return {"upload_url": f"{slack.address}/api/upload/v1/{file.key}", "file_id": file.file_id}


def complete_upload(slack: Workspace, args: Args) -> Args:
    """End uploads, once for each, and share the files where the arguments say, soon."""
    given = args.get("files")
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: files"])
    files = [slack.files.by_id.get(str(each.get("id"))) for each in given]
    ready = [file for file in files if file and file.content is not None and not file.is_complete]
    if len(ready) < len(given):
        raise SlackError("file_not_found")
    named = [args.get("channel_id"), *str(args.get("channels") or "").split(",")]
    channels = [slack.writable(str(each)) for each in named if each]
    body: Args = {"text": str(args.get("initial_comment") or ""), "upload": True}
    if args.get("blocks") and not body["text"]:
        if wrong := blocks.faults(args["blocks"]):
            raise SlackError("invalid_blocks", wrong)
        body["blocks"] = blocks.named(args["blocks"])
    for file, each in zip(ready, given, strict=True):
        file.is_complete, file.title = True, str(each.get("title") or "")
    body["files"] = [file.body() for file in ready]
    due = clock.now() + SHARE_MILLISECONDS
    slack.shares += [Share(due, channel, body, args.get("thread_ts")) for channel in channels]
    return {"files": body["files"]}
