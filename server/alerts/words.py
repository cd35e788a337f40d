"""What a message says. Never whom it is about: it stands on a locked screen for everybody to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from care.alerts import AlertKind
from server.language import N_
from server.pages.rendering import clock_text

_CALL = N_("Samtid: ett samtal väntar kl. %(time)s. Öppna Min dag.")
_VISIT = N_("Samtid: ett besök väntar kl. %(time)s. Öppna Min dag.")
_TEXTS = {
    AlertKind.RED: N_("Samtid: något som inte har blivit av behöver dig. Öppna Min dag."),
    AlertKind.TASK: N_("Samtid: du har fått en uppgift, senast kl. %(time)s. Öppna Min dag."),
    AlertKind.HAND_OVER: N_("Samtid: en kollega lämnar över till dig. Öppna Min dag."),
}
CODE = N_("Samtid: din kod är %(code)s. Den gäller i tio minuter.")
TEST = N_("Samtid: det här är ett prov. Besked kommer fram till din telefon.")


def text(kind: AlertKind, facts: Mapping[str, Any], zone: ZoneInfo, say: Callable[[str], str]) -> str:
    """The message in one sentence or two."""
    due = _CALL if facts.get("is_call") else _VISIT
    return say(_TEXTS.get(kind, due)) % {"time": _time(facts.get("at"), zone)}


def _time(value: Any, zone: ZoneInfo) -> str:
    return clock_text(datetime.fromisoformat(str(value)), zone) if value else ""
