"""People who were erased stay away: keyed digests of who they were, and triggers that let nothing of them land again.

`handoff_privacy` alone may delete and overwrite; `handoff_app` may put on that role for a transaction, and does so in
`handoff.privacy` only. Ids and addresses are kept as digests under a key that no other role can read.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
create table handoff.privacy_key (
    is_only boolean primary key default true check (is_only),
    key bytea not null
);
comment on table handoff.privacy_key is 'The key of all digests in handoff.erased; made here, and read by nobody else.';
insert into handoff.privacy_key (key) values (
    sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
);

create table handoff.erasures (
    erasure_id bigint generated always as identity primary key,
    asked_by text not null check (asked_by in ('crm', 'person', 'retention')),
    erased_at timestamptz not null,
    counts jsonb not null default '{}'
);
comment on table handoff.erasures is
    'One row per erasure: who asked (the CRM, somebody at the command line, the retention), and rows by table.';

create table handoff.erased (
    subject text not null check (subject in ('contact', 'email', 'record')),
    digest bytea not null,
    erased_at timestamptz not null,
    refused int not null default 0,
    refused_at timestamptz,
    primary key (subject, digest)
);
comment on table handoff.erased is
    'Contact ids, addresses and records (stream:id) of people who were erased, as digests; late copies are counted.';

alter table raw.batches drop constraint batches_source_check;
alter table raw.batches add constraint batches_source_check check (
    source in ('poll', 'webhook', 'enrich', 'backfill', 'settle', 'sweep', 'erase')
);
"""

# The first three are the triggers' own, who have changed the role and the search path once for all of a row's look-ups.
FUNCTIONS = """
create function handoff.digest_of(subject text, value text) returns bytea language plpgsql stable as $$
declare
    secret bytea;
begin
    select key into strict secret from handoff.privacy_key;
    return sha256(secret || sha256(secret || convert_to(subject || ':' || lower(btrim(value)), 'UTF8')));
end
$$;

create function handoff.is_erased(of_subject text, value text) returns boolean
language sql stable as $$
    select exists (
        select from handoff.erased where subject = of_subject and digest = handoff.digest_of(of_subject, value)
    )
$$;

create function handoff.refused(of_subject text, value text, made_at timestamptz) returns boolean
language plpgsql as $$
declare
    known bytea;
begin
    if value is null then
        return false;
    end if;
    known := handoff.digest_of(of_subject, value);
    -- Asked first: nearly always the answer is no, and an update would cost more to say so.
    if not exists (select from handoff.erased where subject = of_subject and digest = known) then
        return false;
    end if;
    update handoff.erased set refused = refused + 1, refused_at = handoff.as_of()
    where subject = of_subject and digest = known and (made_at is null or made_at <= erased_at);
    return found;
end
$$;
comment on function handoff.refused is
    'Whether something of somebody who was erased must not be kept, and counts it. Made after the erasure, it may.';

create function handoff.contacts_of(payload jsonb) returns text[]
language sql immutable parallel safe as $$
    select case
        when jsonb_typeof(payload #> '{associations,contacts,results}') = 'array'
            then raw.associated_contact_ids(payload)
        else '{}'
    end
$$;

create function handoff.contacts_quarantined(stream text, payload text) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
begin
    -- Not as one expression: the planner would read what is no JSON before it asks whether it is.
    if not pg_input_is_valid(payload, 'jsonb') then
        return '{}';
    elsif stream = 'hubspot_events' then
        return array[payload::jsonb ->> 'objectId'];
    end if;
    return handoff.contacts_of(payload::jsonb);
end
$$;
comment on function handoff.contacts_quarantined is
    'Contacts that an unreadable record names, as far as it can be read.';

create function handoff.without_contacts(payload jsonb, gone text[]) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
    select payload - 'properties' - 'associations' - 'propertiesWithHistory'
        || jsonb_build_object(
            'associations', coalesce(payload -> 'associations', '{}') || jsonb_build_object(
                'contacts', jsonb_build_object('results', coalesce((
                    select jsonb_agg(result) from jsonb_array_elements(payload #> '{associations,contacts,results}')
                        as result
                    where not result ->> 'id' = any(gone)
                ), '[]'))
            ),
            'properties', coalesce((
                select jsonb_object_agg(
                    property.key,
                    case
                        when property.value = 'null' or property.key in (
                            'hs_timestamp', 'hs_createdate', 'hs_lastmodifieddate', 'hubspot_owner_id', 'hs_object_id',
                            'hs_object_source', 'hs_call_direction', 'hs_call_status', 'hs_call_duration',
                            'hs_email_direction', 'hs_email_status', 'hs_meeting_start_time', 'hs_meeting_outcome',
                            'hs_meeting_source', 'hs_communication_channel_type', 'hs_communication_logged_from',
                            'hs_task_status', 'hs_task_type', 'hs_task_priority', 'dealstage', 'pipeline', 'amount',
                            'deal_currency_code', 'closedate', 'createdate', 'hs_is_closed', 'hs_is_closed_won'
                        ) then property.value
                        else '"[erased]"'
                    end
                )
                from jsonb_each(payload -> 'properties') as property
            ), '{}')
        )
$$;
comment on function handoff.without_contacts is
    'What is left of a record that others share: stamps, owner and states; any other text might tell of the person.';
"""

