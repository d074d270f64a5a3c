"""Hold rows against a suite of expectations.

Suites are plain JSON: https://docs.greatexpectations.io/docs/core/define_expectations/organize_expectation_suites
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handoff.ledger.db import Row

SUBJECT = "subject"
"""Column that names what a row is about. Where there is one, results name the rows that failed; where there is none,
they hold shares only: what contacts are called and where they live stays out of the ledger's gates."""
MOST_NAMED = 5


@dataclass(frozen=True)
class Verdict:
    """A gate's state after a judgement; `results` holds one entry per expectation that was evaluated, `validation` what
    Great Expectations wrote, as JSON."""

    is_open: bool
    reason: str
    results: list[dict[str, Any]] = field(default_factory=list)
    validation: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What failed and closes nothing."""
        return [each for each in self.results if not each["success"] and each["severity"] != "critical"]


def judge(rows: Sequence[Row], suite: dict[str, Any], parameters: Mapping[str, Any]) -> Verdict:
    """Hold rows against a suite: it is open unless a critical expectation fails.

    Args:
        rows: with the columns that the suite's `meta.columns` names.
        parameters: values for the suite's `$PARAMETER`s.
    """
    # Seconds to import: the scheduler does it once, and every task inherits it.
    import great_expectations as gx
    import pandas as pd  # type: ignore[import-untyped]
    from great_expectations.data_context.types import base

    # Without its site of documents, which would leave a directory behind in each task.
    stores = base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    bars = base.ProgressBarsConfig(globally=False)
    config = base.DataContextConfig(store_backend_defaults=stores, progress_bars=bars, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    meta = suite["meta"]
    frame = pd.DataFrame(rows, columns=meta["columns"])
    source = context.data_sources.add_pandas("handoff")
    batch = source.add_dataframe_asset(suite["name"]).add_batch_definition_whole_dataframe("rows")
    outcome: Any = batch.get_batch({"dataframe": frame}).validate(
        gx.ExpectationSuite(**suite),
        expectation_parameters=dict(parameters),
        result_format=_format(meta["columns"]),
    )
    results = [_result(each, meta) for each in outcome.results]
    failed = [each for each in results if not each["success"]]
    told = [f"{each['failed']} ({each['share']}): {each['remedy']}" for each in failed]
    # What closes is most often beyond the warning as well: said once.
    reason = "; ".join(dict.fromkeys(told))
    return Verdict(
        all(each["severity"] != "critical" for each in failed),
        reason or f"{len(rows)} {meta['rows']} meet every expectation",
        results,
        outcome.to_json_dict(),
    )


def _format(columns: Sequence[str]) -> dict[str, Any]:
    if SUBJECT in columns:
        return {"result_format": "COMPLETE", "unexpected_index_column_names": [SUBJECT]}
    return {"result_format": "BASIC", "partial_unexpected_count": 0}


def _result(outcome: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    config, found = outcome.expectation_config, outcome.result
    percent = found.get("unexpected_percent") or 0.0
    subjects = [each[SUBJECT] for each in found.get("unexpected_index_list") or ()]
    said = meta.get("measures", {})
    told = [said[each.partition(": ")[0]] for each in subjects if each.partition(": ")[0] in said] or [config.meta]
    more = f" and {len(subjects) - MOST_NAMED} more" if len(subjects) > MOST_NAMED else ""
    return {
        "expectation": config.type,
        "column": config.kwargs.get("column"),
        "severity": config.severity.value,
        "success": bool(outcome.success),
        "share": ", ".join(subjects[:MOST_NAMED]) + more
        if subjects
        else f"{percent:.0f} % of {found.get('element_count', 0)}",
        "subjects": subjects,
        "failed": "; ".join(dict.fromkeys(each["failed"] for each in told)),
        "remedy": "; ".join(dict.fromkeys(each["remedy"] for each in told)),
    }
