"""The contacts that a company may be the account of although the CRM has not linked them."""

from collections.abc import Sequence

from handoff.ledger.db import Connection


def leads_near(connection: Connection, company_ids: Sequence[str]) -> set[str]:
    """Contacts without a primary company whose address, website or company name leads to one of these companies.

    Any version counts, of the company as of the contact: one that had the domain until now is concerned as well. Free
    mail leads nowhere. Belongs after `learn` of the same companies.

    Returns: contact ids whose match may change with the companies.
    """
    rows = connection.execute(
        """with company as (
            select distinct raw.dictionary_key(payload #>> '{properties,domain}') as host,
                raw.dictionary_key(payload #>> '{properties,name}') as name
            from raw.hubspot_companies where id = any(%s)
        ),
        domain as (
            select distinct known.registrable_domain as domain from company inner join raw.hosts as known using (host)
            where known.registrable_domain is not null and not known.is_free and not known.is_disposable
        ),
        name as (
            select distinct spelling.name from company inner join raw.company_names as known using (name)
            inner join raw.company_names as spelling on spelling.key = known.key
        )
        select contact.id from domain
        inner join raw.email_addresses as known on known.registrable_domain = domain.domain
        inner join raw.hubspot_contacts as contact
            on lower(contact.payload -> 'properties' ->> 'email') = known.address
        where contact.payload -> 'properties' ->> 'associatedcompanyid' is null
        union
        select contact.id from domain inner join raw.hosts as known on known.registrable_domain = domain.domain
        inner join raw.hubspot_contacts as contact
            on raw.dictionary_key(contact.payload #>> '{properties,website}') = known.host
        where contact.payload -> 'properties' ->> 'associatedcompanyid' is null
        union
        select contact.id from name
        inner join raw.hubspot_contacts as contact
            on raw.dictionary_key(contact.payload #>> '{properties,company}') = name.name
        where contact.payload -> 'properties' ->> 'associatedcompanyid' is null""",
        (list(company_ids),),
    )
    return {row["id"] for row in rows}
