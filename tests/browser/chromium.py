"""Debian's Chromium, driven by Playwright, which brings none of its own here."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Visit:
    """One page in one browser window, with everything that went wrong while it was open."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    """Hosts of the requests that the page's own policy did not let out."""

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type != "log" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        self.page.on(
            "requestfailed",
            lambda request: self.stopped.add(urlsplit(request.url).netloc) if request.failure == "csp" else None,
        )
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))


@contextmanager
def running() -> Iterator[Browser]:
    """A browser until the block ends."""
    found = shutil.which("chromium")
    assert found, "Chromium is missing: tests/browser/install.sh installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()
