"""Who was told of something on a closed phone, and what came of it, in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from care.alerts import Alert, AlertEnd
from care.staff import Staff
from server.language import N_
from server.pages.rendering import clock_text

_TOLD = N_("%(name)s fick besked %(time)s")
_NOT_REACHED = N_("%(name)s nåddes inte av beskedet")
_SILENT = N_("%(told)s, svarade inte")
_SEEN = N_("%(told)s, såg det %(time)s")
_TOOK_AFTER = N_("%(told)s, tar det")
_TAKEN = N_("%(name)s tar det sedan %(time)s")


def trail(steps: Sequence[tuple[Alert, Staff]], zone: ZoneInfo, say: Callable[[str], str]) -> str:
    """ "Anna L. fick besked 14.31, svarade inte; Erik B. fick besked 14.36". Empty when nobody was told."""
    parts = [_step(alert, staff, zone, say) for alert, staff in steps]
    text = "; ".join(part for part in parts if part)
    return f"{text}." if text else ""


def is_taken_by(steps: Sequence[tuple[Alert, Staff]], staff_id: object) -> bool:
    """Whether that person has said "Jag tar det"."""
    return any(alert.end is AlertEnd.TAKEN and staff.id == staff_id for alert, staff in steps)


def _step(alert: Alert, staff: Staff, zone: ZoneInfo, say: Callable[[str], str]) -> str:
    name = staff.short_name
    if alert.failed_at is not None:
        return say(_NOT_REACHED) % {"name": name}
    if alert.sent_at is None:
        if alert.end is AlertEnd.TAKEN and alert.ended_at is not None:
            return say(_TAKEN) % {"name": name, "time": clock_text(alert.ended_at, zone)}
        return ""
    told = say(_TOLD) % {"name": name, "time": clock_text(alert.sent_at, zone)}
    if alert.end is AlertEnd.UNANSWERED:
        return say(_SILENT) % {"told": told}
    if alert.end is AlertEnd.TAKEN:
        return say(_TOOK_AFTER) % {"told": told}
    if alert.end is AlertEnd.SEEN and alert.ended_at is not None:
        return say(_SEEN) % {"told": told, "time": clock_text(alert.ended_at, zone)}
    return told
