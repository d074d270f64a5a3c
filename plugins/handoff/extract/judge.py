"""Hold rows against a suite of expectations.

Suites are plain JSON: https://docs.greatexpectations.io/docs/core/define_expectations/organize_expectation_suites
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.ledger.db import Row

EARLIEST = datetime(2006, 1, 1, tzinfo=UTC)
"""HubSpot was founded in 2006."""
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Verdict:
    """A gate's state after a batch; `results` holds one entry per expectation that was evaluated."""

    is_open: bool
    reason: str
    results: list[dict[str, Any]] = field(default_factory=list)


def judge(rows: list[Row], suite: dict[str, Any], as_of: datetime) -> Verdict:
    """Hold a sample against a suite. Rows have id, email, has_lifecycle_stage, updated_at and filled."""
    # Seconds to import: the scheduler does it once, and every task inherits it.
    import great_expectations as gx
    import pandas as pd  # type: ignore[import-untyped]
    from great_expectations.data_context.types import base

    # Without its site of documents, which would leave a directory behind in each task.
    stores = base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    bars = base.ProgressBarsConfig(globally=False)
    config = base.DataContextConfig(store_backend_defaults=stores, progress_bars=bars, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    frame = pd.DataFrame(rows, columns=["id", "email", "has_lifecycle_stage", "updated_at", "filled"])
    batch = (
        context.data_sources.add_pandas("landed")
        .add_dataframe_asset("contacts")
        .add_batch_definition_whole_dataframe("batch")
    )
    outcome = batch.get_batch({"dataframe": frame}).validate(
        gx.ExpectationSuite(**suite),
        expectation_parameters={"earliest": EARLIEST, "latest": as_of + CLOCK_SKEW},
    )
    results = [_result(each) for each in outcome.results]
    failed = [each for each in results if not each["success"]]
    reason = "; ".join(f"{each['failed']} ({each['share']}): {each['remedy']}" for each in failed)
    return Verdict(not failed, reason or f"{len(rows)} contacts meet every expectation", results)


def _result(outcome: Any) -> dict[str, Any]:
    config, found = outcome.expectation_config, outcome.result
    percent = found.get("unexpected_percent") or 0.0
    return {
        "expectation": config.type,
        "column": config.kwargs.get("column"),
        "success": bool(outcome.success),
        "share": f"{percent:.0f} % of {found.get('element_count', 0)}",
        "failed": config.meta["failed"],
        "remedy": config.meta["remedy"],
    }
