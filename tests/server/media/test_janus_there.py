"""Where Janus cannot be tried: skipped by name on one's own machine, a failure where all is to be tried."""

from __future__ import annotations

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.server.media.janus_process import MISSING, NO_ADDRESS, cannot


@pytest.mark.parametrize("words", [MISSING, NO_ADDRESS], ids=["missing", "no_address"])
def test_it_is_never_left_out_in_silence(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI set the run is red; without it the reason stands in the report."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match=words.split(":", maxsplit=1)[0]):
        cannot(words)
    monkeypatch.delenv("CI")
    with pytest.raises(Skipped, match=words.split(":", maxsplit=1)[0]):
        cannot(words)
