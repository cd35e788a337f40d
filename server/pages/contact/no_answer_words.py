"""Words for when nobody answers: what to do now, what came of it, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from care.clients import Client, Risk
from care.no_answer.step import Outcome, Step, WhyNoAnswer
from care.tasks import TaskKind
from server.language import N_

HEADINGS: dict[Step, str] = {
    Step.RING: N_("Ring på skärmen"),
    Step.RING_AGAIN: N_("Ring en gång till"),
    Step.PHONE: N_("Ring telefonen"),
    Step.NEIGHBOURS: N_("Fråga den som är nära"),
    Step.CONTACT_PERSON: N_("Ring kontaktpersonen"),
    Step.CHECK_VISIT: N_("Någon åker dit"),
    Step.ON_SITE: N_("Ingen öppnar"),
    Step.DECIDE: N_("Samordnaren bestämmer"),
}
ADVICE: dict[Step, str] = {
    Step.RING: N_("Låt det ringa i en minut."),
    Step.RING_AGAIN: N_("Låt det ringa i en minut till. Många behöver tid för att ta sig fram."),
    Step.PHONE: N_("Ring på telefonen. Vid svar: prata som vanligt, och be personen titta till skärmen."),
    Step.NEIGHBOURS: N_("Ring den översta först. Fråga om någon har sett personen, eller be dem knacka på."),
    Step.CONTACT_PERSON: N_(
        "Ring i den här ordningen. Säg bara att du söker personen, tills du vet vem du talar med."
    ),
    Step.CHECK_VISIT: N_("Någon behöver se efter på plats. Välj vem som åker."),
    Step.ON_SITE: N_("Gör så här, i tur och ordning. Vid fara för liv: ring 112 genast."),
    Step.DECIDE: N_("Det här är ett socialt samtal, så ingen skickas av sig själv. Bestäm vad som görs."),
}
#: At the door (domain 3.2): searched first, never alone inside, and 112 at once in danger.
AT_THE_DOOR = (
    N_("Ring på, knacka och ropa. Titta in där det går, och se dig om runt huset."),
    N_("Ring chefen eller den som är ansvarig."),
    N_("Gå in med nyckel eller lås tillsammans med en kollega."),
    N_("Hittas personen inte: chefen ringer kontaktpersonen och polisen."),
)
SAYS: dict[Outcome, str] = {
    Outcome.NO_ANSWER: N_("Svarade inte"),
    Outcome.OFFLINE: N_("Skärmen gick inte att nå"),
    Outcome.NOT_NOW: N_("Vill prata senare"),
    Outcome.ANSWERED: N_("Svarade"),
    Outcome.WRONG: N_("Något är fel, åk dit nu"),
    Outcome.SEEN_OK: N_("Sedd, allt är bra"),
    Outcome.DONE_THERE: N_("Sedd, och det som skulle göras är gjort"),
    Outcome.AWAY: N_("Är borta, vi vet var"),
    Outcome.INSIDE_OK: N_("Inne, allt är bra"),
    Outcome.INSIDE_HELP: N_("Inne, behöver hjälp"),
    Outcome.POLICE: N_("Hittas inte, polisen är uppringd"),
    Outcome.VISIT: N_("Planera ett besök"),
    Outcome.LEAVE: N_("Det kan vänta till nästa kontakt"),
    Outcome.LAPSED: N_("Inget skrevs, det gick vidare"),
}
_OWN: dict[tuple[Step, Outcome], str] = {
    (Step.NEIGHBOURS, Outcome.NO_ANSWER): N_("Ingen vet"),
    (Step.CONTACT_PERSON, Outcome.NO_ANSWER): N_("Ingen svarade"),
    (Step.CONTACT_PERSON, Outcome.SEEN_OK): N_("Är hemma och mår bra"),
    (Step.NEIGHBOURS, Outcome.ANSWERED): N_("Har svarat nu"),
    (Step.CONTACT_PERSON, Outcome.ANSWERED): N_("Har svarat nu"),
    (Step.CHECK_VISIT, Outcome.ANSWERED): N_("Har svarat nu"),
    (Step.DECIDE, Outcome.ANSWERED): N_("Har svarat nu"),
    (Step.ON_SITE, Outcome.NO_ANSWER): N_("Ingen öppnar, den ansvariga behövs"),
}
SYMBOLS: dict[Outcome, str] = {
    Outcome.NO_ANSWER: "chevron-right",
    Outcome.NOT_NOW: "clock",
    Outcome.ANSWERED: "check",
    Outcome.WRONG: "triangle-alert",
    Outcome.SEEN_OK: "check",
    Outcome.DONE_THERE: "check",
    Outcome.AWAY: "door-open",
    Outcome.INSIDE_OK: "check",
    Outcome.INSIDE_HELP: "triangle-alert",
    Outcome.POLICE: "shield-alert",
    Outcome.VISIT: "house",
    Outcome.LEAVE: "calendar-days",
}
LEVELS: dict[Risk, str] = {
    Risk.LOW: N_("Socialt samtal"),
    Risk.NORMAL: N_("Trygghetskontakt"),
    Risk.HIGH: N_("Hög risk"),
}
#: How a case ended, by `NoAnswerCase.ending`.
ENDINGS: dict[str, str] = {
    **{one.value: words for one, words in SAYS.items()},
    "on_site": N_("Någon är på plats"),
    "done": N_("Blev av"),
    "done_phone": N_("Blev av på telefon"),
    "replaced": N_("Ersatt av ett besök"),
    "missed": N_("Blev inte av"),
    "declined": N_("Personen tackade nej"),
    "cancelled": N_("Inställd"),
}
WHY: dict[WhyNoAnswer, str] = {
    WhyNoAnswer.DID_NOT_HEAR: N_("Hörde inte"),
    WhyNoAnswer.ASLEEP: N_("Sov"),
    WhyNoAnswer.OUT: N_("Var ute"),
    WhyNoAnswer.OTHER_VISIT: N_("Hade besök"),
    WhyNoAnswer.DID_NOT_WANT: N_("Ville inte prata"),
    WhyNoAnswer.TABLET: N_("Skärmen krånglade"),
    WhyNoAnswer.OUR_MISTAKE: N_("Vi ringde fel eller för sent"),
    WhyNoAnswer.ILL: N_("Var sjuk"),
    WhyNoAnswer.FALL: N_("Hade ramlat"),
    WhyNoAnswer.HOSPITAL: N_("Var på sjukhus"),
    WhyNoAnswer.UNKNOWN: N_("Vet inte"),
}

TASK_HEADINGS = {
    TaskKind.NO_ANSWER_WHY: N_("Varför blev det inget svar?"),
    TaskKind.PLAN_REVIEW: N_("Planen behöver ses över"),
}
TASK_OUTCOMES: dict[TaskKind, tuple[tuple[str, str], ...]] = {
    # Said on the page of the contact, which closes the task.
    TaskKind.NO_ANSWER_WHY: (),
    TaskKind.PLAN_REVIEW: (("changed", N_("Planen är ändrad")), ("kept", N_("Planen får vara som den är"))),
}


def says(step: Step, outcome: Outcome) -> str:
    """What came of it, as the step words it (gettext message id)."""
    return _OWN.get((step, outcome), SAYS[outcome])


def task_sentence(
    kind: TaskKind, facts: dict[str, Any], client: Client | None, say: Callable[[str], str]
) -> str:
    """What is to be done, in words."""
    name = client.first_name if client else ""
    if kind is TaskKind.NO_ANSWER_WHY:
        return say("%(name)s svarade inte. Ett tryck räcker för att säga varför.") % {"name": name}
    return say(
        "%(name)s har inte svarat %(count)s gånger på två veckor. Passar tid, kanal och steg fortfarande?"
    ) % {"name": name, "count": facts.get("count", "")}
