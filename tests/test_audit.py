"""The audit of what Samtid is made of: a known vulnerability fails, no answer is said in words."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "audit"
CLEAN = {"dependencies": [{"name": "aiohttp", "version": "3.13.0", "vulns": []}]}
KNOWN = {
    "dependencies": [
        {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "CVE-2024-1", "fix_versions": ["3.1"]}]}
    ]
}
UNKNOWN = {"dependencies": [{"name": "aiohttp", "skip_reason": "Dependency not found"}]}
FRONT = {"metadata": {"dependencies": {"total": 12}}, "vulnerabilities": {}}
BAD_FRONT = {**FRONT, "vulnerabilities": {"htmx": {"severity": "high"}}}


@pytest.fixture
def audit() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("audit", str(SCRIPT))
    spec = importlib.util.spec_from_loader("audit", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("ours", "theirs", "code", "words"),
    [
        pytest.param(CLEAN, FRONT, 0, "1 Python packages audited, 0 known", id="clean"),
        pytest.param(KNOWN, FRONT, 1, "CVE-2024-1", id="known in Python"),
        pytest.param(CLEAN, BAD_FRONT, 1, "htmx: high", id="known in the front end"),
        pytest.param(UNKNOWN, FRONT, 0, "Python: NOT audited", id="a service that knows none"),
        pytest.param(None, None, 0, "front-end: NOT audited", id="no answer"),
        pytest.param(KNOWN, None, 1, "CVE-2024-1", id="known in one, no answer for the other"),
    ],
)
def test_what_is_known_fails_and_silence_is_said(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ours: Any,
    theirs: Any,
    code: int,
    words: str,
) -> None:
    """Never a quiet pass when nothing was asked, never a failure for a service that is away."""
    monkeypatch.setattr(audit, "asked", lambda *words: ours if "pip_audit" in words else theirs)
    assert audit.main() == code
    assert words in capsys.readouterr().out


def test_a_tool_that_answers_nonsense_is_no_answer(audit: ModuleType) -> None:
    """Neither is one that fails without a word."""
    assert audit.asked("-c", "print('not json')") is None
    assert audit.asked("-c", "import sys; sys.exit(3)") is None
