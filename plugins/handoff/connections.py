"""Credentials, from Airflow Connections only.

A connection given by environment (`AIRFLOW_CONN_<ID>`, the JSON form) is read directly, so that the command line
does not pay for importing Airflow; any other secrets backend is asked through Airflow.
"""

import json
import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

HUBSPOT = "hubspot"
SLACK = "slack"
APOLLO = "apollo"
DB = "handoff_db"
"""Postgres, as role `handoff_app`: reads everything, appends to `raw`, writes the ledger."""
DBT = "handoff_dbt"
"""Postgres, as role `handoff_dbt`: owns dbt's schemas, reads `raw` and the ledger."""
ADMIN = "handoff_admin"
"""Postgres, as a role that may create roles and schemas; used by `handoff db migrate` only."""

BI = "handoff_bi"
"""Postgres, as role `bi_reader`: reads `marts` and nothing else; `handoff db reader` lets it log in."""


class MissingConnection(LookupError):
    """A connection that the caller needs is not configured."""


@dataclass(frozen=True)
class Credentials:
    """One Airflow Connection, without Airflow."""

    conn_id: str
    host: str
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def dsn(self) -> str:
        """libpq connection URI; for the Postgres connections."""
        user = quote(self.login or "", safe="")
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return f"postgresql://{user}{secret}@{self.host}:{self.port or 5432}/{self.schema or ''}"


def get(conn_id: str) -> Credentials:
    """Look a connection up.

    Raises:
        MissingConnection: nothing by that id is configured; the message says how to add it.
    """
    text = os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}", "")
    if text.lstrip().startswith("{"):
        value = json.loads(text)
        extra = value.get("extra") or {}
        return Credentials(
            conn_id=conn_id,
            host=value.get("host") or "",
            port=int(value["port"]) if value.get("port") else None,
            login=value.get("login"),
            password=value.get("password"),
            schema=value.get("schema"),
            extra=json.loads(extra) if isinstance(extra, str) else extra,
        )
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as missing:
        raise MissingConnection(
            f"the Airflow connection {conn_id!r} is not configured: add it in the UI under Admin > Connections, "
            f"or set AIRFLOW_CONN_{conn_id.upper()} to its JSON form"
        ) from missing
    return Credentials(
        conn_id=conn_id,
        host=connection.host or "",
        port=connection.port,
        login=connection.login,
        password=connection.password,
        schema=connection.schema,
        extra=connection.extra_dejson,
    )


def team_channel(own: str | None) -> str:
    """Where copies of a rep's cards go: the rep's row's channel, or, without one or with `none`, the one of Slack's
    connection."""
    return own if own and own != "none" else str(get(SLACK).extra.get("channel", "#mql-handoffs"))
