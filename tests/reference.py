"""Reference pages drawn from the code itself: rights and errors.

``python -m tests.reference`` writes them; a test compares them with what is written.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from care.access.rights import PARTS, RIGHTS, Action, Part, Relation
from care.accounts import Role
from server.pages.faults import SENTENCES, UNKNOWN

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("care", "scheduler", "server")

_RELATION_WORDS = {
    Relation.SELF: "own",
    Relation.OWN_GROUP: "group",
    Relation.OWN_CLIENT: "known",
    Relation.ASSIGNED: "assigned",
    Relation.NIGHT: "night",
    Relation.DELEGATED: "delegated",
    Relation.EMERGENCY: "emergency",
    Relation.EVERYWHERE: "all",
    Relation.OWN_TABLET: "home",
    Relation.OWN_INVITATION: "invited",
}

PERMISSIONS = """# Permissions

Who may do what with whose data. Generated from `care/access/rights.py`, which is what the server asks;
what has no word here is denied.

- **own**: one's own matters, no client is touched
- **group**: clients and matters of a group in which one holds the role (or of all, when it is held in all)
- **known**: clients who have one as their named care worker or among their known staff
- **assigned**: a row opens its client's facts, from the start of one's shift to two hours after the row
- **night**: every client, for a night patrol's staff while their shift runs, not for who plans the roster
- **delegated**: lines that a licensed professional has handed to one by name, until a day; nurses need none
- **emergency**: a client whom one has opened for an hour, with a reason; the unit manager gets it as a task,
  and everything opened so is logged with the purpose `emergency`. Never a protected identity
- **all**: the whole municipality
- **home**: the tablet's own home
- **invited**: the one call that one's link was made for, once a worker has let one in

`sol_line.read` and `hsl_line.read` say whose lines are shown on a client and a contact: a contact without any
line that one may read does not exist, and of a mixed one the readable lines are shown.

A care worker who is an hourly substitute has no **group** but for the weekly check-in: their own rows, those
whom they know, and at night the night's. A client with a protected identity opens to care workers by
**known** and **assigned** alone. What is refused
answers as if it did not exist (404), and stands in the access log as every opening and change does.

{table}

## What a relation shows

Of a client and of a contact that a relation opens, these parts are shown and no others, on pages and by the
API alike. The name stands on all of them; a personal number on none.

{parts}

- **home**: address, telephone, door and lock, who else lives there
- **warnings**: language, hearing, choking, no mobile cover, away right now
- **own words**: what is important to the client
- **today**: the contacts of today and of the night that follows, with what they are for
- **video**: whether a video call may be made now, and what is missing for it
- **no answer**: whom to ring when nobody answers, on the card of a contact from its start until it has ended
- **contact persons**: relatives and others, at any time
- **week**: the contacts of the week to come
- **consents**: who said what and when, wish and decision ability
- **suitability**: whether a tablet suits, and why
- **known staff**: named care worker, known staff, who has been there
- **absences**: hospital, travel and the like
- **history**: what has happened to a contact, and what colleagues have written of it
"""

ERRORS = """# Errors

Every fault carries a stable code, a sentence that says what to do, and an HTTP status; the command line ends
with 2 when the input was wrong (status below 500) and with 1 otherwise. Generated from the code. Sentences
are Swedish; `%(name)s` is filled in.

| Code | Sentence | Status |
|---|---|---|
{table}
"""


def permissions() -> str:
    """The text of ``docs/permissions.md``."""
    roles = [role for role in Role if any(role in held for held in RIGHTS.values())]
    lines = ["| Action | " + " | ".join(f"`{role.value}`" for role in roles) + " |"]
    lines.append("|---" * (len(roles) + 1) + "|")
    for action in Action:
        cells = [
            ", ".join(_RELATION_WORDS[one] for one in Relation if one in RIGHTS[action].get(role, ()))
            for role in roles
        ]
        lines.append(f"| `{action.value}` | " + " | ".join(cell or "–" for cell in cells) + " |")
    return PERMISSIONS.format(table="\n".join(lines), parts="\n".join(_parts()))


def _parts() -> list[str]:
    """The table of what each relation shows of a client."""
    shown = [one for one in Relation if PARTS[one]]
    return [
        "| Part | " + " | ".join(_RELATION_WORDS[one] for one in shown) + " |",
        "|---" * (len(shown) + 1) + "|",
        *(
            f"| {part.value.replace('_', ' ')} | "
            + " | ".join("yes" if part in PARTS[one] else "–" for one in shown)
            + " |"
            for part in Part
        ),
    ]


@dataclass
class Found:
    """A fault as it stands in the code."""

    code: str
    sentence: str
    statuses: set[int] = field(default_factory=set)


class Unresolved(Exception):
    """A fault whose code cannot be read from the code that raises it."""


def errors() -> str:
    """The text of ``docs/errors.md``. Raises `Unresolved` when a code cannot be read."""
    merged: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in faults():
        merged[one.code, one.sentence] |= one.statuses
    rows = [
        f"| `{code}` | {sentence.replace('|', chr(92) + '|')} | {', '.join(map(str, sorted(statuses)))} |"
        for (code, sentence), statuses in sorted(merged.items())
    ]
    return ERRORS.format(table="\n".join(rows))


def faults() -> Iterator[Found]:
    """Every fault that the program can raise, with its sentence."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from _Module(path).faults()
    for status, (code, sentence) in _http().items():
        yield Found(code, sentence, {status})
    for rule, sentence in _digital():
        yield Found(f"digital.{rule}", sentence, {409, 422})


