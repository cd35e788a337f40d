"""The course of one side of a call as a drawn picture; the table beside it says the same in figures."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pygal
from pygal.style import Style

from care.calls.series import LOSS, ROUND_TRIP, SECONDS, Point

# Marked important because pygal's own rules name the drawing by its id, which is not known here. Loss is told
# from the round trip by its dashes too.
_RULES = """inline:
@media (prefers-color-scheme: dark) {
  .axis text, .axis text.major, .legends text { fill: #c9d1cc !important; }
  .axis .guide.line, .axis .line { stroke: #46514c !important; }
}
.axis .guide.line { stroke-dasharray: 2,4 !important; }
.series .line { stroke-width: 2.5 !important; stroke-opacity: 1 !important; }
.series.serie-1 .line { stroke-dasharray: 6,4 !important; }
"""

_LOOK = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#4d5753",
    foreground_strong="#1d2321",
    foreground_subtle="#dcd8cf",
    guide_stroke_color="#dcd8cf",
    major_guide_stroke_color="#dcd8cf",
    # Seen on light and on dark ground: at least 3:1 on both.
    colors=("#2f8f78", "#c47f00"),
    font_family="Inter, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
)


def course_chart(points: Sequence[Point]) -> str:
    """The address (a ``data:`` URI) of a drawing: round trip in ms (whole), loss in per cent (dashed)."""
    chart: Any = pygal.Line(
        width=560,
        height=200,
        style=_LOOK,
        css=["file://style.css", "file://graph.css", _RULES],
        js=[],
        show_legend=False,
        show_minor_x_labels=False,
        truncate_label=-1,
        margin=6,
        include_x_axis=True,
        # Both scales: the caption says which is which.
        value_formatter=lambda value: f"{value:.0f}",
        secondary_range=(0, max(5.0, *(point[LOSS] or 0.0 for point in points))),
        dots_size=1.5,
        no_data_text="",
        allow_interruptions=True,
    )
    chart.x_labels = [
        f"{(point[SECONDS] or 0) // 60:.0f}.{(point[SECONDS] or 0) % 60:02.0f}" for point in points
    ]
    chart.x_labels_major = chart.x_labels[:: max(1, len(points) // 6)]
    chart.add("", [point[ROUND_TRIP] for point in points])
    chart.add("", [point[LOSS] for point in points], secondary=True, formatter=lambda value: f"{value:.0f} %")
    svg: bytes = chart.render()
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
