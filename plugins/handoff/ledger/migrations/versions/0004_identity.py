"""What libraries say of addresses, hosts and company names: dictionaries by value, and the way back to companies."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("email_addresses", "hosts", "company_names")

DICTIONARIES = """
create function raw.dictionary_key(value text) returns text language sql immutable parallel safe as $$
    select left(lower(nullif(btrim(value), '')), 512)
$$;
comment on function raw.dictionary_key is
    'A value as the dictionaries know it: lower case, at most 512 characters, which an index can hold.';

create table raw.email_addresses (
    address text primary key,
    folded text,
    domain text,
    registrable_domain text,
    is_free boolean not null,
    is_disposable boolean not null,
    is_valid boolean not null,
    computed_at timestamptz not null,
    library text not null,
    check (is_valid = (folded is not null and domain is not null))
);
comment on table raw.email_addresses is 'One row per address: what its text says. The first answer is kept.';
comment on column raw.email_addresses.folded is 'Key of the mailbox; the address itself stays the one to write to.';
comment on column raw.email_addresses.library is 'Packages and rows, with their versions, that gave the answer.';
create index on raw.email_addresses (folded);
create index on raw.email_addresses (registrable_domain);

create table raw.hosts (
    host text primary key,
    hostname text,
    registrable_domain text,
    is_free boolean not null,
    is_disposable boolean not null,
    computed_at timestamptz not null,
    library text not null,
    check (hostname is not null or registrable_domain is null)
);
comment on table raw.hosts is 'One row per domain or web address as the CRM has it. The first answer is kept.';
create index on raw.hosts (registrable_domain);

create table raw.company_names (
    name text primary key,
    key text,
    computed_at timestamptz not null,
    library text not null
);
comment on table raw.company_names is
    'One row per company name: the key that its spellings share; null when only a legal form is there.';
create index on raw.company_names (key);
"""

# From a domain or a name to the companies that have it, and back to contacts that the CRM has linked to none.
INDEXES = """
create index on raw.hubspot_companies (raw.dictionary_key(payload #>> '{properties,domain}'));
create index on raw.hubspot_companies (raw.dictionary_key(payload #>> '{properties,name}'));
create index on raw.hubspot_contacts (raw.dictionary_key(payload #>> '{properties,website}'))
    where payload -> 'properties' ->> 'associatedcompanyid' is null;
create index on raw.hubspot_contacts (raw.dictionary_key(payload #>> '{properties,company}'))
    where payload -> 'properties' ->> 'associatedcompanyid' is null;
"""


def upgrade() -> None:
    op.execute(DICTIONARIES)
    op.execute(INDEXES)
    op.execute("alter function raw.dictionary_key owner to handoff_raw")
    for table in TABLES:
        op.execute(f"alter table raw.{table} owner to handoff_raw")
        op.execute(f"grant select, insert, maintain on raw.{table} to handoff_app")
        op.execute(f"grant select on raw.{table} to handoff_dbt")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