# Each landing shares a lock that an erasure has alone: what began to land before the tombstone was there has landed
# when the erasure looks, and what begins after it sees the tombstone.
TRIGGERS = """
create function handoff.wait_for_erasure() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('privacy:erase', 0));
    return null;
end
$$;

create function handoff.refuse_contact() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    properties jsonb;
    made_at timestamptz;
    part text;
begin
    if not exists (select from handoff.erased) then
        return new;
    end if;
    properties := new.payload -> 'properties';
    if pg_input_is_valid(new.payload ->> 'createdAt', 'timestamptz') then
        made_at := new.payload ->> 'createdAt';
    end if;
    foreach part in array new.id || string_to_array(properties ->> 'hs_merged_object_ids', ';') loop
        if handoff.refused('contact', part, null) then
            return null;
        end if;
    end loop;
    foreach part in array
        (properties ->> 'email') || string_to_array(properties ->> 'hs_additional_emails', ';')
    loop
        if handoff.refused('email', part, made_at) then
            return null;
        end if;
    end loop;
    return new;
end
$$;

create function handoff.refuse_shared() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    theirs text[];
    gone text[] := '{}';
    part text;
begin
    if not exists (select from handoff.erased) then
        return new;
    end if;
    theirs := handoff.contacts_of(new.payload);
    foreach part in array theirs loop
        if handoff.refused('contact', part, null) then
            gone := gone || part;
        end if;
    end loop;
    -- The CRM lets go of the erased contact and keeps the call, with its title: known by its own id.
    if handoff.refused('record', tg_table_name || ':' || new.id, null) or gone <> '{}' then
        if theirs <@ gone then
            return null;
        end if;
        new.payload := handoff.without_contacts(new.payload, gone);
    end if;
    return new;
end
$$;

create function handoff.refuse_named() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    part text;
begin
    if not exists (select from handoff.erased) then
        return new;
    end if;
    case tg_argv[0]
        when 'event' then
            if handoff.refused('contact', new.payload ->> 'objectId', null) then
                return null;
            end if;
        when 'submission' then
            if handoff.refused('email', raw.submitted_email(new.payload), new.updated_at) then
                return null;
            end if;
        when 'looked_up' then
            -- Found for a contact who is here: somebody who came back.
            if handoff.is_erased('email', new.id) and not exists (
                select from raw.hubspot_contacts as contact
                where lower(contact.payload -> 'properties' ->> 'email') = lower(new.id)
            ) and handoff.refused('email', new.id, null) then
                return null;
            end if;
        when 'unreadable' then
            foreach part in array handoff.contacts_quarantined(new.stream, new.payload)
                || case when new.stream = 'hubspot_contacts' then array[new.id] end
            loop
                if handoff.refused('contact', part, null) then
                    return null;
                end if;
            end loop;
        when 'hint' then
            if new.object_type = 'contact' and handoff.refused('contact', new.object_id, null) then
                return null;
            end if;
        when 'alias' then
            if new.object_type = 'contacts' and (
                handoff.refused('contact', new.old_id, null) or handoff.refused('contact', new.id, null)
            ) then
                return null;
            end if;
        when 'lead' then
            if handoff.refused('contact', new.lead_id, null) then
                return null;
            end if;
    end case;
    return new;
end
$$;
"""

