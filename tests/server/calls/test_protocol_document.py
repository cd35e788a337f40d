"""docs/protocol.md and the messages of the server say the same, field by field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from care.calls.life import CallState, Cause
from server.calls import messages
from server.calls.messages import FromTablet, FromWorker, Message, ToClient

TEXT = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")
KINDS: list[type[Message]] = sorted(
    {*get_args(FromTablet), *get_args(FromWorker), *get_args(ToClient)},
    key=lambda kind: str(kind.__struct_config__.tag),
)
#: What every client message may carry is said once, in section 1.
EVERYWHERE = {"n", "answers"}


def _described(tag: str) -> str:
    """What the document says of a message: from its bold name to the next bold name or heading."""
    parts = re.split(r"(?=\*\*`)|\n(?=#)", TEXT)
    return "".join(part for part in parts if part.startswith(f"**`{tag}`**"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__struct_config__.tag))
def test_every_message_is_described_with_its_fields(kind: type[Message]) -> None:
    """A message without a description, or a field without a name, is found here."""
    tag = str(kind.__struct_config__.tag)
    said = _described(tag)
    assert said, f"{tag} is not described"
    for field in set(kind.__struct_encode_fields__) - EVERYWHERE:
        assert re.search(rf"\b{field}\b", said), f"{tag}: {field} is not described"


def test_nothing_is_described_that_does_not_exist() -> None:
    """Every bold name is a message."""
    tags = {str(kind.__struct_config__.tag) for kind in KINDS}
    assert set(re.findall(r"\*\*`(\w+)`\*\*", TEXT)) == tags


def test_every_cause_state_and_code_is_there() -> None:
    """Causes and states of the record, and every code that the sockets raise."""
    for word in [*Cause, *CallState]:
        assert re.search(rf"\b{word.value}\b", TEXT), word
    sources = [
        *Path(messages.__file__).parent.glob("*.py"),
        *(Path(__file__).parents[3] / "care" / "calls").glob("*.py"),
    ]
    codes = {
        code
        for source in sources
        for code in re.findall(
            r'(?:Fault|_no|_fault)\(\s*"([a-z_.]+)"', source.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert len(codes) > 10
    assert not {code for code in codes if f"`{code}`" not in TEXT}


def test_versions() -> None:
    """The document and the server speak the same version."""
    assert messages.PROTOCOLS == (1,)
    assert "There is one version, **1**." in TEXT
