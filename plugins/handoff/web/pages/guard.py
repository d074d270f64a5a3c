"""What a guard says about a request: nothing, when its sender may look, or one of these."""

from collections.abc import Awaitable, Callable

from fastapi import Request

Guard = Callable[[Request], Awaitable[None]]
"""Raises `NotSignedIn` or `NotAllowed`; asked before each page and each static file."""


class NotSignedIn(Exception):
    """Nobody is signed in. `login_url` is where one signs in, and is brought back to the page from."""

    def __init__(self, login_url: str) -> None:
        super().__init__("sign in to Airflow")
        self.login_url = login_url


class NotAllowed(Exception):
    """Somebody is signed in who may not look; the message says which right is missing and who can give it."""
