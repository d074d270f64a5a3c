"""An app on a real server of this machine, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from handoff.local import progress, scratch


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app's address until the block ends."""
    port = scratch.free_port()
    running = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    assert progress.wait(lambda: running.started, timeout_s=30, interval_s=0.05)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()
