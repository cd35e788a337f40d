"""Words of the tasks in *Behöver en människa*: what each is called, what it says, what it may end with.

Kinds with much to say have their words where they belong: with consents, tablets, and contacts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from care.clients import Client
from care.tasks import Task, TaskKind
from server.language import N_
from server.pages.client import review_words
from server.pages.contact import no_answer_words
from server.pages.rendering import clock_text
from server.pages.tablet import task_words

Translate = Callable[[str], str]

HEADINGS: dict[TaskKind, str] = {
    **review_words.HEADINGS,
    **task_words.HEADINGS,
    **no_answer_words.TASK_HEADINGS,
    TaskKind.TELL_CLIENT: N_("Ring och berätta"),
    TaskKind.CONFIRM_CONSENT: N_("Samtycke att bekräfta"),
    TaskKind.CALL_REQUEST: N_("Vill bli uppringd"),
    TaskKind.SYSTEM_WAS_AWAY: N_("Systemet var borta"),
    TaskKind.FOLLOW_UP: N_("Att följa upp"),
    TaskKind.EMERGENCY_OPENED: N_("Nödöppning att granska"),
    TaskKind.LOG_SAMPLE: N_("Månadens stickprov ur loggen"),
    TaskKind.ALERT_FAILED: N_("Besked kom inte fram"),
}
#: What a task may end with, by kind: (word for the record, words on the button). The first is the usual.
OUTCOMES: dict[TaskKind, tuple[tuple[str, str], ...]] = {
    **review_words.OUTCOMES,
    **task_words.OUTCOMES,
    **no_answer_words.TASK_OUTCOMES,
    TaskKind.TELL_CLIENT: (
        ("told", N_("Har berättat")),
        ("not_reached", N_("Nådde inte, tar det på besöket")),
    ),
    TaskKind.CONFIRM_CONSENT: (
        ("confirmed", N_("Samtycket är bekräftat")),
        ("declined", N_("Personen vill inte")),
    ),
    TaskKind.CALL_REQUEST: (("called", N_("Har ringt")), ("not_reached", N_("Nådde inte"))),
    TaskKind.SYSTEM_WAS_AWAY: (("checked", N_("Raderna är kontrollerade")),),
    TaskKind.FOLLOW_UP: (("done", N_("Uppföljt")),),
    TaskKind.ALERT_FAILED: (("handled", N_("Den som skulle ha besked vet")),),
    # Judged in the log, line by line.
    TaskKind.EMERGENCY_OPENED: (),
    TaskKind.LOG_SAMPLE: (),
}


def task_sentence(task: Task, client: Client | None, zone: ZoneInfo, language: str, say: Translate) -> str:
    """What has happened, and what to do about it; what is to be told by telephone stands with its notices."""
    facts = task.facts
    if task.kind in review_words.HEADINGS:
        return review_words.sentence(task.kind, facts, client, zone, say)
    if task.kind in no_answer_words.TASK_HEADINGS:
        return no_answer_words.task_sentence(task.kind, facts, client, say)
    if task.kind in task_words.HEADINGS:
        return task_words.sentence(task.kind, facts, zone, say)
    return _plain(task, client, zone, language, say)


def _plain(task: Task, client: Client | None, zone: ZoneInfo, language: str, say: Translate) -> str:
    facts = task.facts
    match task.kind:
        case TaskKind.SYSTEM_WAS_AWAY:
            return say(
                "Samtid var borta %(start)s–%(end)s. Skriv vad det blev av kontakterna under den tiden."
            ) % {"start": _time(facts.get("from"), zone, say), "end": _time(facts.get("to"), zone, say)}
        case TaskKind.CONFIRM_CONSENT:
            return say("Samtycket kommer från en import och gäller inte förrän någon har bekräftat det.")
        case TaskKind.CALL_REQUEST:
            return say("Bad om det på skärmen kl. %(time)s.") % {"time": clock_text(task.created_at, zone)}
        case TaskKind.LOG_SAMPLE:
            return say(
                "%(count)s slumpvis valda rader från %(month)s. Hade den som öppnade skäl till det?"
            ) % {
                "count": facts.get("entries", ""),
                "month": _month(facts.get("month"), language),
            }
        case TaskKind.EMERGENCY_OPENED:
            return say("%(name)s har nödöppnat kl. %(time)s. Skälet står i loggen.") % {
                "name": facts.get("by", ""),
                "time": clock_text(task.created_at, zone),
            }
        case TaskKind.FOLLOW_UP:
            return _follow_up(task, client, say)
        case _:
            return str(task.note or "")


def _follow_up(task: Task, client: Client | None, say: Translate) -> str:
    why = task.facts.get("why")
    if why == "put_off":
        name = client.first_name if client else ""
        return say("%(name)s tryckte Inte nu. Hör efter att allt är bra.") % {"name": name}
    if why == "delegation":
        return say("Någon med delegering behöver kvittera det som inte är kvitterat.")
    if why == "carried":
        return say("Något som skrevs in utan täckning stämmer inte med det som redan står. Bestäm.")
    return str(task.note or "") or say("Den som kvitterade vill att det följs upp.")


def _time(text: Any, zone: ZoneInfo, say: Translate) -> str:
    try:
        return clock_text(datetime.fromisoformat(str(text)), zone)
    except ValueError:
        return say("okänd tid")


def _month(text: Any, language: str) -> str:
    try:
        return str(format_date(date.fromisoformat(f"{text}-01"), "LLLL yyyy", locale=language))
    except ValueError:
        return ""
