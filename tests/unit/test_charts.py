"""The pipe is as wide at each stage as are those who reached it, and marks where most were lost."""

import re

from handoff import charts
from handoff.charts import Joint

JOINTS = (
    Joint("MQL", 40, ""),
    Joint("Accepted", 24, "after 12 min", stopped=10, still_open=6),
    Joint("Contacted", 12, "after 1 h", stopped=12),
    Joint("SQL", 15, "after 3 d", stopped=3),
    Joint("Won", 0, "", stopped=0, still_open=15),
)


def test_each_stage_has_its_width_and_only_the_worst_joint_its_mark() -> None:
    values = charts.pipe(JOINTS)["data"]["values"]
    assert [(each["place"], each["top"], each["bottom"]) for each in values] == [
        *((0, 20, -20), (1, 12, -12), (2, 6, -6), (3, 7.5, -7.5), (4, 0, 0))
    ]
    assert [each["title"] for each in values if each["isWorst"]] == ["Contacted 12"]
    assert [each["wait"] for each in values] == ["", "after 12 min", "after 1 h", "after 3 d", ""]


def test_the_picture_is_drawn_as_wide_and_in_these_colours() -> None:
    picture = charts.svg(charts.pipe(JOINTS))
    joint = r'rule mark" transform="translate\(([\d.]+),[\d.]+\)" x2="0" y2="([\d.]+)" stroke="(#\w+)"'
    joint = r'rule mark" transform="translate\(([\d.]+),[\d.]+\)" x2="0" y2="([\d.]+)" stroke="(#\w+)"'
    drawn = re.findall(joint, picture)
    places = [float(x) for x, _, _ in drawn]
    assert places == sorted(places)
    widths = [float(width) for _, width, _ in drawn]
    assert [round(40 * width / widths[0], 6) for width in widths] == [40, 24, 12, 15, 0]
    assert [colour for _, _, colour in drawn] == [*[charts.AFTER] * 2, charts.LOST, *[charts.AFTER] * 2]


def test_nobody_lost_is_nobody_marked() -> None:
    values = charts.pipe((Joint("MQL", 0, ""), Joint("Accepted", 0, "")))["data"]["values"]
    assert not any(each["isWorst"] or each["top"] or each["bottom"] for each in values)
