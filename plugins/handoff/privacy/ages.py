"""What grows old in which table, and what is done with it: deleted, or blanked where figures need the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handoff.privacy.ledger_tables import BARE, BARE_EFFECT, BARE_RESULT, SKELETON
from handoff.privacy.raw_tables import SHARED
from handoff.privacy.tables import Sql

# With the parameters `before`, a moment, and `most`, a number of rows or null. What an open handoff needs is never old.
_OPEN: Sql = """
select handoff.handoff_id, handoff.lead_id, coalesce(alias.id, handoff.lead_id) as present_id,
    lower(handoff.context #>> '{lead,email}') as email
from handoff.handoffs as handoff
left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = handoff.lead_id
where not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = handoff.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
)
"""
_OPEN_LEADS: Sql = f"""(
    select lead_id from ({_OPEN}) as opened
    union select present_id from ({_OPEN}) as opened
    union select former.old_id from ({_OPEN}) as opened
    inner join handoff.aliases as former on former.object_type = 'contacts' and former.id = opened.present_id
)"""
_OPEN_HANDOFFS: Sql = f"(select handoff_id from ({_OPEN}) as opened)"
_OPEN_EMAILS: Sql = f"(select coalesce(email, '') from ({_OPEN}) as opened)"

Holder = Literal["line", "marts"]


@dataclass(frozen=True)
class Age:
    """What is old in one table, and what is done with it.

    Attributes:
        old: a query of the rows' keys, the oldest first.
        take: a statement that takes as many as `old` finds; repeated until it finds none.
        held_by: whether the models hold what goes, the line's as well or the marts' alone. Then `take` returns whose it
            was, as `contact_ids` and `email`, each of which may be null.
    """

    old: Sql
    take: Sql
    held_by: Holder | None = None


def _delete(table: Sql, stamp: Sql, unless: Sql) -> Age:
    old: Sql = f"""select old.ctid from {table} as old where old.{stamp} < %(before)s and not ({unless})
        order by old.{stamp} limit %(most)s"""
    return Age(old, f"delete from {table} where ctid = any(array({old}))")


def _modelled(age: Age, contact_ids: Sql = "null::text[]", email: Sql = "null::text", held_by: Holder = "line") -> Age:
    return Age(age.old, f"{age.take} returning {contact_ids} as contact_ids, {email} as email", held_by)


def _blank(table: Sql, key: Sql, stamp: Sql, assignments: Sql, differs: Sql, unless: Sql) -> Age:
    old: Sql = f"""select {key} from {table} where {stamp} < %(before)s and ({differs}) and not ({unless})
        order by {stamp} limit %(most)s"""
    return Age(old, f"update {table} set {assignments} where {key} = any(array({old}))")


def _superseded(table: Sql, unless: Sql = "false") -> Age:
    """Versions that another had replaced before the moment: what was known since then can still be told."""
    newest: Sql = f"""{unless} or not exists (
        select from {table} as newer where newer.id = old.id and newer.loaded_at < %(before)s
        and (newer.updated_at, newer.version_id) > (old.updated_at, old.version_id)
    )"""
    return _delete(table, "loaded_at", newest)


def _unsaid(table: Sql, key: Sql, *said_by: tuple[Sql, Sql]) -> Age:
    """Values of a dictionary that no kept version of these records, each a table and a path, holds any more."""
    no_longer: Sql = " and ".join(
        f"""not exists (
            select from {records} as record where raw.dictionary_key(record.payload #>> '{path}') = old.{key}
        )"""
        for records, path in said_by
    )
    old: Sql = f"""select old.{key} from {table} as old where old.computed_at < %(before)s and {no_longer}
        order by old.computed_at limit %(most)s"""
    return Age(old, f"delete from {table} where {key} = any(array({old}))")


_LISTED = ("companies", "owners", "users", "pipelines", "forms", "campaigns", "properties")
_SKELETON: Sql = SKELETON.format(lead="lead_id")

AGES: Mapping[str, Age] = {
    # The line reads the newest versions only; sessions and stages are read from all.
    "hubspot_contacts": _modelled(
        _superseded("raw.hubspot_contacts", f"old.id in {_OPEN_LEADS}"), contact_ids="array[id]", held_by="marts"
    ),
    **{name.removeprefix("raw."): _superseded(name) for name in SHARED},
    **{f"hubspot_{name}": _superseded(f"raw.hubspot_{name}") for name in _LISTED},
    "hubspot_events": _modelled(
        _delete("raw.hubspot_events", "updated_at", f"old.contact_ids && array{_OPEN_LEADS}"), contact_ids="contact_ids"
    ),
    "hubspot_form_submissions": _modelled(
        _delete("raw.hubspot_form_submissions", "updated_at", f"coalesce(old.email, '-') in {_OPEN_EMAILS}"),
        email="email",
    ),
    "apollo_people": _modelled(
        _delete("raw.apollo_people", "loaded_at", f"lower(old.id) in {_OPEN_EMAILS}"), email="lower(id)"
    ),
    "apollo_organizations": _superseded("raw.apollo_organizations"),
    "email_addresses": _unsaid("raw.email_addresses", "address", ("raw.hubspot_contacts", "{properties,email}")),
    "hosts": _unsaid(
        "raw.hosts",
        "host",
        ("raw.hubspot_contacts", "{properties,website}"),
        ("raw.hubspot_companies", "{properties,domain}"),
    ),
    "company_names": _unsaid(
        "raw.company_names",
        "name",
        ("raw.hubspot_contacts", "{properties,company}"),
        ("raw.hubspot_companies", "{properties,name}"),
    ),
    "quarantine": _delete("raw.quarantine", "loaded_at", "false"),
    "inbox": _delete("handoff.inbox", "received_at", "old.processed_at is null"),
    "outbox": _blank(
        "handoff.outbox",
        "outbox_id",
        "created_at",
        BARE_EFFECT,
        f"(payload, result) is distinct from ({BARE}, {BARE_RESULT}) or last_error <> '[erased]'",
        f"""state = 'pending' or coalesce(handoff_id in {_OPEN_HANDOFFS}, false) or exists (
            select from handoff.outbox as later
            where later.state = 'pending' and later.payload ->> 'message' = outbox.dedupe_key
        )""",
    ),
    "handoffs": _blank(
        "handoff.handoffs",
        "handoff_id",
        "routed_at",
        f"context = {_SKELETON}",
        f"context is distinct from {_SKELETON}",
        f"handoff_id in {_OPEN_HANDOFFS}",
    ),
    "dispositions": _blank(
        "handoff.dispositions",
        "disposition_id",
        "recorded_at",
        "evidence = '{}', note = null",
        "evidence <> '{}' or note is not null",
        f"handoff_id in {_OPEN_HANDOFFS}",
    ),
    "lead_facts": _delete(
        "handoff.lead_facts",
        "known_from",
        f"""old.lead_id in {_OPEN_LEADS} or not exists (
            select from handoff.lead_facts as newer where newer.lead_id = old.lead_id
            and newer.known_from > old.known_from and newer.known_from < %(before)s
        )""",
    ),
    "shadow_decisions": _delete("handoff.shadow_decisions", "decided_at", "false"),
    "lookups": _delete("handoff.lookups", "asked_at", "false"),
    "flood_leads": _delete(
        "handoff.flood_leads",
        "held_at",
        """exists (
            select from handoff.pending_leads as pending
            where pending.lead_id = old.lead_id and pending.held_because is not null
        )
        or exists (select from handoff.floods as flood where flood.flood_id = old.flood_id and flood.answer is null)""",
    ),
    "held_mqls": _delete("handoff.held_mqls", "ended_as_of", "false"),
    "gates": _delete(
        "handoff.gates",
        "evaluated_at",
        """not exists (
            select from handoff.gates as newer where newer.gate = old.gate and newer.gate_id > old.gate_id
        )""",
    ),
    "line_runs": _delete("handoff.line_runs", "started_at", "old.finished_at is null"),
    "passes": _delete(
        "handoff.passes",
        "finished_at",
        """not exists (
            select from handoff.passes as newer
            where (newer.kind, newer.stream) = (old.kind, old.stream) and newer.pass_id > old.pass_id
        )""",
    ),
}
"""By table."""
AGELESS: Mapping[str, str] = {
    "handoff.aliases": "while a merged contact's old id stands in a record or a handoff, only this leads to who it is "
    "now, and an erasure finds them by it, which deletes it",
    "handoff.former_aliases": "a past decision can only be explained and replayed by whom an id led to then, and an "
    "erasure deletes it",
    "handoff.pending_leads": "a queue: the line's next run takes the id out",
    "handoff.stale_leads": "a queue: the marts' next build takes the id out",
}
"""Personal tables that no age may thin out, and why."""
DELETED_CONTACTS = "deleted_contacts"
"""Contacts that were deleted in the CRM: they are erased like those who ask for it."""
LOGS = "airflow_logs"
"""Files of Airflow's log folder."""
SUBJECTS = (*AGES, DELETED_CONTACTS, LOGS)
"""What the agreement's `retention.csv` may name; what it does not name is kept."""
