"""The facts in Prometheus' text format.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from handoff.vitals.facts import Facts

CONTENT_TYPE = CONTENT_TYPE_LATEST


def text(facts: Facts | None, troubles: Mapping[str, bool]) -> bytes:
    """All gauges; without facts only `handoff_ledger_up 0` and the troubles.

    Args:
        troubles: id → whether it means that nothing gets through.
    """
    registry = CollectorRegistry()

    def gauge(name: str, says: str, value: float) -> None:
        Gauge(f"handoff_{name}", says, registry=registry).set(value)

    def by(name: str, says: str, label: str, values: Mapping[str, float]) -> None:
        many = Gauge(f"handoff_{name}", says, [label], registry=registry)
        for each, value in values.items():
            many.labels(each).set(value)

    gauge("ledger_up", "Whether the ledger's Postgres answers.", facts is not None)
    by("trouble", "What is wrong, by the ids of the runbook: 2 stops the line, 1 needs somebody.", "id",
       {name: 1 + is_down for name, is_down in troubles.items()})  # fmt: skip
    if facts is not None:
        if facts.canary_age_s is not None:
            gauge("canary_age_seconds", "Since a task last got from the schedule to the ledger.", facts.canary_age_s)
        if facts.watch_age_s is not None:
            gauge("watch_age_seconds", "Since the clocks of all open leads were last judged.", facts.watch_age_s)
        gauge("clock_skew_seconds", "By how much this machine's clock is ahead of Postgres'.", facts.clock_skew_s)
        gauge("worker_clock_skew_seconds", "The same of the machines that run tasks.", facts.worker_skew_s)
        gauge("lead_age_seconds", "Since the oldest lead that waits for the line came.", facts.lead_age_s)
        if facts.ingest_age_s is not None:
            gauge("ingest_age_seconds", "Since the moment up to which contacts have been read.", facts.ingest_age_s)
        gauge("unfinished_load_seconds", "Since a load of the agreement that has not ended.", facts.unfinished_load_s)
        gauge("pending_leads", "Leads that wait for a decision.", facts.pending)
        gauge("held_leads", "MQLs that wait for a reason of their own.", facts.held)
        gauge("inbox_depth", "Webhooks that have not been looked at.", facts.inbox)
        gauge("inbox_age_seconds", "Since the oldest of these webhooks came.", facts.inbox_age_s)
        gauge("quarantined_records", "Records that could not be read.", facts.quarantined)
        gauge("open_floods", "Questions about a flood that nobody has answered.", facts.open_floods)
        effects = facts.outbox
        by("outbox_depth", "Effects that wait.", "kind", {kind: each.pending for kind, each in effects.items()})
        due = {kind: each.oldest_due_s for kind, each in effects.items()}
        by("outbox_due_age_seconds", "For how long the oldest effect has been due.", "kind", due)
        dead = {kind: each.dead for kind, each in effects.items()}
        by("dead_letters", "Effects that were given up within a day.", "kind", dead)
        by("gate_open", "Whether a gate lets handoffs through.", "gate", facts.gates)
        by("watermark_age_seconds", "Since nothing of a stream is missing.", "stream", facts.watermark_age_s)
    return generate_latest(registry)