def _http() -> dict[int, tuple[str, str]]:
    return {**{int(status): words for status, words in SENTENCES.items()}, 400: UNKNOWN}


def _digital() -> Iterator[tuple[str, str]]:
    """The hard rules' refusals: ``No(rule, sentence)`` in `care.contacts.digital`."""
    tree = ast.parse((ROOT / "care/contacts/digital.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "No":
            rule, sentence = (_text(argument) for argument in node.args[:2])
            if rule is None or sentence is None:
                raise Unresolved(f"care/contacts/digital.py:{node.lineno}")
            yield rule, sentence


class _Module:
    """Reads the faults of one file: constants, choices, tables, and functions that pass them on."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(ROOT).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.inside: dict[ast.AST, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.tables: dict[str, dict[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for child in ast.walk(node):
                    self.inside[child] = node
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                self._table(node)

    def _table(self, node: ast.Assign) -> None:
        value = node.value
        assert isinstance(value, ast.Dict)
        pairs = [(_text(key), _text(word)) for key, word in zip(value.keys, value.values, strict=True)]
        if pairs and all(key is not None and word is not None for key, word in pairs):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.tables[target.id] = {str(key): str(word) for key, word in pairs}

    def faults(self) -> Iterator[Found]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fault":
                status = {_status(node)}
                for code, sentence in self._pairs(node):
                    yield Found(code, sentence, status)

    def _pairs(self, call: ast.Call) -> list[tuple[str, str]]:
        code, sentence = call.args[0], call.args[1]
        known, words = _texts(code), _texts(sentence)
        if known and words:
            return [(one, word) for one in known for word in words]
        where = f"{self.name}:{call.lineno}"
        if ast.unparse(code).startswith("f'digital."):
            return []  # the hard rules' own, read by `_digital`
        if where.startswith("server/pages/faults.py"):
            return []  # the web framework's own, read by `_http`
        if known and isinstance(sentence, ast.Attribute) and sentence.attr == "sentence":
            return [(one, "the sentence of the rule that says no, see `digital.…`") for one in known]
        if isinstance(sentence, ast.Subscript) and isinstance(sentence.value, ast.Name):
            table = self.tables.get(sentence.value.id)
            if table:
                return list(table.items())
        passed = self._passed_on(call, code, sentence)
        if not passed:
            raise Unresolved(where)
        return passed

    def _passed_on(self, call: ast.Call, code: ast.expr, sentence: ast.expr) -> list[tuple[str, str]]:
        """The code is a parameter of the function around: look at who calls it, in the same file."""
        around = self.inside.get(call)
        if around is None:
            return []
        prefix, parameter = "", code
        if isinstance(code, ast.JoinedStr) and len(code.values) == 2:
            head, tail = code.values
            prefix = _text(head) or ""
            parameter = tail.value if isinstance(tail, ast.FormattedValue) else code
        found = []
        for caller in ast.walk(self.tree):
            if not isinstance(caller, ast.Call) or _name(caller) != around.name:
                continue
            codes = _texts(_argument(caller, around, parameter))
            words = _texts(sentence) or _texts(_argument(caller, around, sentence))
            found += [(prefix + one, word) for one in codes for word in words]
        return found


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _argument(
    call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: ast.expr
) -> ast.expr | None:
    """What `call` gives for `parameter` of `function`."""
    if not isinstance(parameter, ast.Name):
        return None
    for keyword in call.keywords:
        if keyword.arg == parameter.id:
            return keyword.value
    names = [one.arg for one in function.args.args]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    place = names.index(parameter.id) if parameter.id in names else len(call.args)
    return call.args[place] if place < len(call.args) else None


def _text(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and _name(node) == "N_":
        return _text(node.args[0])
    return None


def _texts(node: ast.AST | None) -> list[str]:
    """The texts that an expression may be: a constant, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    text = _text(node)
    return [] if text is None else [text]


def _status(call: ast.Call) -> int:
    for keyword in call.keywords:
        if keyword.arg == "status" and isinstance(keyword.value, ast.Constant):
            return int(str(keyword.value.value))
    return 422


def write() -> None:
    """Write the pages into ``docs/``."""
    (ROOT / "docs/permissions.md").write_text(permissions(), encoding="utf-8")
    (ROOT / "docs/errors.md").write_text(errors(), encoding="utf-8")


if __name__ == "__main__":
    write()
