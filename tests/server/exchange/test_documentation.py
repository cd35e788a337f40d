"""What docs/import.md says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.exchange.column_map import builtin_maps
from server.exchange.kind import FORMATS, Kind

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
CODES = {
    code
    for folder in ("server/exchange", "server/cli")
    for file in (ROOT / folder).rglob("*.py")
    for code in re.findall(r'"(import\.[a-z0-9_]+)"', file.read_text(encoding="utf-8"))
} - {"import.run"}


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    """No code without its place in the page, and none that has gone."""
    documented = set(re.findall(r"`(import\.[a-z0-9_]+)`", TEXT))
    # Named after the rules for calls that say no.
    from_rules = {"import.client_consents", "import.nurse_allows"}
    assert documented - from_rules == CODES


@pytest.mark.parametrize("kind", Kind)
def test_every_column_is_documented_in_order(kind: Kind) -> None:
    """The documented format of each kind."""
    columns = ", ".join(f"`{column.name}`" for column in FORMATS[kind].standard)
    assert f"**{kind.value}** – {columns}" in " ".join(TEXT.split())
    assert all(f"`{column.name}`" in TEXT for column in FORMATS[kind].columns)


def test_every_map_that_comes_along_is_documented() -> None:
    """By the name that is given to --map."""
    assert all(f"`--map {name}`" in TEXT for name in builtin_maps())
