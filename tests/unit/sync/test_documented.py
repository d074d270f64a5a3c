"""Whoever builds lists on what is written to HubSpot finds all of it in the documentation, and nothing else."""

import re
from pathlib import Path

from handoff.sync.properties import STATUSES, definitions
from handoff.sync.targets import NEW, UNQUALIFIED, WORKED, contact_target
from tests.unit.notify.contexts import NOW, make

PAGE = Path(__file__).parents[3] / "docs" / "for-revops.md"


def test_every_property_that_is_written_is_documented_with_its_values() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## What is written to a contact in HubSpot")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.+)$", section, re.MULTILINE))
    ours = {each["name"] for each in definitions([("bad_fit", "Bad fit")])}
    written = contact_target(make(), NOW, NOW, "1001", expected_owner_id=None, read_at=NOW)["properties"]
    assert set(rows) == ours | set(written)
    for name, values in (
        ("handoff_sla_status", {value for value, _ in STATUSES}),
        ("hs_lead_status", {NEW, WORKED, UNQUALIFIED}),
        ("lifecyclestage", {written["lifecyclestage"]}),
    ):
        assert set(re.findall(r"`(\w+)`", rows[name].split("|")[0])) == values
