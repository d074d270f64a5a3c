"""What Handoff adds to Airflow: the web app below `/handoff`, its pages in the menu, and a note on each run."""

import logging
from functools import cache
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from fastapi import FastAPI

from handoff.airflow_kit import wake_line
from handoff.web import signing
from handoff.web.app import PREFIX, app

log = logging.getLogger(__name__)
app.state.wake = wake_line


@cache
def web_app() -> FastAPI:
    """The web app with its pages, which only whoever is signed in to Airflow may see."""
    # The API server's alone: other processes that load this plugin have neither pages nor an auth manager.
    from handoff.airflow_guard import may_look
    from handoff.web.answering import get_ready
    from handoff.web.pages.router import mount

    mount(app, may_look)
    get_ready()
    return app


class RunNotes:
    """Copies the note that the line wrote about a run to where one reads it: the run, in the Airflow UI."""

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        self._note(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        self._note(dag_run)

    @staticmethod
    def _note(dag_run: Any) -> None:
        if dag_run.dag_id != "handoff_line" or dag_run.note:
            return
        from handoff.ledger import db, runs

        with db.connect() as connection:
            note = runs.note_of(connection, dag_run.run_id)
        if note:
            dag_run.note = note


class HandoffPlugin(AirflowPlugin):
    """Registered by Airflow from `plugins/`."""

    name = "handoff"
    listeners: ClassVar[list[Any]] = [RunNotes()]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """The web app; nothing where a secret that it would verify with is configured wrongly.

        Asked for by the API server alone, which starts all the same: people need Airflow to see what is wrong.
        """
        try:
            signing.check()
        except signing.BadSecret as error:
            log.error("The web app below %s is not mounted: %s", PREFIX, error)
            return []
        return [{"app": web_app(), "url_prefix": PREFIX, "name": "Handoff"}]

    @property
    def external_views(self) -> list[dict[str, Any]]:
        """The pages in Airflow's menu; nothing where the web app is not mounted.

        Addresses are relative to Airflow's own, which may lie below a path.
        """
        place = PREFIX.removeprefix("/")
        pages = {
            "name": "Handoff",
            "href": f"{place}/handoffs",
            "destination": "nav",
            "url_route": "handoff",
            "nav_top_level": True,
            "icon": f"{place}/static/handoff.svg",
        }
        return [pages] if self.fastapi_apps else []
