"""Charts as Vega-Lite says them: one definition, and from it a picture for a page, for Slack or for print.

No browser and no font from elsewhere takes part.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair
import vl_convert

INK, PAPER = "#1f2933", "#ffffff"
BEFORE, AFTER, GAINED, LOST = "#7b8794", "#0b6e4f", "#0b6e4f", "#b33a3a"
WIDTH = 620
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


def pdf(definition: Mapping[str, Any]) -> bytes:
    """The chart on a page of its own."""
    return bytes(vl_convert.vegalite_to_pdf(json.dumps(definition)))


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
