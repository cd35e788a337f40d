"""The words for people, gathered from the code, and their translations in the three catalogues.

``python -m tests.catalogue`` brings ``locale/*/LC_MESSAGES/samtid.po`` up to date: new messages are added
with an empty translation and listed, messages that the code no longer has are dropped, the rest keeps its
translation. Then fill the empty ones in and run the tests.

Gathered are, in Python: what the marks of `care.words` and gettext's own functions get, what is given for a
parameter or field called ``sentence``, and every sentence of a `Fault`; in templates what Jinja2 calls
gettext with; in scripts what ``t`` and ``tn`` get.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from tests import reference

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en",)
#: Languages of the client's screen alone: their catalogues hold what a tablet may say, and nothing else.
SCREEN_LANGUAGES = ("fi", "ar")
_SCREEN = ("tablet_kiosk/", "server/tablets/wording.py", "server/tablets/day.py", "server/tablets/phrases.py")
#: Package of the catalogue → folders it speaks for, the first that fits. A message stands in one catalogue.
HOMES = {
    "care": ("care", "scheduler"),
    "tablet_kiosk": ("tablet_kiosk", "server/tablets"),
    "webclient": ("",),
}
#: Reasons of proposals carry both languages in themselves: there `say` takes a key.
BILINGUAL = "scheduler/disruptions/"
#: Invented people and streets are data.
NOT_WORDS = ("care/demo/", "webclient/static/lib/")
HEADER = "# The words of Samtid. Swedish is the source; `python -m tests.catalogue` gathers them."

#: A message id: one sentence, or one and many.
Id = str | tuple[str, str]

#: Always the same, so that a file changes only when its words do.
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_MARKS = {"_", "N_", "gettext", "say", "translate", "Word", "stale"}
_PAIRS = {"ngettext", "NN_"}
_CODE = re.compile(r"[a-z0-9_.:/%-]*")
_JINJA = {
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
    "extensions": "jinja2.ext.i18n,jinja2.ext.do",
}
_JAVASCRIPT: Mapping[str, Any] = {"t": None, "tn": (1, 2)}
_TEMPLATE: Mapping[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2)}


def files(*endings: str) -> Iterator[Path]:
    """The files of the four packages that speak to people."""
    for package in ("care", "scheduler", "server", "webclient", "tablet_kiosk"):
        for path in sorted((ROOT / package).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in endings and not name.startswith(NOT_WORDS):
                yield path


@dataclass
class Sentences:
    """Where in the arguments of a function, by its name, a sentence stands: `one` and `many` are a pair."""

    places: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def learn(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
                if names[:1] in (["self"], ["cls"]):
                    names = names[1:]
                self._add(node.name, names)
            elif isinstance(node, ast.ClassDef):
                fields = [
                    one.target.id
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                ]
                init = next(
                    (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"),
                    None,
                )
                self._add(node.name, [one.arg for one in init.args.args][1:] if init else fields)

    def _add(self, name: str, parameters: list[str]) -> None:
        if "sentence" in parameters:
            self.places[name].add(parameters.index("sentence"))


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in files(".py")}


@cache
def _everywhere() -> Sentences:
    known = Sentences()
    for tree in _trees().values():
        known.learn(tree)
    return known


def _texts(node: ast.AST | None) -> Iterator[str]:
    """The constants that an expression may be: itself, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def in_python(path: Path) -> Iterator[Id]:
    """The messages of one Python file."""
    own = Sentences()
    own.learn(_trees()[path])
    for node in ast.walk(_trees()[path]):
        if not isinstance(node, ast.Call):
            continue
        name = str(getattr(node.func, "id", getattr(node.func, "attr", "")))
        if name in _PAIRS:
            one, many = [*_texts(node.args[0])], [*_texts(node.args[1])] if len(node.args) > 1 else []
            yield from zip(one, many, strict=True)
        elif name in _MARKS:
            if name == "say" and path.relative_to(ROOT).as_posix().startswith(BILINGUAL):
                continue
            yield from _texts(node.args[0] if node.args else None)
        else:
            places = own.places.get(name) or _everywhere().places.get(name, set())
            given = [node.args[place] for place in places if place < len(node.args)]
            given += [one.value for one in node.keywords if one.arg == "sentence"]
            for argument in given:
                yield from (text for text in _texts(argument) if not _CODE.fullmatch(text))


