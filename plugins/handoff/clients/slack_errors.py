"""Slack's answers, sorted by what they say about delivery.

Errors come as HTTP 200 with `ok: false`: https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from typing import Any

from handoff.clients.retry_after import seconds

REFUSED_FOR_ALL = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope"}
    | {"no_permission", "org_login_required", "ekm_access_denied", "team_access_not_granted", "access_denied"}
)
"""The workspace refuses the app, not the message: the queue is kept."""
REFUSED = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_found", "user_disabled", "user_not_visible"}
    | {"cannot_dm_bot", "users_not_found", "no_text", "msg_too_long", "invalid_blocks", "invalid_blocks_format"}
    | {"metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", "too_many_attachments"}
    | {"messages_tab_disabled", "slack_connect_canvas_sharing_blocked", "as_user_not_supported", "invalid_arguments"}
    | {"message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch", "user_not_in_channel"}
    | {"thread_not_found", "cannot_reply_to_message", "view_too_large", "push_limit_reached"}
    | {"invalid_trigger_id", "exchanged_trigger_id", "expired_trigger_id", "trigger_expired"}
)
"""The message, or its addressee, is the problem. `restricted_action*` belongs here too."""
FAULTS = frozenset({"", "fatal_error", "internal_error", "service_unavailable", "request_timeout"})
"""Slack failed; "" is an answer that could not be read, or none."""
RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})


class SlackError(RuntimeError):
    """Slack did not do what was asked; `code` is its own word for why, "" when there was no answer."""

    def __init__(self, error: str, code: str = ""):
        super().__init__(f"Slack: {error}")
        self.code = code


class NotSent(SlackError):
    """Certainly nothing happened, and it may work later; `is_vendor_wide`: until then nothing else works either.

    `is_rate_limit`: Slack refused it as one too many.
    """

    def __init__(self, error: str, retry_after_s: float, is_vendor_wide: bool = False, is_rate_limit: bool = False):
        super().__init__(error)
        self.retry_after_s = retry_after_s
        self.is_vendor_wide = is_vendor_wide
        self.is_rate_limit = is_rate_limit


class Refused(SlackError):
    """Certainly nothing happened, and asking again will not help."""


class NoClearAnswer(SlackError):
    """It may or may not have happened: a timeout, a lost connection, a fault, an unreadable answer."""


def typed(method: str, status: int, retry_after: str | None, body: dict[str, Any]) -> SlackError:
    """The error that an unsuccessful answer stands for.

    Args:
        status: of the HTTP answer.
        retry_after: its header, in seconds.
        body: its JSON object, {} when it was none.
    """
    code = str(body.get("error") or "")
    what = f"{method}: {code[:200] or f'HTTP {status}'}"
    detail = "; ".join(map(str, (body.get("response_metadata") or {}).get("messages") or ()))[:300]
    said = f"{what} ({detail})" if detail else what
    if status == 429 or code in RATE_LIMITED:
        return NotSent(said, seconds(retry_after), is_rate_limit=True)
    if status == 200 and code in REFUSED_FOR_ALL:
        return NotSent(f"{said}; check the app's token and scopes", 60.0, is_vendor_wide=True)
    if status == 200 and (code in REFUSED or code.startswith("restricted_action")):
        return Refused(said, code)
    # The vendor's client puts a sentence of its own where it could not read the answer.
    return NoClearAnswer(said, code if code.isidentifier() else "")


def is_fault(problem: Exception) -> bool:
    """Whether Slack failed, rather than refused."""
    return isinstance(problem, NoClearAnswer) and problem.code in FAULTS
