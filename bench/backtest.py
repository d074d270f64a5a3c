"""Compare two agreements over a grown company's history, and see what it takes.

    python bench/backtest.py [--leads N] [--acts N] [--days N] [--quick] [--json FILE]

A scratch Postgres holds leads and their acts as the line's own tables have them; the agreement of this checkout is
compared with itself after one change: a threshold ten points higher. Exit 0 when it found what must change.
"""

import json
import resource
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import machine, own_line
from bench.asked import Size, asked
from handoff import agreement, clock, connections
from handoff.backtest import run
from handoff.ledger import db
from handoff.qualify import models

RESULTS = Path(__file__).parent / "results" / "backtest.json"
SIZES = {
    "leads": Size("leads", 100_000, 2_000),
    "acts": Size("acts", 5_000_000, 40_000),
    "days": Size("days that are compared", 90, 90),
}
SPAN_DAYS = 180
"""Acts lie so far back, twice as far as is compared: what was done before the span decays into it."""
HIGHER = 10

FACTS = """
insert into line.int_leads (
    lead_id, email, email_domain, company_domain, company_name, full_name, title, seniority, industry, country, region,
    employees, lifecycle_stage, is_freemail, is_opted_out, is_bounced, is_competitor, is_internal, is_enriched, as_of,
    extracted_at
)
select
    no::text, 'lead' || no || '@company' || mod(no, 20000) || '.example', 'company' || mod(no, 20000) || '.example',
    'company' || mod(no, 20000) || '.example', 'Company ' || mod(no, 20000), 'Lead ' || no, 'Title',
    (array['executive', 'vp', 'director', 'manager', 'staff', 'student', null])[1 + floor(random() * 7)::int],
    (array['Software', 'Retail', 'Media', 'Government and non-profit', null])[1 + floor(random() * 5)::int],
    (array['US', 'DE', 'FR', 'JP', 'BR'])[1 + floor(random() * 5)::int],
    (array['North America', 'EMEA', 'EMEA', 'APAC', null])[1 + floor(random() * 5)::int],
    (array[5, 30, 120, 400, 3000, null])[1 + floor(random() * 6)::int],
    (array['lead', 'subscriber', 'customer'])[1 + floor(power(random(), 3) * 3)::int],
    random() < 0.1, random() < 0.03, random() < 0.02, false, false, true, %(end)s, %(end)s
from generate_series(1, %(leads)s) as no
"""
REMEMBERED = """
insert into handoff.lead_facts
select lead_id, as_of - interval '200 days', to_jsonb(lead) - array['lead_id', 'as_of', 'extracted_at']
from line.int_leads as lead
"""
# A tenth is found to be of another size on some day.
CHANGED = """
insert into handoff.lead_facts
select lead_id, as_of - random() * %(span)s::interval,
    to_jsonb(lead) - array['lead_id', 'as_of', 'extracted_at'] || jsonb_build_object('employees', 400)
from line.int_leads as lead where random() < 0.1
"""
# A few leads do much and most do little, as on any website.
ACTS = """
insert into line.int_activities
select
    'event:' || no, (1 + floor(power(random(), 2) * %(leads)s))::int::text, null, what.kind, 'Did it', what.subject,
    null, true, did.at, did.at
from generate_series(1, %(acts)s) as no
cross join lateral (
    select random() as kind, random() as page, %(end)s - random() * %(span)s::interval + no * interval '0' as at
) as did
cross join lateral (
    select
        case when did.kind < 0.8 then 'page_viewed' when did.kind < 0.93 then 'email_opened'
            when did.kind < 0.985 then 'email_clicked' else 'form_submitted' end as kind,
        case when did.kind < 0.8 then
            case when did.page < 0.06 then '/pricing' when did.page < 0.1 then '/demo'
                when did.page < 0.3 then '/product/' || floor(did.page * 100)
                else '/blog/' || floor(did.page * 3000) end
            when did.kind >= 0.985 then case when did.page < 0.05
                then 'f0000000-0000-4000-8000-000000000001' else 'f0000000-0000-4000-8000-000000000004' end
        end as subject
) as what
"""


PAST = (("leads", FACTS), ("what is known", REMEMBERED), ("and otherwise later", CHANGED), ("acts", ACTS))


def main() -> int:
    """Exit status: 0 when the change did what it must, 1 not."""
    given = asked(__doc__, RESULTS, SIZES)
    own_line.end_on_signals()
    load_before = machine.load()
    end = clock.now()
    with own_line.own_line() as line:
        own_line.load_agreement()
        with db.connect(connections.ADMIN) as admin:
            values = {"leads": given.leads, "acts": given.acts, "end": end, "span": f"{SPAN_DAYS} days"}
            for words, statement in PAST:
                _say(words)
                admin.execute(statement, values)
            admin.execute("analyze line.int_leads, line.int_activities, handoff.lead_facts")
        found = _measure(line.connection, given.days, end)
        found |= {"leads": given.leads, "acts": given.acts, "days": given.days}
        found["machine"] = machine.describe(line.connection, load_before)
    print(json.dumps(found, indent=2))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0 if found["lost"] and not found["gained"] else 1


def _measure(connection: db.Connection, days: int, end: datetime) -> dict[str, Any]:
    _say("compile")
    began = time.monotonic()
    compiled = models.compiled(for_all=True)
    compile_seconds = time.monotonic() - began
    before = agreement.source().as_tables()
    after = dict(before)
    after["definitions"] = [
        {**row, "threshold": str(int(row["threshold"] or 0) + HIGHER)} for row in before["definitions"]
    ]
    _say("compare")
    report = run.run(connection, compiled, (("as it is", before), ("higher", after)), days=days, end=end)
    _say("done")
    return {
        "seconds": report.seconds,
        "compile_seconds": round(compile_seconds, 1),
        "before": report.before.mqls,
        "after": report.after.mqls,
        "lost": len(report.lost),
        "gained": len(report.gained),
        "moments": report.before.moments + report.after.moments,
        "asked": report.before.asked + report.after.asked,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def _say(words: str) -> None:
    print(f"  · {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
