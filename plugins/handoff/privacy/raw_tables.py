"""The tables of `raw`: landed records, what libraries say of their values, and what could not be read."""

from handoff.privacy.tables import RECORD, Sql, Table, deleted, plain, shared

_SHARED = ("calls", "emails", "meetings", "communications", "notes", "tasks", "deals")
SHARED = tuple(f"raw.hubspot_{name}" for name in _SHARED)
VERSION = " ".join(RECORD)
_RECORD = f"{VERSION} id payload payload_hash"

_OF_PERSON: Sql = "from raw.hubspot_contacts where id = any(%(ids)s)"
_OTHERS: Sql = "from raw.hubspot_contacts as other where not other.id = any(%(ids)s)"
_COMPANY = "about a company, by its domain or name"
_PORTAL = "set up by the company in its own portal"
_STAFF = "about the company's own people, who are no leads"

# Of a record that cannot be read little is known: the person's own, what names them, and what holds their address.
_QUARANTINED: Sql = (
    "((stream = 'hubspot_contacts' and id = any(%(ids)s))"
    + "".join(
        f" or (stream = 'hubspot_{name}' and id in (select id from raw.hubspot_{name} where contact_ids && %(ids)s))"
        for name in (*_SHARED, "events")
    )
    + " or handoff.contacts_quarantined(stream, payload) && %(ids)s or payload ~* %(mentions)s)"
)

_NOBODY_ELSE_S_SITE: Sql = f"""host in (select raw.dictionary_key(payload #>> '{{properties,website}}') {_OF_PERSON})
    and not exists (select {_OTHERS} and raw.dictionary_key(other.payload #>> '{{properties,website}}') = host)
    and not exists (select from raw.hubspot_companies as company
        where raw.dictionary_key(company.payload #>> '{{properties,domain}}') = host)"""
_NOBODY_ELSE_S_COMPANY: Sql = f"""name in (select raw.dictionary_key(payload #>> '{{properties,company}}') {_OF_PERSON})
    and not exists (select {_OTHERS} and raw.dictionary_key(other.payload #>> '{{properties,company}}') = name)
    and not exists (select from raw.hubspot_companies as company
        where raw.dictionary_key(company.payload #>> '{{properties,name}}') = name)"""

# Erased in this order: what is found through a contact's records comes before them.
RAW: tuple[Table, ...] = (
    deleted(
        "raw.quarantine",
        "id reason payload",
        "quarantine_id stream batch_id loaded_at field remedy released_at kind",
        _QUARANTINED,
        "records and values as they came",
    ),
    deleted(
        "raw.hosts",
        "host hostname registrable_domain",
        "is_free is_disposable computed_at library",
        _NOBODY_ELSE_S_SITE,
        "web addresses as a contact typed them, unless others have them",
    ),
    deleted(
        "raw.company_names",
        "name key",
        "computed_at library",
        _NOBODY_ELSE_S_COMPANY,
        "employers as a contact typed them, unless others have them",
    ),
    deleted(
        "raw.email_addresses",
        "address folded domain registrable_domain",
        "is_free is_disposable is_valid computed_at library",
        "address = any(%(emails)s)",
        "addresses",
    ),
    deleted(
        "raw.apollo_people",
        "id payload payload_hash",
        VERSION,
        "lower(id) = any(%(emails)s)",
        "what the enrichment vendor knew, by address",
    ),
    deleted(
        "raw.hubspot_form_submissions",
        "id payload payload_hash email",
        VERSION,
        "email = any(%(emails)s)",
        "what was typed into forms, by address",
    ),
    deleted(
        "raw.hubspot_events",
        "id payload payload_hash contact_ids",
        VERSION,
        "contact_ids && %(ids)s",
        "pages viewed, mails opened",
    ),
    *(shared(name) for name in SHARED),
    deleted(
        "raw.hubspot_contacts",
        "id payload payload_hash contact_ids",
        VERSION,
        "id = any(%(ids)s)",
        "every version of the contact",
    ),
    plain("raw.batches", "batch_id source started_at loaded_at counts", "counts of landings"),
    plain("raw.hubspot_companies", _RECORD, _COMPANY),
    plain("raw.apollo_organizations", _RECORD, _COMPANY),
    plain("raw.hubspot_owners", _RECORD, _STAFF),
    plain("raw.hubspot_users", _RECORD, _STAFF),
    plain("raw.hubspot_pipelines", _RECORD, _PORTAL),
    plain("raw.hubspot_forms", _RECORD, _PORTAL),
    plain("raw.hubspot_campaigns", _RECORD, _PORTAL),
    plain("raw.hubspot_properties", _RECORD, _PORTAL),
)