GUARDED = {
    "raw.hubspot_contacts": "refuse_contact()",
    **{
        f"raw.hubspot_{name}": "refuse_shared()"
        for name in ("calls", "emails", "meetings", "communications", "notes", "tasks", "deals")
    },
    "raw.hubspot_events": "refuse_named('event')",
    "raw.hubspot_form_submissions": "refuse_named('submission')",
    "raw.apollo_people": "refuse_named('looked_up')",
    "raw.quarantine": "refuse_named('unreadable')",
    "handoff.inbox": "refuse_named('hint')",
    "handoff.aliases": "refuse_named('alias')",
    **{
        f"handoff.{name}": "refuse_named('lead')"
        for name in ("handoffs", "lead_facts", "shadow_decisions", "lookups", "flood_leads")
    },
}
FUNCTION_NAMES = (
    "handoff.digest_of(text, text)",
    "handoff.is_erased(text, text)",
    "handoff.refused(text, text, timestamptz)",
    "handoff.contacts_of(jsonb)",
    "handoff.contacts_quarantined(text, text)",
    "handoff.without_contacts(jsonb, text[])",
    "handoff.wait_for_erasure()",
    "handoff.refuse_contact()",
    "handoff.refuse_shared()",
    "handoff.refuse_named()",
)
# Overwritten where something must stay for the figures, or for others; deleted where nothing needs to.
OVERWRITTEN = (
    *(f"raw.hubspot_{name}" for name in ("calls", "emails", "meetings", "communications", "notes", "tasks", "deals")),
    *("handoff.inbox", "handoff.handoffs", "handoff.dispositions", "handoff.outbox", "handoff.shadow_decisions"),
    *("handoff.lookups", "handoff.flood_leads", "handoff.pending_leads"),
)
AGED = (
    *(f"raw.hubspot_{name}" for name in ("companies", "owners", "users", "pipelines", "forms", "campaigns")),
    *("raw.hubspot_properties", "raw.apollo_organizations", "raw.email_addresses", "raw.hosts", "raw.company_names"),
    *("handoff.gates", "handoff.line_runs", "handoff.passes"),
)


def upgrade() -> None:
    op.execute(
        "do $$ begin if not exists (select from pg_roles where rolname = 'handoff_privacy') "
        "then create role handoff_privacy nologin; end if; end $$"
    )
    # Not inherited: a statement that forgets where it is cannot delete.
    op.execute("grant handoff_privacy to handoff_app with inherit false, set true")
    op.execute(TABLES)
    op.execute("grant usage on schema raw, handoff to handoff_privacy")
    for table in ("privacy_key", "erasures", "erased"):
        op.execute(f"alter table handoff.{table} owner to handoff_privacy")
    op.execute("grant select on handoff.erasures, handoff.erased to handoff_app")
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    for function in FUNCTION_NAMES:
        op.execute(f"alter function {function} owner to handoff_privacy")
    for function in FUNCTION_NAMES[:3]:
        op.execute(f"revoke execute on function {function} from public")
    op.execute("grant select on all tables in schema raw, handoff to handoff_privacy")
    for table, function in GUARDED.items():
        op.execute(f"grant delete on {table} to handoff_privacy")
        op.execute(
            f"create trigger wait_for_erasure before insert on {table} "
            "for each statement execute function handoff.wait_for_erasure()"
        )
        op.execute(
            f"create trigger refuse_erased before insert on {table} for each row execute function handoff.{function}"
        )
    for table in OVERWRITTEN:
        op.execute(f"grant update on {table} to handoff_privacy")
    for table in AGED:
        op.execute(f"grant delete on {table} to handoff_privacy")


def downgrade() -> None:
    raise RuntimeError("the ledger is append-only: restore a backup instead of downgrading")
