"""Every table of `raw` and `handoff`, and what becomes of a person in it. A test holds it against the database."""

from handoff.privacy.ledger_tables import LEDGER
from handoff.privacy.raw_tables import RAW
from handoff.privacy.tables import Table, plain

_MACHINERY: tuple[Table, ...] = (
    plain(
        "handoff.action_items",
        "action_id week_starts_on text owner added_at done_at",
        "what a meeting resolved to do, in its own words; the command says to name no lead",
    ),
    plain("handoff.agreements", "agreement_hash tables", "the agreement's rows; its people are reps"),
    plain("handoff.alembic_version", "version_num", "the schema's revision"),
    plain(
        "handoff.apis",
        "api breaker failures opened_at tried_at reason day_limit day_left low_until spent_until time_zone",
        "state of the vendors' interfaces",
    ),
    plain(
        "handoff.budgets",
        "api policy line background limits line_waits_until blocked_until",
        "state of the vendors' limits",
    ),
    plain(
        "handoff.crm_properties",
        "property_id is_present type accepted_type options accepted_options checked_at",
        "names of the portal's properties",
    ),
    plain("handoff.cursors", "stream watermark moved_at batch_id seen_until seen_at", "how far streams were read"),
    plain("handoff.erased", "subject digest erased_at refused refused_at", "digests under a key, the tombstones"),
    plain("handoff.erasures", "erasure_id asked_by erased_at counts", "that somebody was erased, and counts"),
    plain("handoff.floods", "flood_id opened_at allowed answer answered_at answered_by", "the manager who answered"),
    plain("handoff.gate_documents", "gate evaluated_at validation page rendered_at", "verdicts without values"),
    plain("handoff.gates", "gate_id gate batch_id evaluated_at is_open reason results", "verdicts in counts"),
    plain("handoff.go_live", "product_id live_at", "products"),
    plain("handoff.heartbeats", "name beat_at clock_skew_s", "stamps"),
    plain("handoff.lacks", "stream reason noticed_at checked_at", "streams and scopes"),
    plain("handoff.line_runs", "run_id started_at finished_at batch_id counts note", "counts"),
    plain("handoff.loads", "load_id loaded_at agreement_hash models_hash", "digests"),
    plain(
        "handoff.model_builds", "built_at node folder status seconds message", "what dbt says of a model, for a week"
    ),
    plain("handoff.model_sets", "models_hash models", "SQL"),
    plain(
        "handoff.passes",
        "pass_id kind stream batch_id read_from read_until started_at finished_at seen landed missed gone",
        "counts",
    ),
    plain("handoff.reviews", "week_starts_on made_at pack", "counts, reps, rules and ids of handoffs"),
    plain("handoff.privacy_key", "is_only key", "the digests' key"),
    plain("handoff.unfinished_loads", "began_at", "stamps"),
)

TABLES: tuple[Table, ...] = (*LEDGER, *RAW, *_MACHINERY)
"""In the order of erasure: the ledger's rows that are found through others come before these."""
PERSONAL = tuple(table for table in TABLES if table.personal)