def _by_babel(path: Path) -> Iterator[Id]:
    with path.open("rb") as source:
        if path.suffix == ".js":
            found = extract("javascript", source, _JAVASCRIPT, options={"encoding": "utf-8"})
        else:
            found = extract("jinja2.ext:babel_extract", source, _TEMPLATE, options=_JINJA)
        for _line, message, _comments, _context in found:
            yield message if isinstance(message, str) else (message[0], message[1])


def messages() -> dict[Id, str]:
    """Every message, with the package in whose catalogue it stands."""
    homes: dict[Id, set[str]] = defaultdict(set)
    for path in files(".py", ".html", ".js"):
        package = home(path.relative_to(ROOT).as_posix())
        for found in in_python(path) if path.suffix == ".py" else _by_babel(path):
            homes[found].add(package)
    for fault in reference.faults():
        if not fault.sentence.startswith("the sentence of the rule"):
            homes[fault.sentence].add("")
    # A word that stands alone and counted is one message: the counted one.
    counted = {one[0] for one in homes if not isinstance(one, str)}
    return {
        found: next((name for name in HOMES if name in where), "webclient")
        for found, where in homes.items()
        if not (isinstance(found, str) and found in counted) and found
    }


def on_screens() -> set[Id]:
    """What the client's screen may say: its own words, and those that the server puts into its day.

    The sentences of faults are for staff: a tablet that belongs to nobody speaks Swedish.
    """
    said: set[Id] = set()
    for path in files(".py", ".html", ".js"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(_SCREEN):
            said.update(in_python(path) if path.suffix == ".py" else _by_babel(path))
    return (said - {fault.sentence for fault in reference.faults()}) & messages().keys()


def screen_catalogue(language: str) -> bytes:
    """The text that the screens' catalogue of a language should have."""
    known = {message.id: message.string for message in read("tablet_kiosk", language) if message.id}
    fresh = _empty(language)
    for found in on_screens():
        none = ("",) * fresh.num_plurals if isinstance(found, tuple) else ""
        fresh.add(found, known.get(found) or none)
    out = BytesIO()
    write_po(out, fresh, no_location=True, sort_output=True, width=110)
    return out.getvalue()


def home(name: str) -> str:
    """The package whose catalogue speaks for a file."""
    fitting = {
        package: max((len(one) for one in folders if name.startswith(one)), default=-1)
        for package, folders in HOMES.items()
    }
    return max(fitting, key=lambda package: fitting[package])


def catalogue_file(package: str, language: str) -> Path:
    return ROOT / package / "locale" / language / "LC_MESSAGES" / "samtid.po"


def read(package: str, language: str) -> Catalog:
    """The catalogue as it is written; an empty one when there is none."""
    path = catalogue_file(package, language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(language: str) -> dict[str, bytes]:
    """Package → the text that its catalogue should have."""
    known: dict[Any, Any] = {}
    for package in HOMES:
        for message in read(package, language):
            if message.id and message.string:
                known.setdefault(message.id, message.string)
    fresh = {package: _empty(language) for package in HOMES}
    for found, package in messages().items():
        fresh[package].add(found, known.get(found, ("", "") if isinstance(found, tuple) else ""))
    written = {}
    for package, catalogue in fresh.items():
        out = BytesIO()
        write_po(out, catalogue, no_location=True, sort_output=True, width=110)
        written[package] = out.getvalue()
    return written


def _empty(language: str) -> Catalog:
    return Catalog(
        locale=language, project="Samtid", version="1", header_comment=HEADER, fuzzy=False,
        creation_date=_SOME_DAY, revision_date=_SOME_DAY,
        last_translator="Samtid", language_team="Samtid", msgid_bugs_address="",
    )  # fmt: skip


def write() -> None:
    """Write the catalogues, and say what waits for a translation."""
    for language in LANGUAGES:
        for package, text in brought_up_to_date(language).items():
            _write(package, language, text)
    for language in SCREEN_LANGUAGES:
        _write("tablet_kiosk", language, screen_catalogue(language))


def _write(package: str, language: str, text: bytes) -> None:
    path = catalogue_file(package, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    waiting = [one.id for one in read(package, language) if one.id and not has_words(one.string)]
    print(f"{path.relative_to(ROOT)}: {len(waiting)} to translate", *waiting, sep="\n  ")  # noqa: T201


def has_words(string: Any) -> bool:
    """Whether the translation is there, in all its forms."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


if __name__ == "__main__":
    write()
