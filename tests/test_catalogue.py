"""Everything said to people can be said in English, and nothing is said outside the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests import catalogue

#: Formats of files, which are Swedish in every language, and letters for sorting and names.
NOT_SAID = (
    "server/exchange/kinds/",
    "server/exchange/extract/",
    "server/exchange/exporting.py",
    "server/exchange/intake/services.py",
    "care/sorting.py",
    "care/checkin/names.py",
    "server/accounts.py",
    catalogue.BILINGUAL,
)
_PLACES = re.compile(r"%\((\w+)\)([sd])|%%")


def both() -> Iterator[tuple[str, str, str]]:
    """Swedish, English, and the package, form by form."""
    for package in catalogue.HOMES:
        for message in catalogue.read(package, "en"):
            if not message.id:
                continue
            swedish = [message.id] if isinstance(message.id, str) else list(message.id)
            english = [message.string] if isinstance(message.string, str) else list(message.string or ())
            yield from ((one, other, package) for one, other in zip(swedish, english, strict=True))


@pytest.mark.parametrize("package", catalogue.HOMES)
def test_the_catalogue_has_exactly_the_messages_of_the_code(package: str) -> None:
    """After a new or changed sentence: python -m tests.catalogue, then translate what it lists."""
    written = catalogue.catalogue_file(package, "en").read_bytes()
    assert written == catalogue.brought_up_to_date("en")[package]


def test_every_message_has_an_english_translation() -> None:
    assert [one for one, other, _ in both() if not other.strip()] == []


def test_nothing_is_fuzzy_or_left_over() -> None:
    for package in catalogue.HOMES:
        read = catalogue.read(package, "en")
        assert [one.id for one in read if one.id and one.fuzzy] == []
        assert dict(read.obsolete) == {}


def test_both_languages_fill_the_same_places() -> None:
    """A place that only one language has would be an empty word, or an error."""
    wrong = [
        (one, other)
        for one, other, _ in both()
        if {place[0] for place in _PLACES.findall(one)} != {place[0] for place in _PLACES.findall(other)}
    ]
    assert wrong == []


def test_a_message_stands_in_one_catalogue() -> None:
    ids = [str(one.id) for package in catalogue.HOMES for one in catalogue.read(package, "en") if one.id]
    assert len(ids) == len(set(ids))


def test_nothing_swedish_is_said_outside_the_catalogues() -> None:
    """A text with å, ä or ö in the code is a message, unless it is a file's format."""
    known = {part for one in catalogue.messages() for part in ([one] if isinstance(one, str) else one)}
    found = []
    for path in catalogue.files(".py"):
        name = path.relative_to(catalogue.ROOT).as_posix()
        if name.startswith(NOT_SAID):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # Docstrings, and what `not_found` is about: one sentence stands for all.
        quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        quiet |= {
            id(argument)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "not_found"
            for argument in node.args
        }
        found += [
            f"{name}:{node.lineno} {node.value!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and re.search("[åäöÅÄÖ]", node.value) and node.value not in known and id(node) not in quiet
        ]  # fmt: skip
    assert found == []
