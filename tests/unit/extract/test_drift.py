"""What is kept of the CRM's properties is what models ask for."""

import re

from handoff.extract.drift import NEEDED
from handoff.settings import settings


def test_a_model_asks_only_for_properties_that_are_kept() -> None:
    """Of another name there is no row, and whatever depends on it would be unknown for ever."""
    models = {path.stem: path.read_text("utf-8") for path in (settings().dbt_project / "models").rglob("*.sql")}
    asked = {
        name: set(re.findall(r"property_id\s*=\s*'([^']*)'", text))
        for name, text in models.items()
        if "ref('stg_handoff__crm_properties')" in text
    }
    assert asked["fct_stage_history"]
    assert {name: unknown for name, ids in asked.items() if (unknown := ids - NEEDED)} == {}
