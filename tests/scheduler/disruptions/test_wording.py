"""Every reason is a sentence in both languages: the keys in use exist, and their places are filled."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

from scheduler.disruptions import drafting, proposing
from scheduler.disruptions.wording import (
    CAUSES,
    CHOICES,
    REFUSALS,
    SUGGESTIONS,
    Sentence,
    reason,
    refusal,
    say,
    sentences,
)
from scheduler.planner.rules import Rule

TABLES = {"causes": CAUSES, "choices": CHOICES, "refusals": REFUSALS, "suggestions": SUGGESTIONS}
#: Rules that the planner keeps by itself and that never decide why a contact has no place.
NEVER_DECISIVE = {Rule.COMPLETE, Rule.FROZEN}
PLACES = re.compile(r"%\((\w+)\)s")


def code(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def strings(module: ModuleType) -> set[str]:
    """Every string literal in a module's code."""
    tree = code(module)
    return {
        one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def said_keys() -> set[str]:
    """The first argument of every `say(…)` and `refusal(…)` in the drafting of changes."""
    found = set()
    for module in (drafting, proposing):
        for call in ast.walk(code(module)):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"say", "refusal"}:
                found |= {
                    one.value
                    for one in ast.walk(call.args[0])
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_both_languages_say_the_same_things(table: dict[str, Sentence]) -> None:
    """Both are there, both end as sentences do, and they name the same people and times."""
    for key, (swedish, english) in table.items():
        assert swedish.endswith("."), key
        assert english.endswith("."), key
        assert swedish != english, key
        assert sorted(PLACES.findall(swedish)) == sorted(PLACES.findall(english)), key


def test_what_is_said_is_in_the_tables() -> None:
    known = {key for table in TABLES.values() for key in table}
    # The comparisons inside a conditional key are channels, not keys.
    assert said_keys() - {"physical"} <= known


@pytest.mark.parametrize("table", [CAUSES, CHOICES, SUGGESTIONS], ids=["causes", "choices", "suggestions"])
def test_nothing_in_the_tables_is_never_said(table: dict[str, Sentence]) -> None:
    assert set(table) <= strings(drafting) | strings(proposing)


def test_every_rule_that_can_decide_has_its_own_words() -> None:
    assert {rule.value for rule in Rule} - {rule.value for rule in NEVER_DECISIVE} <= set(REFUSALS)
    assert refusal("unheard_of")["sv"] == "Ingen lösning hittades."


def test_sentences_are_filled_and_joined() -> None:
    told = reason(
        [say("staff_away", staff="Anna"), say("staff_away", staff="Bo")], [say("later", minutes=10)]
    )
    assert told["sv"] == "Anna är inte på plats då. Bo är inte på plats då. 10 min senare."
    assert told["en"] == "Anna is not at work then. Bo is not at work then. 10 min later."
    assert refusal("overlap", [say("ask_group")]) == {
        "sv": "Alla som kan är upptagna då. Fråga en annan grupp.",
        "en": "Everybody who could do it is busy then. Ask another group.",
    }
    assert sentences(CAUSES, []) == ("", "")
