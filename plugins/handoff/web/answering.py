"""What the web app does with a stored answer from Slack: apply it while the person waits, and carry on afterwards."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from handoff import clock, crash
from handoff.ledger import db
from handoff.web.door import in_thread

if TYPE_CHECKING:
    from handoff.watch.answers import Form, Outcome

log = logging.getLogger(__name__)

APPLY_SECONDS = 2.0
"""At the most, and never beyond the request's own time: an answer that takes longer is finished all the same, by its
thread or by the watch."""
STATEMENT_MILLISECONDS = 1500
TRANSACTION_MILLISECONDS = 5000
NOT_IN_TIME = "Slack did not open the form. Press Reject again."

# Own threads: a form has three seconds, and must not stand behind anything that waits for Slack's limits.
_FORMS = ThreadPoolExecutor(2, "handoff-forms")
_DELIVERY = ThreadPoolExecutor(1, "handoff-delivery")


class Answering:
    """Applies answers, and counts what became of them.

    :param wake: wakes the line, which carries out what else an answer has queued.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.counts: Counter[str] = Counter()
        """Answers since the process began, by what became of them; "later" for those left to the watch."""
        self._wake = wake
        self._is_queued = threading.Event()

    async def answer(self, event_key: str, received_at: datetime) -> Response:
        """Apply a stored answer; what Slack is to hear of it, with what follows once it has heard.

        Never fails: the answer is stored, so the watch applies it within a minute if this cannot.
        """
        try:
            outcome = await asyncio.wait_for(in_thread(partial(_apply, event_key, received_at)), APPLY_SECONDS)
        except Exception:
            log.warning("an answer in Slack is left to the watch: inbox event %s", event_key, exc_info=True)
            self.counts["later"] += 1
            return Response()
        self.counts[outcome.label if outcome else "elsewhere"] += 1
        if outcome is None:
            return Response()
        if outcome.errors:
            return JSONResponse({"response_action": "errors", "errors": outcome.errors})
        return Response(background=BackgroundTask(self._afterwards, outcome))

    async def _afterwards(self, outcome: "Outcome") -> None:
        loop = asyncio.get_running_loop()
        has_effects = outcome.has_effects
        if outcome.form:
            has_effects = await loop.run_in_executor(_FORMS, open_form, outcome.form)
        if not has_effects:
            return
        await run_in_threadpool(self._wake)
        if not self._is_queued.is_set():
            self._is_queued.set()
            await loop.run_in_executor(_DELIVERY, self._deliver)

    def _deliver(self) -> None:
        """Send what somebody waits for; whatever is queued from now on needs another turn."""
        from handoff.notify.deliver import ANSWERS, deliver

        self._is_queued.clear()
        try:
            with db.connect() as connection:
                deliver(connection, kinds=ANSWERS)
        except Exception:
            log.warning("what follows an answer is left to the line", exc_info=True)


def get_ready() -> None:
    """Import what the first press would otherwise wait for; for the process that serves the app, and no other."""
    import handoff.clients.slack
    import handoff.notify.deliver
    import handoff.watch.answers  # noqa: F401


def _apply(event_key: str, received_at: datetime) -> "Outcome | None":
    from handoff.watch import answers

    with db.connect() as connection:
        connection.execute(f"set statement_timeout = {STATEMENT_MILLISECONDS}")
        connection.execute(f"set transaction_timeout = {TRANSACTION_MILLISECONDS}")
        return answers.apply(connection, event_key, received_at, is_live=True)


def open_form(form: "Form") -> bool:
    """Open a form; returns whether its person is told that it could not be."""
    from handoff.clients.slack import SlackHook
    from handoff.clients.slack_errors import SlackError
    from handoff.notify import cards

    try:
        SlackHook().open_view(form.trigger_id, form.view)
    except (SlackError, psycopg.Error) as problem:
        log.warning("a form was not opened: %s", problem)
        try:
            with db.connect() as connection:
                cards.whisper(connection, form.key, form.channel, form.user_id, NOT_IN_TIME, clock.now())
            crash.point("watch.answer.unopened")
        except psycopg.Error:
            return False
        return True
    return False
