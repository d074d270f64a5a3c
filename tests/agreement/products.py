"""A second product beside the demo company's one."""

import json
from typing import Any

import psycopg

ADDON: dict[str, tuple[str, dict[str, Any]]] = {
    "definitions": ("platform-mql", {"definition_id": "addon-mql", "product_id": "addon", "name": "Add-on MQL"}),
    "signals": ("sig-form-demo", {"definition_id": "addon-mql", "rule_id": "add-form-demo", "points": 17}),
    "tiers": ("hand_raiser", {"definition_id": "addon-mql", "tier_id": "addon_asked", "response_minutes": 45}),
}
"""A second product whose one signal is the demo form: its rows, each like one of the agreement."""


def sell_the_addon_too(admin: psycopg.Connection[Any], **definition: Any) -> None:
    """Add the second product to the loaded agreement, with these values in its definition.

    When it goes live is the business of `going_live.note`.
    """
    for table, (like, values) in ADDON.items():
        own = values | (definition if table == "definitions" else {})
        admin.execute(
            f"""insert into agreement.{table} select new.* from agreement.{table} as old
            cross join lateral jsonb_populate_record(null::agreement.{table}, to_jsonb(old) || %s) as new
            where old::text like %s""",
            (json.dumps(own, default=str), f"({like},%"),
        )
