"""The reference municipality, made once for all tests of it: Tuesday 1 December 2026, 06.40."""

from __future__ import annotations

import pytest

from care.demo.planting import SEED
from tests.care.demo.rows import NOW, Demo, make_demo


@pytest.fixture(scope="session")
def demo() -> Demo:
    """The demo as it is planted with its own seed."""
    return make_demo(SEED, NOW)
