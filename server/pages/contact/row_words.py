"""What is said of a planned row: what it holds, when the next one comes, what has changed and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, ContactLine
from care.contacts.performing import DeclineCause
from server.language import N_

Translate = Callable[[str], str]

CHANNEL_WORDS = {
    Channel.PHYSICAL: N_("besök"),
    Channel.VIDEO: N_("video"),
    Channel.PHONE: N_("telefon"),
    Channel.PROMPT: N_("påminnelse"),
    Channel.DEVICE: N_("hjälpmedel"),
    Channel.CAMERA_CHECK: N_("kameratillsyn"),
}

#: Why a row was declined, cancelled, moved or not done: `PlannedContact.cause`.
CAUSE_WORDS: Mapping[str, str] = {
    DeclineCause.NOT_TODAY: N_("vill inte i dag"),
    DeclineCause.HAS_HELP: N_("får hjälp av någon annan"),
    DeclineCause.NOT_NEEDED: N_("behöver inte hjälp nu"),
    DeclineCause.WANTS_OTHER_TIME: N_("vill ha en annan tid"),
    DeclineCause.WANTS_OTHER_PERSON: N_("vill ha någon annan"),
    Cause.CLIENT_AWAY: N_("är borta"),
    Cause.CONSENT_WITHDRAWN: N_("vill inte längre ha video"),
    Cause.NO_VIDEO_TODAY: N_("vill inte ha video i dag"),
    Cause.RULE_ENDED: N_("upprepningen är avslutad"),
    Cause.RULE_CHANGED: N_("upprepningen är ändrad"),
    Cause.DECLINED_BY_CLIENT: N_("tackade nej"),
    Cause.IMPORTED: N_("enligt en inläst fil"),
    Cause.NO_ANSWER: N_("svarade inte"),
    Cause.NOT_NEEDED: N_("behövdes inte till slut"),
    Cause.TECHNICAL_FAILURE: N_("ljud eller bild kom inte fram"),
    Cause.NO_TABLET: N_("surfplattan var inte på plats"),
    Cause.TABLET_LOST: N_("surfplattan är förlorad"),
    Cause.NETWORK_AWAY: N_("nätet var borta"),
    Cause.CAMERA_FAILED: N_("kameran svarade inte"),
    Cause.STAFF_SHORT: N_("personalen räckte inte till"),
    Cause.NOT_STARTED: N_("ingen påbörjade det"),
    Cause.SYSTEM_WAS_AWAY: N_("systemet var borta"),
    Cause.NOT_READ_IN: N_("har inte lästs in från det andra systemet"),
}

_EVENT_WORDS = {
    "made": N_("Planerad"),
    "due": N_("Dags"),
    "underway": N_("Påbörjad"),
    "checked_in": N_("Incheckad"),
    "checked_out": N_("Utcheckad"),
    "entered_late": N_("Inskriven i efterhand"),
    "awaiting": N_("Inget svar, någon följer upp"),
    "done": N_("Klar"),
    "done_by_client": N_("Tryckte Klart"),
    "put_off": N_("Inte nu på skärmen, kommer igen"),
    "done_phone": N_("Klar på telefon"),
    "replaced": N_("Ersatt av en annan kontakt"),
    "missed": N_("Blev inte av"),
    "declined": N_("Avböjd"),
    "cancelled": N_("Inställd"),
    "unknown": N_("Oklart vad som hände"),
    "undone": N_("Ändringen är ångrad"),
    "handed_over": N_("Överlämnad"),
    "no_answer": N_("Inget svar"),
    "no_answer_ring": N_("Inget svar. Nästa steg: ring"),
    "no_answer_ring_again": N_("Inget svar. Nästa steg: ring igen"),
    "no_answer_phone": N_("Inget svar. Nästa steg: ring telefonen"),
    "no_answer_neighbours": N_("Inget svar. Nästa steg: fråga dem som är i närheten"),
    "no_answer_contact_person": N_("Inget svar. Nästa steg: ring kontaktpersonen"),
    "no_answer_check_visit": N_("Inget svar. Nästa steg: åk dit"),
    "no_answer_on_site": N_("Ingen öppnar"),
    "no_answer_decide": N_("Inget svar. Nästa steg: samordnaren bestämmer"),
    "sent": N_("Skickad dit"),
    "video_stopped": N_("Video är stoppad"),
    "pinned": N_("Låst i planen"),
    "unpinned": N_("Upplåst i planen"),
    "client_home": N_("Är hemma igen"),
}


def services_text(lines: Iterable[ContactLine], language: str) -> str:
    """ "Morgonhjälp, läkemedelskoll": what the row holds, the first with a capital."""
    names = [line.service.name_in(language) for line in lines]
    unique = list(dict.fromkeys(names))
    return ", ".join(unique[:1] + [name[:1].lower() + name[1:] for name in unique[1:]])


def when_text(instant: datetime, today: date, zone: ZoneInfo, language: str, _: Translate) -> str:
    """ "i dag 14.30", "i morgon 10.00", "torsdag 3 december 10.00"."""
    wall = instant.astimezone(zone)
    time = wall.strftime("%H.%M")
    if wall.date() == today:
        return _("i dag %(time)s") % {"time": time}
    if wall.date() == today + timedelta(days=1):
        return _("i morgon %(time)s") % {"time": time}
    return f"{format_date(wall.date(), 'EEEE d MMMM', locale=language)} {time}"


def next_call_text(*, is_social: bool, channel: Channel, when: str, who: str | None, _: Translate) -> str:
    """ "Nästa pratstund: i dag 14.30 med dig på video". `who` is None when nobody is chosen yet."""
    texts = {
        (True, True): _("Nästa pratstund: %(when)s med %(who)s på %(channel)s"),
        (True, False): _("Nästa pratstund: %(when)s på %(channel)s"),
        (False, True): _("Nästa samtal: %(when)s med %(who)s på %(channel)s"),
        (False, False): _("Nästa samtal: %(when)s på %(channel)s"),
    }
    values = {"when": when, "who": who or "", "channel": _(CHANNEL_WORDS[channel])}
    return texts[is_social, who is not None] % values


def change_parts(
    entry: ContactHistory,
    *,
    names: Mapping[str, str],
    zone: ZoneInfo,
    today: date,
    language: str,
    _: Translate,
) -> list[str]:
    """What one entry of the history changed, each change as a few words: "flyttad till video"."""
    change: Mapping[str, Any] = entry.change
    parts: list[str] = []
    if "channel" in change:
        word = _(CHANNEL_WORDS[Channel(change["channel"][1])])
        parts.append(_("flyttad till %(channel)s") % {"channel": word})
    if "start" in change:
        before, after = (datetime.fromisoformat(text) for text in change["start"])
        if before.astimezone(zone).date() == after.astimezone(zone).date():
            old, new = (moment.astimezone(zone).strftime("%H.%M") for moment in (before, after))
            parts.append(_("ny tid %(new)s, var %(old)s") % {"new": new, "old": old})
        else:
            old = when_text(before, today, zone, language, _)
            parts.append(_("ny dag, var %(old)s") % {"old": old})
    if "staff" in change:
        parts.append(_staff_change(change["staff"], names, _))
    return parts


def _staff_change(change: list[list[str]], names: Mapping[str, str], _: Translate) -> str:
    before, after = ([names.get(one, _("någon")) for one in side] for side in change)
    if not after:
        return _("ingen personal ännu, var %(old)s") % {"old": _join(before, _)}
    if not before:
        return _("görs av %(new)s") % {"new": _join(after, _)}
    return _("görs av %(new)s, var %(old)s") % {"new": _join(after, _), "old": _join(before, _)}


def _join(words: list[str], _: Translate) -> str:
    return _(" och ").join(words) if words else _("ingen")


def reason_text(entry: ContactHistory, language: str, _: Translate) -> str | None:
    """Why, in the reader's language: a person's own words as they are, ours translated."""
    if entry.reason_en and language != "sv":
        return entry.reason_en
    cause = entry.change.get("cause", [None, None])[1]
    words = entry.reason or CAUSE_WORDS.get(cause or "")
    return _(words) if words else None


def is_news(entry: ContactHistory) -> bool:
    """True when the entry changed what somebody has to do: channel, time or who."""
    return bool(entry.change.keys() & {"channel", "start", "staff"})


def event_text(entry: ContactHistory, parts: list[str], _: Translate) -> str:
    """The entry as a sentence without a full stop: "Flyttad till video", "Incheckad"."""
    word = _EVENT_WORDS.get(entry.event)
    if word is None and entry.status_before != entry.status_after:
        word = _EVENT_WORDS.get(entry.status_after or "")
    texts = ([_(word)] if word else []) + parts
    text = "; ".join(texts) or _("Ändrad")
    return text[:1].upper() + text[1:]


def span_text(began: datetime, ended: datetime, zone: ZoneInfo, _: Translate) -> str:
    """ "06.45–07.10, 25 min", or "06.45, mindre än en minut": as many minutes as the two times tell."""
    first, last = (f"{one.astimezone(zone):%H.%M}" for one in (began, ended))
    minutes = (ended.replace(second=0, microsecond=0) - began.replace(second=0, microsecond=0)) // timedelta(
        minutes=1
    )
    if minutes < 1:
        return _("%(time)s, mindre än en minut") % {"time": first}
    return _("%(from)s–%(to)s, %(minutes)s min") % {"from": first, "to": last, "minutes": minutes}
