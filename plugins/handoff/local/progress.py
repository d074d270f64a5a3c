"""Progress for a person: a line per step while it works, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

Say = Callable[[str], None]

console = Console(highlight=False)


@contextmanager
def step(title: str) -> Iterator[Say]:
    """Show `title` while the block works; the yielded function shows what it is at.

    On a terminal the detail stands in one changing line; in a file each new detail is a line.
    """
    started = time.monotonic()
    last = ""

    if console.is_terminal:
        with console.status(title) as status:
            yield lambda detail: status.update(f"{title} [dim]{detail}[/]")
    else:

        def say(detail: str) -> None:
            nonlocal last
            if detail != last:
                console.print(f"  · {title}: {detail}")
            last = detail

        yield say
    console.print(f"  [green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]")


def wait(
    is_done: Callable[[], bool],
    *,
    timeout_s: float,
    interval_s: float = 0.25,
    on_wait: Callable[[], None] | None = None,
) -> bool:
    """Ask until the answer is yes; False after `timeout_s` seconds without one."""
    deadline = time.monotonic() + timeout_s
    while not is_done():
        if time.monotonic() > deadline:
            return False
        if on_wait:
            on_wait()
        time.sleep(interval_s)
    return True
