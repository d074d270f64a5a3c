"""Data Docs: the last result of each gate as a page that Great Expectations' own renderer wrote.

Kept in the ledger, so that the web app may run on another machine than the gates, and looks pages up by name instead of
opening files.
"""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from handoff.gates.plain_html import plain
from handoff.ledger.db import Connection, Row


def keep(connection: Connection, gate: str, validation: dict[str, object], as_of: datetime) -> None:
    """Remember a gate's last result; its page follows when it is rendered."""
    connection.execute(
        """insert into handoff.gate_documents (gate, evaluated_at, validation) values (%s, %s, %s)
        on conflict (gate) do update set evaluated_at = excluded.evaluated_at, validation = excluded.validation""",
        (gate, as_of, Jsonb(validation)),
    )


def render(connection: Connection, as_of: datetime, gate: str | None = None) -> int:
    """Write the pages of results that have none yet, of one gate or of all; returns how many."""
    rows = connection.execute(
        """select gate, validation from handoff.gate_documents
        where (%(gate)s::text is null or gate = %(gate)s) and (rendered_at is null or rendered_at < evaluated_at)""",
        {"gate": gate},
    ).fetchall()
    for row in rows:
        connection.execute(
            "update handoff.gate_documents set page = %s, rendered_at = %s where gate = %s",
            (page(row["validation"]), as_of, row["gate"]),
        )
    return len(rows)


def page(validation: dict[str, object]) -> str:
    """The page's content: plain HTML without script, style or address, to stand in a page of ours."""
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    result = expectationSuiteValidationResultSchema.load(validation)
    result.meta.setdefault("run_id", None)
    view: Any = DefaultJinjaPageView()
    return plain(view.render(ValidationResultsPageRenderer().render(result)))


def listed(connection: Connection) -> list[Row]:
    """Every gate that has a page: gate, evaluated_at, rendered_at."""
    return connection.execute(
        "select gate, evaluated_at, rendered_at from handoff.gate_documents where page is not null order by gate"
    ).fetchall()


def read(connection: Connection, gate: str) -> Row | None:
    """One gate's page: gate, rendered_at and page; None when there is none."""
    return connection.execute(
        "select gate, rendered_at, page from handoff.gate_documents where gate = %s and page is not null", (gate,)
    ).fetchone()
