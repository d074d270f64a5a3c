"""Charts as Vega-Lite says them: one definition, and from it a picture for a page, for Slack or for print.

No browser and no font from elsewhere takes part.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair
import vl_convert

INK, PAPER = "#1f2933", "#ffffff"
BEFORE, AFTER, GAINED, LOST = "#7b8794", "#0b6e4f", "#0b6e4f", "#b33a3a"
WIDTH, PIPE_HEIGHT = 620, 240
SCALE = 2
"""Pixels of a PNG for each of the chart's."""


def themed(chart: altair.TopLevelMixin) -> dict[str, Any]:
    """The chart's definition with our look."""
    definition: dict[str, Any] = chart.to_dict()
    definition["config"] = {
        **definition.get("config", {}),
        "background": PAPER,
        "font": "DejaVu Sans, sans-serif",
        "axis": {"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal", "grid": False, "domain": False},
        "legend": {"labelColor": INK, "title": None, "orient": "top"},
        "view": {"stroke": None},
    }
    return definition


def svg(definition: Mapping[str, Any]) -> str:
    """The chart as an SVG element."""
    return str(vl_convert.vegalite_to_svg(json.dumps(definition)))


def png(definition: Mapping[str, Any]) -> bytes:
    """The chart as a picture."""
    return bytes(vl_convert.vegalite_to_png(json.dumps(definition), scale=SCALE))


def paired_bars(
    rows: Sequence[tuple[str, str, float]], names: tuple[str, str], colours: tuple[str, str], measured: str
) -> dict[str, Any]:
    """Horizontal bars, two a line.

    Args:
        rows: (line, which of the two names, value), in the order to show.
        measured: what the values count.
    """
    lines = list(dict.fromkeys(row[0] for row in rows))
    values = [{"line": line, "side": side, "value": value} for line, side, value in rows]
    bars = (
        altair.Chart(altair.Data(values=values), width=WIDTH)  # type: ignore[no-untyped-call]
        .mark_bar()
        .encode(
            x=altair.X("value:Q", title=measured),
            y=altair.Y("line:N", title=None, sort=lines),
            yOffset=altair.YOffset("side:N", sort=list(names)),
            color=altair.Color("side:N", scale=altair.Scale(domain=list(names), range=list(colours))),
        )
    )
    labels = bars.mark_text(align="left", dx=3).encode(text="value:Q")
    return themed(bars + labels)


def intervals(rows: Sequence[tuple[str, float, float, float]], measured: str) -> dict[str, Any]:
    """Shares with their intervals, one a line.

    Args:
        rows: (line, low, share, high), each from 0 to 1.
    """
    values = [{"line": line, "low": low, "share": share, "high": high} for line, low, share, high in rows]
    base = altair.Chart(altair.Data(values=values), width=WIDTH).encode(  # type: ignore[no-untyped-call]
        y=altair.Y("line:N", title=None, sort=[row[0] for row in rows])
    )
    percent = altair.Axis(format=".0%")
    band = base.mark_rule(strokeWidth=2, color=BEFORE).encode(
        x=altair.X("low:Q", title=measured, axis=percent, scale=altair.Scale(zero=True)), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=80, color=AFTER).encode(x=altair.X("share:Q"))
    return themed(band + points)


@dataclass(frozen=True)
class Joint:
    """One stage of a funnel: its name, how many reached it, and what to say of the wait before it.

    Of those who reached the stage before, `stopped` are lost and `still_open` may yet come.
    """

    stage: str
    reached: int
    wait: str
    stopped: int = 0
    still_open: int = 0

    @property
    def told(self) -> str:
        """What the picture shows of it, in words."""
        lost = f", {self.stopped:,} lost before it" if self.stopped else ""
        return f"{self.stage} {self.reached:,} {self.wait}".strip() + lost


def bottleneck(joints: Sequence[Joint]) -> Joint | None:
    """The stage before which most have stopped for good; None where nobody has."""
    worst = max(joints, key=lambda each: each.stopped, default=None)
    return worst if worst and worst.stopped else None


def pipe(joints: Sequence[Joint]) -> dict[str, Any]:
    """A funnel as a pipe: as wide at each stage as are those who reached it, and before it wider by those who are lost
    there, who fall off in red; where most are is marked.

    It grows wider where a stage can be reached without the one before.
    """
    worst = bottleneck(joints)
    values = [
        {
            "place": place,
            "top": each.reached / 2,
            "bottom": -each.reached / 2,
            "lost": -each.reached / 2 - each.stopped,
            "title": f"{each.stage} {each.reached:,}",
            "wait": each.wait,
            "lostTitle": f"{each.stopped:,} lost" if each.stopped else "",
            "isWorst": each is worst,
        }
        for place, each in enumerate(joints)
    ]
    lengths = [
        {"length": before["place"], "place": each["place"], "top": each["top"], "bottom": each[bottom]}
        for before, after in pairwise(values)
        for each, bottom in ((before, "bottom"), (after, "lost"))
    ]
    across = altair.X("place:Q", axis=None, scale=altair.Scale(domain=[-0.35, len(joints) - 0.65]))
    high = max((each.reached / 2 for each in joints), default=0)
    low = max((each.reached / 2 + each.stopped for each in joints), default=0)
    widest = high + low or 1
    room = altair.Scale(domain=[-low - 0.4 * widest, high + 0.25 * widest])
    top, bottom, fallen = (altair.Y(f"{each}:Q", axis=None, scale=room) for each in ("top", "bottom", "lost"))
    base = altair.Chart().encode(x=across)
    body = (
        altair.Chart(altair.Data(values=lengths))  # type: ignore[no-untyped-call]
        .mark_area(color=BEFORE, opacity=0.35)
        .encode(x=across, y=top, y2="bottom:Q", detail="length:N")
    )
    joins = base.mark_rule(strokeWidth=5, color=AFTER).encode(y=top, y2="bottom:Q")
    losses = base.mark_rule(strokeWidth=5, color=LOST).encode(y=bottom, y2="lost:Q")
    colour = altair.condition("datum.isWorst", altair.value(LOST), altair.value(AFTER))
    titles = base.mark_text(baseline="bottom", fontWeight="bold", fontSize=13, dy=-6).encode(
        y=top, text="title:N", color=colour
    )
    waits = base.mark_text(baseline="top", fontSize=11, dy=6).encode(y=fallen, text="wait:N", color=altair.value(INK))
    fell = base.mark_text(baseline="top", fontSize=11, dy=20).encode(
        y=fallen, text="lostTitle:N", color=altair.value(LOST)
    )
    whole = altair.layer(
        *(body, joins, losses, titles, waits, fell),
        data=altair.Data(values=values),  # type: ignore[no-untyped-call]
        width=WIDTH,
        height=PIPE_HEIGHT,
    )
    return themed(whole)
