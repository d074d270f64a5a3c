"""Who is meant: every id and address of one person, and what the ledger holds about them under other keys."""

import re
from dataclasses import dataclass
from typing import Any

from handoff.ledger import aliases
from handoff.ledger.db import Connection
from handoff.route import withdraw


class Ambiguous(LookupError):
    """An address that several contacts have or had; the message names them."""


@dataclass(frozen=True)
class Person:
    """What identifies one person. `ids` are contact ids, merged ones too, `emails` in lower case and nobody else's."""

    ids: tuple[str, ...]
    emails: tuple[str, ...]


@dataclass(frozen=True)
class Traces:
    """A person, and the keys of what is about them without saying so by id or address."""

    person: Person
    handoffs: tuple[str, ...]
    effects: tuple[int, ...]
    """Outbox rows."""
    answers: tuple[int, ...]
    """Inbox rows: what was pressed about their handoffs."""
    alias: str = "erased-"
    """What stands for a contact id afterwards, before its number."""

    @property
    def parameters(self) -> dict[str, Any]:
        """For the registry's SQL."""
        return {
            "ids": list(self.person.ids),
            "emails": list(self.person.emails),
            "mentions": mentions(self.person.emails),
            "handoffs": list(self.handoffs),
            "effects": list(self.effects),
            "answers": list(self.answers),
            "alias": self.alias,
        }


def mentions(emails: tuple[str, ...]) -> str:
    """A regular expression of Postgres for a text that holds one of the addresses as a whole, not as part of one."""
    if not emails:
        return "(?!x)x"
    return rf"(?<![\w.%+-])(?:{'|'.join(re.escape(each) for each in emails)})(?![\w-]|\.\w)"


def find(connection: Connection, who: str) -> Person:
    """The person behind a contact id or an e-mail address; one that nothing is known of has no other keys.

    Raises:
        Ambiguous: several contacts that were never merged have the address.
    """
    text = who.strip()
    if text.isascii() and text.isdigit():
        return of_contact(connection, text)
    email = text.lower()
    rows = connection.execute(_BY_EMAIL, {"email": email}).fetchall()
    found = {aliases.ids_of(connection, "contacts", row["id"])[0] for row in rows}
    if len(found) > 1:
        raise Ambiguous(f"{len(found)} contacts have or had this address: name one of {', '.join(sorted(found))}")
    if not found:
        return Person((), (email,))
    person = of_contact(connection, found.pop())
    return Person(person.ids, tuple(sorted({*person.emails, email})))


def of_contact(connection: Connection, contact_id: str) -> Person:
    """A contact with its merged ids, and the addresses it ever had that no other live contact has now."""
    ids = aliases.ids_of(connection, "contacts", contact_id)
    rows = connection.execute(_EMAILS, {"ids": ids}).fetchall()
    return Person(tuple(ids), tuple(sorted(row["email"] for row in rows)))


def traces(connection: Connection, person: Person) -> Traces:
    """The keys of what else is about a person."""
    keys: dict[str, Any] = {"ids": list(person.ids), "mentions": mentions(person.emails)}
    handoffs = _column(connection, "select handoff_id as key from handoff.handoffs where lead_id = any(%(ids)s)", keys)
    keys["handoffs"] = handoffs
    answers = _column(connection, _ANSWERS, keys)
    keys["answers"] = answers
    effects = _column(connection, _EFFECTS, keys | {"told": withdraw.TOLD.format(withdraw.SAID["erased"])})
    return Traces(person, tuple(handoffs), tuple(effects), tuple(answers))


def _column(connection: Connection, query: str, keys: dict[str, Any]) -> list[Any]:
    return [row["key"] for row in connection.execute(query, keys)]


_ADDRESSES = """
    select contact.id, lower(btrim(address)) as email from raw.hubspot_contacts as contact
    cross join lateral unnest(
        contact.payload #>> '{properties,email}'
        || string_to_array(contact.payload #>> '{properties,hs_additional_emails}', ';')
    ) as address
"""

_BY_EMAIL = f"""
select id from raw.hubspot_contacts where lower(payload -> 'properties' ->> 'email') = %(email)s
union
select found.id from ({_ADDRESSES}
    where contact.payload #>> '{{properties,hs_additional_emails}}' <> ''
) as found where found.email = %(email)s
union
select lead_id from handoff.handoffs where lower(context #>> '{{lead,email}}') = %(email)s
"""

# The ledger may know an address whose raw version has been let go of.
_EMAILS = f"""
with theirs as (
    select email from ({_ADDRESSES} where contact.id = any(%(ids)s)) as landed
    union
    select lower(btrim(facts ->> 'email')) from handoff.lead_facts where lead_id = any(%(ids)s)
    union
    select lower(btrim(context #>> '{{lead,email}}')) from handoff.handoffs where lead_id = any(%(ids)s)
)
select email from theirs
where email <> '' and not exists (
    select from raw.hubspot_contacts as other
    where lower(other.payload -> 'properties' ->> 'email') = theirs.email and not other.id = any(%(ids)s)
    and coalesce(other.payload ->> 'archived', 'false') <> 'true'
    and not exists (
        select from raw.hubspot_contacts as newer
        where newer.id = other.id and (newer.updated_at, newer.version_id) > (other.updated_at, other.version_id)
    )
)
"""

# A press names the assignment in its value, a form in its metadata; both hold the message with the lead's name.
_ANSWERS = """
with assignments as (
    select assignment_id::text as value from handoff.assignments where handoff_id = any(%(handoffs)s)
)
select inbox_id as key from handoff.inbox
where source = 'slack' and (
    (payload ->> 'type' = 'block_actions' and payload #>> '{actions,0,action_id}' in (
        'handoff_accept', 'handoff_reject', 'handoff_snooze', 'handoff_contacted'
    ) and payload #>> '{actions,0,value}' in (select value from assignments))
    or split_part(payload #>> '{view,private_metadata}', ':', 1) in (select value from assignments)
)
"""

_EFFECTS = """
select outbox_id as key from handoff.outbox as effect
where (
    handoff_id = any(%(handoffs)s)
    or exists (select from unnest(%(handoffs)s::text[]) as theirs (id) where strpos(effect.dedupe_key, theirs.id) > 0)
    or exists (
        select from handoff.inbox as answer
        where answer.inbox_id = any(%(answers)s) and strpos(effect.dedupe_key, answer.event_key) > 0
    )
    or effect.payload::text ~* %(mentions)s
) and effect.payload ->> 'text' is distinct from %(told)s
"""
