"""The queue of leads whose histories the marts do not show yet.

The ledger's own triggers fill it: when the line has judged a lead, when a handoff is made, answered or renamed, when a
contact is merged. Here is noted what no change of a lead brings about. A build takes what is in the queue
(`int_moved_leads`); only once its readers have it do the entries go.
"""

from collections.abc import Collection
from datetime import datetime

from handoff.ledger.db import Connection


def note(connection: Connection, lead_ids: Collection[str]) -> None:
    """Let the next build make the histories of these leads anew."""
    connection.execute("insert into handoff.stale_leads (lead_id) select unnest(%s::text[])", (list(lead_ids),))


def note_all(connection: Connection) -> None:
    """Let the next build make every history anew: the rules or the models have changed."""
    connection.execute("insert into handoff.stale_leads (lead_id) values (null)")


def note_due(connection: Connection, at: datetime) -> None:
    """Note the leads of whom something was dated ahead and has come about, or whose campaign has another name now."""
    row = connection.execute("select to_regclass('line.int_channelled_acts') is not null as is_built").fetchone()
    if row and row["is_built"]:
        connection.execute(_DUE, {"at": at})


def settle(connection: Connection) -> int:
    """Take away what the build has brought to its readers; returns how many leads that were, in all their ids."""
    row = connection.execute(_SETTLE).fetchone()
    return int(row["leads"]) if row else 0


_DUE = """
insert into handoff.stale_leads (lead_id)
select lead_id from line.int_ahead_leads where ahead_at <= %(at)s
union
select acts.lead_id from line.int_channelled_acts as acts
left join (
    select key, min(name) as name from staging.stg_hubspot__campaigns
    cross join lateral unnest(array[campaign_id, utm_campaign]) as key
    group by key
) as campaigns on acts.campaign_key = campaigns.key
where acts.campaign_key is not null and acts.campaign is distinct from coalesce(campaigns.name, acts.campaign_key)
"""
_SETTLE = """
with settled as (
    delete from handoff.stale_leads
    where entry_id in (select unnest(entry_ids) from line.int_moved_leads)
)
select count(*) as leads from line.int_moved_leads
"""
