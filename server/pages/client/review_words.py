"""Words of tasks about consents and tablets to look at again, for *Behöver en människa*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from care.clients import Client
from care.consent import ConsentKind
from care.devices import DeviceEnd
from care.tasks import TaskKind
from server.language import N_
from server.pages.client.words import CONSENTS
from server.pages.rendering import clock_text

HEADINGS = {
    TaskKind.REVIEW_CONSENT: N_("Samtycke att fråga om igen"),
    TaskKind.REVIEW_TABLET: N_("Passar surfplattan än?"),
    TaskKind.TABLET_GONE: N_("Surfplattan är borta"),
}
#: The first two are answered on the client's page, which closes the task; these are for what cannot be.
OUTCOMES: dict[TaskKind, tuple[tuple[str, str], ...]] = {
    TaskKind.REVIEW_CONSENT: (("asked", N_("Har frågat, det står på sidan")),),
    TaskKind.REVIEW_TABLET: (("assessed", N_("Har bedömt, det står på sidan")),),
    TaskKind.TABLET_GONE: (
        ("handled", N_("Samtalen är ordnade")),
        ("found", N_("Den är hittad")),
    ),
}


def sentence(
    kind: TaskKind, facts: Mapping[str, Any], client: Client | None, zone: ZoneInfo, say: Callable[[str], str]
) -> str:
    """What has to be done, in words."""
    name = client.first_name if client else ""
    match kind:
        case TaskKind.REVIEW_CONSENT:
            word = say(CONSENTS[ConsentKind(facts["kind"])]) if facts.get("kind") in set(ConsentKind) else ""
            return say("Fråga %(name)s om det som är sagt fortfarande gäller: %(what)s.") % {
                "name": name,
                "what": word,
            }
        case TaskKind.REVIEW_TABLET:
            return say("Gör en ny bedömning av om surfplattan passar %(name)s.") % {"name": name}
        case _:
            return _gone(facts, name, zone, say)


def _gone(facts: Mapping[str, Any], name: str, zone: ZoneInfo, say: Callable[[str], str]) -> str:
    device = facts.get("device", "")
    if facts.get("why") != DeviceEnd.LOST.value:
        return say("%(device)s är återlämnad, men samtal är planerade.") % {"device": device}
    text = say("%(device)s hos %(name)s är förlorad och spärrad.") % {"device": device, "name": name}
    try:
        erased = clock_text(datetime.fromisoformat(str(facts.get("erased"))), zone)
    except ValueError:
        return text + " " + say("Den suddar sin dag så fort den får kontakt.")
    return text + " " + say("Den fick kontakt kl. %(time)s och suddade sin dag.") % {"time": erased}
