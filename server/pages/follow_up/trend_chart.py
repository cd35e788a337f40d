"""A trend as a small drawn line: an SVG picture with the day table beside it as the text.

Drawn by pygal, without its scripts, and shown through ``<img>``: a picture carries its own style, whatever
the page's security policy, and follows light and dark by itself.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from typing import Any

import pygal
from pygal.style import Style

# Marked important because pygal's own rules name the drawing by its id, which is not known here.
_DARK = """inline:
@media (prefers-color-scheme: dark) {
  .axis text, .axis text.major { fill: #c9d1cc !important; }
  .axis .guide.line, .axis .line { stroke: #46514c !important; }
  .color-0 { stroke: #7fc4b1 !important; fill: #7fc4b1 !important; color: #7fc4b1 !important; }
  .color-0 .line { fill: none !important; }
}
.axis .guide.line { stroke-dasharray: 2,4 !important; }
.series .line { stroke-width: 2.5 !important; stroke-opacity: 1 !important; }
"""

_LOOK = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#4d5753",
    foreground_strong="#1d2321",
    foreground_subtle="#dcd8cf",
    guide_stroke_color="#dcd8cf",
    major_guide_stroke_color="#dcd8cf",
    colors=("#1f5a4c",),
    font_family="Inter, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
)


def trend(days: Sequence[date], values: Sequence[float | None], *, least: float = 0.0) -> str:
    """The address (a ``data:`` URI) of a drawing of shares by day.

    Parameters
    ----------
    values
        Shares 0–1 by day; None (hidden or nothing) leaves a gap.
    least
        Lower end of the scale when every value lies above it; else the scale begins at zero.
    """
    known = [value for value in values if value is not None]
    low = least if known and min(known) >= least else 0.0
    chart: Any = pygal.Line(
        width=560,
        height=180,
        style=_LOOK,
        css=["file://style.css", "file://graph.css", _DARK],
        js=[],
        show_legend=False,
        show_minor_x_labels=False,
        truncate_label=-1,
        margin=6,
        range=(low * 100, 100),
        y_labels=[low * 100, (low + 1) * 50, 100],
        value_formatter=lambda value: f"{value:.0f} %",
        dots_size=2.5,
        stroke_style={"width": 2.5},
        no_data_text="",
        allow_interruptions=True,
    )
    chart.x_labels = [f"{day.day}/{day.month}" for day in days]
    every = max(1, len(days) // 6)
    chart.x_labels_major = [f"{day.day}/{day.month}" for day in days[::every]]
    chart.add("", [None if value is None else round(value * 100, 1) for value in values])
    svg: bytes = chart.render()
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
