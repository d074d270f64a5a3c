"""How Slack says no."""


class SlackError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, error: str, messages: list[str] | None = None, retry_after: int = 0) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.retry_after = retry_after
