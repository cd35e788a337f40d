"""Every pair of colours that the pages use is readable: computed from tokens.css as it is served."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import webclient

STATIC = Path(str(webclient.__file__)).parent / "static"
TOKENS = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS.split("@media")[0]
    )
}
GROUNDS = ("paper", "card", "raised")

# (words, ground): 4.5:1, WCAG 2.2 AA for text of any size.
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "pine", "brick") for ground in GROUNDS),
    ("on-action", "action"),
    ("on-action", "action-hover"),
    ("on-danger", "danger"),
    ("on-demo", "demo"),
    ("on-sun", "sun"),
    ("pine", "pine-soft"),
    ("sky", "sky-soft"),
    ("plum", "plum-soft"),
    ("sun-ink", "sun-soft"),
    ("brick", "brick-soft"),
    ("brick-ink", "brick-soft"),
    ("stone", "stone-soft"),
    *(("ink", soft) for soft in ("pine-soft", "sky-soft", "stone-soft", "sunken")),
    *(("ink-2", soft) for soft in ("pine-soft", "stone-soft", "sunken")),
]
# Borders of fields, focus rings, progress: 3:1, WCAG 2.2 AA for what is not text.
SHAPES = [
    *(("line-strong", ground) for ground in GROUNDS),
    *(("focus", ground) for ground in GROUNDS),
    ("pine", "stone-soft"),
]
# The tablet: 7:1, for old eyes and bright windows.
KIOSK = [
    *((ink, ground) for ink in ("kiosk-ink", "kiosk-ink-2") for ground in ("kiosk-paper", "kiosk-card")),
    ("kiosk-ink", "kiosk-pine-soft"),
    ("kiosk-on-pine", "kiosk-pine"),
    ("kiosk-on-pine-2", "kiosk-pine"),
    ("kiosk-action-ink", "kiosk-card"),
    ("kiosk-action-ink", "kiosk-paper"),
    ("kiosk-brick", "kiosk-card"),
    ("kiosk-on-brick", "kiosk-brick"),
    ("kiosk-night-ink", "kiosk-night"),
]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2, definition)."""

    def channel(part: str) -> float:
        value = int(part, 16) / 255
        return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (channel(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_defines_it() -> None:
    """Black on white is 21:1 and #767676 on white the well-known 4.54:1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "ground", "least"),
    [
        *((front, ground, 4.5) for front, ground in TEXT),
        *((front, ground, 3.0) for front, ground in SHAPES),
        *((front, ground, 7.0) for front, ground in KIOSK),
    ],
)
def test_pair_can_be_read(front: str, ground: str, least: float, scheme: str) -> None:
    """Each pair that is used reaches its ratio, light and dark."""
    ratio = contrast(COLOURS[front][scheme], COLOURS[ground][scheme])
    assert ratio >= least, f"{front} on {ground} ({scheme}): {ratio:.2f}:1, needs {least}:1"


def test_every_variable_that_a_style_sheet_uses_is_a_token() -> None:
    """A misspelt token would silently fall back to nothing."""
    known = set(re.findall(r"(--[a-z0-9-]+):", TOKENS))
    for sheet in sorted(STATIC.glob("css/*.css")):
        text = sheet.read_text(encoding="utf-8")
        local = set(re.findall(r"(--[a-z0-9-]+):", text))
        unknown = set(re.findall(r"var\((--[a-z0-9-]+)", text)) - known - local
        assert not unknown, f"{sheet.name} uses {sorted(unknown)}"


def test_colours_stand_in_tokens_alone() -> None:
    """A colour written elsewhere would not follow light and dark, nor be checked here."""
    for sheet in sorted(STATIC.glob("css/*.css")):
        if sheet.name == "tokens.css":
            continue
        found = re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", sheet.read_text(encoding="utf-8"))
        assert not found, f"{sheet.name} has colours of its own: {found}"
