"""How much each rule of today applied to a lead at a moment of the past: asked of the line's own models."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
from psycopg import sql

from handoff.ledger.db import Connection
from handoff.qualify import loads, replica
from handoff.qualify.loads import Tables
from handoff.suggest.model import CannotSuggest, Floats
from handoff.suggest.rules import Rules

HUNDREDTHS = 100
"""Points of every rule while it is asked how much it applies: the models round to hundredths of a point."""
ALWAYS = {"valid_from": "2000-01-01", "valid_to": "9999-12-31"}
MODELS = ("int_leads", "int_score_parts")

Seen = tuple[str, datetime]
"""A lead and the moment at which it is looked at."""


def at_moments(connection: Connection, rules: Rules, asked: Iterable[Seen]) -> dict[Seen, Floats]:
    """The weights of the rules, by lead and moment, as everything was known at the moment; see `Examples.weights`.

    A lead that was not known then is missing. Every moment takes about half a second.
    """
    leads: dict[datetime, list[str]] = defaultdict(list)
    for lead_id, moment in asked:
        leads[moment].append(lead_id)
    models = _Models(connection, rules)
    return {
        (lead_id, moment): weights
        for moment, ids in sorted(leads.items())
        for lead_id, weights in models.weights(moment, ids, {}).items()
    }


def at_last_acts(connection: Connection, rules: Rules, as_of: datetime, most: int) -> Floats:
    """The weights of the rules for the leads of now, each at the moment of its last act, (leads, items).

    That is when the line scored it. What it did since then does not fade in the meantime.

    Args:
        most: so many leads are taken, by a hash of their ids, when there are more.
    """
    found = connection.execute(
        """select lead_id from line.int_leads as lead
        where exists (select from line.int_activities as act where act.lead_id = lead.lead_id)
        order by md5(lead_id) limit %s""",
        (most,),
    )
    ids = [row["lead_id"] for row in found]
    leads = sql.SQL(_AT_LAST_ACT).format(ids=sql.Literal(ids), as_of=sql.Literal(as_of))
    weights = _Models(connection, rules).weights(as_of, ids, {"int_leads": leads})
    return np.array([weights[lead_id] for lead_id in ids]).reshape(len(ids), len(rules.items))


_AT_LAST_ACT = """
select judged.* from line.int_leads as lead
cross join lateral (
    select max(occurred_at) as at from line.int_activities as act
    where act.lead_id = lead.lead_id and act.occurred_at <= {as_of}
) as last
cross join lateral jsonb_populate_record(
    null::line.int_leads, to_jsonb(lead) || jsonb_build_object('as_of', coalesce(last.at, lead.as_of))
) as judged
where lead.lead_id = any({ids})
"""


class _Models:
    """The newest models, over an agreement in which each rule is always in force and earns the same."""

    def __init__(self, connection: Connection, rules: Rules) -> None:
        load = loads.newest(connection)
        if load is None:
            raise CannotSuggest("no agreement has been loaded yet: `handoff agreement load`")
        self._connection, self._rules = connection, rules
        self._models = loads.models(connection, load.models_hash)
        self._tables: Tables = {**loads.agreement(connection, load.agreement_hash), **_alike(rules)}

    def weights(
        self, moment: datetime, lead_ids: Sequence[str], given: Mapping[str, sql.Composable]
    ) -> dict[str, Floats]:
        """By lead."""
        places = {item.id: place for place, item in enumerate(self._rules.items)}
        asked = replica.Replica(self._models, MODELS, moment, self._tables, given)
        with replica.opened(self._connection, asked, lead_ids):
            rows = self._connection.execute(
                """select lead.lead_id, part.rule_id, sum(part.raw_points) as points from pg_temp.int_leads as lead
                left join pg_temp.int_score_parts as part
                    on part.lead_id = lead.lead_id and part.definition_id = %s
                group by lead.lead_id, part.rule_id""",
                (self._rules.definition.key,),
            ).fetchall()
        found = {row["lead_id"]: np.zeros(len(places)) for row in rows}
        for row in rows:
            if row["rule_id"]:
                found[row["lead_id"]][places[row["rule_id"]]] = float(row["points"]) / HUNDREDTHS
        return found


def _alike(rules: Rules) -> Tables:
    tables: dict[str, list[dict[str, str]]] = {"fit_points": [], "signals": [], "score_caps": []}
    for row in rules.rows:
        tables[row.seed.name].append({**row.cells, **ALWAYS, "points": str(HUNDREDTHS)})
    return {**tables, "definitions": [{**rules.definition.cells, **ALWAYS}]}
