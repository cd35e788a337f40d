"""The typeface of a PDF: ours, a variable file in browsers, cut into the two weights that are printed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

#: Style of a PDF → weight.
WEIGHTS = {"": 400.0, "B": 700.0}
#: The letters of most names, those of the rest, and figures without a stroke through the zero.
_FILES = (
    "lib/fonts/atkinson-hyperlegible-next-latin-wght-normal.woff2",
    "lib/fonts/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
    "lib/fonts/inter-latin-wght-normal.woff2",
)


def cut(files: Mapping[str, Path]) -> list[dict[str, Path]]:
    """For each file of the typeface: style → a font that FPDF reads. Takes seconds at first."""
    return [_weights(files[name]) for name in _FILES]


@cache
def _weights(file: Path) -> dict[str, Path]:
    made = {}
    for style, weight in WEIGHTS.items():
        font = TTFont(file)
        # Ligatures and the like are not printed, and take most of the time.
        thin = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True, hinting=False))
        thin.populate(unicodes=list(font.getBestCmap()))
        thin.subset(font)
        font = instancer.instantiateVariableFont(font, {"wght": weight})
        font.flavor = None
        target = Path(_folder().name) / f"{file.stem}-{weight:.0f}.ttf"
        font.save(target)
        made[style] = target
    return made


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="samtid-type-")
