"""The pipe is as wide at each stage as are those who reached it, and marks where most were lost."""

import re
from itertools import pairwise

import pytest

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
    assert [each["lostTitle"] for each in values] == ["", "10 lost", "12 lost", "3 lost", ""]


def test_the_picture_is_drawn_as_wide_and_what_is_lost_at_each_joint_in_red() -> None:
    picture = charts.svg(charts.pipe(JOINTS))
    joint = r'rule mark" transform="translate\(([\d.]+),([\d.]+)\)" x2="0" y2="([\d.]+)" stroke="(#\w+)"'
    drawn = [(colour, *map(float, at)) for *at, colour in re.findall(joint, picture)]
    reached, lost = (
        [(x, y, y + height) for each, x, y, height in drawn if each == colour] for colour in (charts.AFTER, charts.LOST)
    )
    assert len(drawn) == len(reached) + len(lost) == 2 * len(JOINTS)
    places = [x for x, _, _ in reached]
    assert places == sorted(set(places)) == [x for x, _, _ in lost]
    one = (reached[0][2] - reached[0][1]) / 40
    for name, rules in (("reached", reached), ("stopped", lost)):
        widths = [round((end - begin) / one, 6) for _, begin, end in rules]
        assert widths == [getattr(each, name) for each in JOINTS]
    assert [begin for _, begin, _ in lost] == pytest.approx([end for _, _, end in reached])
    # Each length of pipe leaves a joint as wide as are those who reached it, and brings those lost at the next.
    lengths = re.findall(r'aria-roledescription="area mark" d="([^"]+)Z"', picture)
    assert len(lengths) == len(JOINTS) - 1
    for path, (left, right) in zip(lengths, pairwise(JOINTS), strict=True):
        top_left, top_right, bottom_right, bottom_left = (each.split(",") for each in re.split("[ML]", path)[1:])
        widths = [
            float(bottom[1]) - float(top[1]) for top, bottom in ((top_left, bottom_left), (top_right, bottom_right))
        ]
        assert widths == pytest.approx([one * left.reached, one * (right.reached + right.stopped)], abs=0.01)


def test_nobody_lost_is_nobody_marked() -> None:
    values = charts.pipe((Joint("MQL", 0, ""), Joint("Accepted", 0, "")))["data"]["values"]
    assert not any(each["isWorst"] or each["top"] or each["bottom"] for each in values)
