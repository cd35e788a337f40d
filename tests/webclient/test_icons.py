"""Templates only ask for icons and files that the build brings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tablet_kiosk
import webclient

WEB = Path(str(webclient.__file__)).parent
KIOSK = Path(str(tablet_kiosk.__file__)).parent
TEMPLATES = sorted([*WEB.glob("templates/**/*.html"), *KIOSK.glob("templates/**/*.html")])
LISTED = {
    line.split("#")[0].strip() for line in (WEB / "build" / "icons.txt").read_text("utf-8").splitlines()
} - {""}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_icons_that_a_template_names_are_in_the_list(template: Path) -> None:
    """An icon that is not listed would be an empty square."""
    asked = set(re.findall(r"""\bicon\(["']([a-z0-9-]+)["']""", template.read_text("utf-8")))
    assert asked <= LISTED, f"add to webclient/build/icons.txt: {sorted(asked - LISTED)}"


def test_the_sprite_has_every_icon_of_the_list() -> None:
    """What is listed is drawn, and nothing in the sprite carries style or script of its own."""
    sprite = (WEB / "static" / "lib" / "icons.svg").read_text("utf-8")
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == LISTED
    assert "style=" not in sprite
    assert "<script" not in sprite


@pytest.mark.parametrize("kind", ["worker", "elder"])
def test_portraits_are_drawn_without_inline_style(kind: str) -> None:
    """120 portraits of each kind, all different, each naming its artist, none against our CSP."""
    drawn = [path.read_text("utf-8") for path in sorted((WEB / "static/lib/portraits").glob(f"{kind}-*.svg"))]
    assert len(drawn) == len(set(drawn)) == 120
    assert all("Micah Lanier" in svg and "style=" not in svg for svg in drawn)


#: Opened from the disk without a server and its policy: their style must be in them.
READ_AS_FILES = {"emergency_copy.html", "emergency_index.html", "emergency_paper.html"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_script_or_style(template: Path) -> None:
    """The content security policy allows neither inline script, nor inline style, nor handlers."""
    text = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL)
    if template.name in READ_AS_FILES:
        text = re.sub(r"<style>[^<]*</style>", "", text, count=1)
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|\bhx-on|javascript:", text)
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert "src=" in attributes or 'type="application/json"' in attributes
