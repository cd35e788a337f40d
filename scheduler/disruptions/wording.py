"""Why, in plain Swedish and English: a sentence a person would say, for every change and every refusal.

A proposal keeps its reasons in both languages, because the page, the printed list and the command line may
be read in either. So the sentences stand here side by side, one definition each, and not in a catalogue.
Names are first names: the coordinator sees whom it is about in the row itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Sentence = tuple[str, str]

#: Why the row cannot stay as it is.
CAUSES: dict[str, Sentence] = {
    "staff_away": ("%(staff)s är inte på plats då.", "%(staff)s is not at work then."),
    "car_broken": ("%(staff)s står still med bilen.", "%(staff)s has no working car."),
    "snow": (
        "Vägen tar %(minutes)s min längre i snön.",
        "The road takes %(minutes)s min longer in the snow.",
    ),
    "snow_some": ("Vägen tar längre tid i snön.", "The road takes longer in the snow."),
    "shut": ("Ingen kommer in i huset.", "Nobody can get into the building."),
    "stairs": ("Trapporna gör besöket längre.", "The stairs make the visit longer."),
    "tablet": ("Surfplattan fungerar inte.", "The tablet does not work."),
    "lines": ("Nätet är nere.", "The network is down."),
    "gone": ("%(client)s är borta då.", "%(client)s is away then."),
    "cohort": (
        "Smitta i hemmet: så få som möjligt ska gå dit.",
        "Infection in the home: as few as possible go there.",
    ),
    "unstaffed": ("Kontakten hade ingen personal.", "Nobody was planned for it."),
    "room": (
        "Ger plats åt någon som måste få hjälp på plats.",
        "Makes room for somebody who needs hands-on help.",
    ),
}

#: Why it becomes what it becomes.
CHOICES: dict[str, Sentence] = {
    "video": ("%(client)s har sagt ja till video.", "%(client)s has said yes to video."),
    "video_nurse": (
        "Sjuksköterskan tillåter video, och %(client)s har sagt ja.",
        "The nurse allows video, and %(client)s has said yes.",
    ),
    "same_time_screen": ("Samma tid, på skärmen.", "Same time, on the screen."),
    "phone": ("Ring på telefon i stället.", "Ring by telephone instead."),
    "physical": ("Besök i stället för samtal.", "A visit instead of a call."),
    "hands": ("Behöver hjälp på plats.", "Needs help on the spot."),
    "known": ("%(client)s känner %(staff)s.", "%(client)s knows %(staff)s."),
    "same_staff": ("Samma person som förut.", "The same person as before."),
    "free": ("%(staff)s har tid då.", "%(staff)s has time then."),
    "delegated": (
        "%(staff)s får göra det som kräver delegering.",
        "%(staff)s may do what needs a delegation.",
    ),
    "same_time": ("Samma tid.", "Same time."),
    "later": ("%(minutes)s min senare.", "%(minutes)s min later."),
    "earlier": ("%(minutes)s min tidigare.", "%(minutes)s min earlier."),
    "wait": ("Kan vänta. Beslutets veckotid hålls.", "Can wait. The weekly time of the decision is kept."),
    "cancel": (
        "Besöket ställs in, det räknas inte som missat.",
        "The visit is cancelled and not counted as missed.",
    ),
}

#: Why something needs a person's decision: the planner's decisive rule.
REFUSALS: dict[str, Sentence] = {
    "unreachable": ("Ingen kommer fram dit.", "Nobody can get there."),
    "shift": ("De som kan är inte på plats eller är upptagna då.", "Those who could are away or busy then."),
    "staff_eligible": ("Ingen har rätt behörighet.", "Nobody is qualified for it."),
    "staff_number": (
        "Besöket behöver två personer, och bara en är ledig.",
        "The visit needs two and only one is free.",
    ),
    "staff_distinct": (
        "Besöket behöver två personer, och bara en är ledig.",
        "The visit needs two and only one is free.",
    ),
    "overlap": ("Alla som kan är upptagna då.", "Everybody who could do it is busy then."),
    "travel": ("Ingen hinner fram i tid.", "Nobody gets there in time."),
    "window": ("Ingen tid inom fönstret går att hitta.", "No time inside the window could be found."),
    "not_before": ("Tiden har redan passerat.", "The time has already passed."),
    "max_work": ("Det skulle ge för långa arbetspass.", "Shifts would become too long."),
    "break": ("Det skulle ta någons rast.", "It would take somebody's break."),
    "digital_shift": ("Den som är ledig sitter i samtal.", "The one who is free is booked for calls."),
    "worker_video": ("Den som är ledig har inte video.", "The one who is free does not do video."),
    "mode": (
        "Kontakten får inte ske på distans, och ingen kan komma.",
        "It may not be remote, and nobody can come.",
    ),
    "never_video": ("Behöver hjälp på plats, och ingen kan komma.", "Needs hands, and nobody can come."),
    "postpone": ("Kan inte vänta till en annan dag.", "Cannot wait for another day."),
    "gap": (
        "Det krockar med en annan kontakt hos samma person.",
        "It clashes with another contact in the same home.",
    ),
    "no_day": ("Ingen annan dag inom tiden har plats.", "No other day in time has room."),
    "camera": ("Tillsynen med kamera kan inte nås.", "The camera check cannot be reached."),
    "other": ("Ingen lösning hittades.", "No solution was found."),
}

SUGGESTIONS: dict[str, Sentence] = {
    "ask_group": ("Fråga en annan grupp.", "Ask another group."),
    "two_needed": (
        "Be en grupp till om hjälp med den andra personen.",
        "Ask another group for the second person.",
    ),
    "waive": (
        "Går om du godtar %(staff)s kl. %(time)s.",
        "Possible if you accept %(staff)s at %(time)s.",
    ),
    "ring": ("Ring %(client)s och kom överens.", "Ring %(client)s and agree."),
}


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence: a key of one of the tables above and what fills it."""

    key: str
    values: tuple[tuple[str, str], ...] = ()


def say(key: str, **values: object) -> Say:
    return Say(key, tuple((name, str(value)) for name, value in values.items()))


def sentences(table: dict[str, Sentence], said: Iterable[Say]) -> tuple[str, str]:
    """The sentences joined, in Swedish and English."""
    swedish, english = [], []
    for one in said:
        values = dict(one.values)
        text = table[one.key]
        swedish.append(text[0] % values if values else text[0])
        english.append(text[1] % values if values else text[1])
    return " ".join(swedish), " ".join(english)


def reason(causes: Sequence[Say], choices: Sequence[Say]) -> dict[str, str]:
    """``{"sv", "en"}``: why it cannot stay, then why it becomes so."""
    before, after = sentences(CAUSES, causes), sentences(CHOICES, choices)
    return {"sv": f"{before[0]} {after[0]}".strip(), "en": f"{before[1]} {after[1]}".strip()}


def refusal(rule: str, suggestions: Sequence[Say] = ()) -> dict[str, str]:
    """``{"sv", "en"}``: why nothing was found, and what a person could do."""
    why = sentences(REFUSALS, [say(rule if rule in REFUSALS else "other")])
    hint = sentences(SUGGESTIONS, suggestions)
    return {"sv": f"{why[0]} {hint[0]}".strip(), "en": f"{why[1]} {hint[1]}".strip()}
