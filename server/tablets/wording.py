"""The words of the tablet: plain, kind, at most six or so, the person first.

A screen stands in a living room: rows carry the neutral word of the service, never its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from care.contacts.channel import Channel
from care.contacts.life import Status
from care.words import N_

Translate = Callable[[str], str]

#: The neutral words that services say on a screen, for the catalogues; a municipality may have others.
NEUTRAL = (
    N_("Morgonhjälp"),
    N_("Middagshjälp"),
    N_("Kvällshjälp"),
    N_("Nattbesök"),
    N_("Besök"),
    N_("Samtal"),
    N_("Pratstund"),
    N_("Tillsyn"),
    N_("Påminnelse"),
    N_("Måltid"),
    N_("Frukost"),
    N_("Lunch"),
    N_("Middag"),
    N_("Kvällsmat"),
    N_("Städning"),
    N_("Tvätt"),
    N_("Inköp"),
    N_("Aktivitet"),
    N_("Gymnastik"),
    N_("Gruppsamtal"),
    N_("Möte"),
)


def names(first_names: Sequence[str], _: Translate) -> str:
    """ "Anna", "Anna och Erik", or the home care when nobody is named."""
    if not first_names:
        return _("Hemtjänsten")
    if len(first_names) == 1:
        return first_names[0]
    return _("%(first)s och %(second)s") % {"first": first_names[0], "second": first_names[1]}


def row_line(channel: Channel, status: Status, who: str, word: str, _: Translate, *, to: str = "") -> str:
    """What a row says: "Anna ringer", "Erik kommer hem", "Maja har varit här".

    `to` is the first name where two live together: "Anna ringer Ingrid", "Erik kommer till Karl".
    """
    is_done = status.is_done
    if channel is Channel.PROMPT:
        return word
    if to:
        return _line_for_one_of_two(channel, status, _) % {"who": who, "name": to}
    if channel is Channel.PHYSICAL:
        if is_done:
            text = _("%(who)s har varit här")
        elif status is Status.UNDERWAY:
            text = _("%(who)s är här nu")
        else:
            text = _("%(who)s kommer hem")
    elif is_done:
        text = _("%(who)s har ringt")
    elif status is Status.AWAITING:
        return _("Vi ringer igen strax")
    elif channel is Channel.PHONE:
        text = _("%(who)s ringer din telefon")
    else:
        text = _("%(who)s ringer")
    return text % {"who": who}


def _line_for_one_of_two(channel: Channel, status: Status, _: Translate) -> str:
    if channel is Channel.PHYSICAL:
        if status.is_done:
            return _("%(who)s har varit hos %(name)s")
        if status is Status.UNDERWAY:
            return _("%(who)s är hos %(name)s nu")
        return _("%(who)s kommer till %(name)s")
    if status.is_done:
        return _("%(who)s har ringt %(name)s")
    if status is Status.AWAITING:
        return _("Vi ringer %(name)s igen strax")
    if channel is Channel.PHONE:
        return _("%(who)s ringer till telefonen, till %(name)s")
    return _("%(who)s ringer %(name)s")


def rings(caller: str, _: Translate, *, to: str = "") -> str:
    """What stands on the screen when it rings; without a name the home care calls.

    `to` is the first name of whom it is for, where two live together.
    """
    if to and caller:
        return _("%(caller)s från hemtjänsten ringer till %(name)s") % {"caller": caller, "name": to}
    if to:
        return _("Hemtjänsten ringer till %(name)s") % {"name": to}
    return _("%(caller)s från hemtjänsten ringer") % {"caller": caller} if caller else _("Hemtjänsten ringer")


def told_to(name: str, text: str, _: Translate) -> str:
    """A change, where two live together."""
    return _("Till %(name)s: %(text)s") % {"name": name, "text": text}


def prompt_text(word: str, _: Translate) -> str:
    """What a reminder says and reads aloud; a word that says nothing is not repeated."""
    if word.split(",", maxsplit=1)[0] in {_("Påminnelse"), _("Samtal"), _("Besök")}:
        return _("Nu är det dags.")
    return _("Nu är det dags för %(word)s.") % {"word": word[:1].lower() + word[1:]}


def clock_words(instant: datetime, now: datetime, zone: ZoneInfo, language: str, _: Translate) -> str:
    """ "klockan 14.30", "i morgon klockan 14.30", "onsdag 2 december klockan 14.30"."""
    wall, today = instant.astimezone(zone), now.astimezone(zone).date()
    time = wall.strftime("%H.%M")
    if wall.date() == today:
        return _("klockan %(time)s") % {"time": time}
    if wall.date() == today + timedelta(days=1):
        return _("i morgon klockan %(time)s") % {"time": time}
    day = format_date(wall.date(), "EEEE d MMMM", locale=language)
    return _("%(day)s klockan %(time)s") % {"day": day, "time": time}


def _happening(channel: Channel, who: str, _: Translate) -> str:
    if channel is Channel.PHYSICAL:
        text = _("%(who)s kommer hem")
    elif channel is Channel.PHONE:
        text = _("%(who)s ringer din telefon")
    elif channel is Channel.PROMPT:
        return _("Påminnelse på skärmen")
    else:
        text = _("%(who)s ringer här på skärmen")
    return text % {"who": who}


def change_text(kind: str, channel: Channel, who: str, word: str, when: str, _: Translate) -> str:
    """What is told of a change: what happens now, not what was planned before.

    `kind` is a word of `care.disruptions.ChangeKind`, or ``undone``; an unknown one is told as a new plan.
    """
    values = {"what": _happening(channel, who, _), "when": when, "word": word}
    texts = {
        "move": _("%(what)s i stället, %(when)s."),
        "reassign": _("%(what)s i stället, %(when)s."),
        "retime": _("Ny tid: %(what)s %(when)s."),
        "postpone": _("Ny dag: %(what)s %(when)s."),
        "split": _("Nytt: %(what)s %(when)s."),
        "add": _("Nytt: %(what)s %(when)s."),
        "cancel": _("%(word)s %(when)s blir inte av."),
        "undone": _("Det blir som det var: %(what)s %(when)s."),
    }
    return texts.get(kind, _("Ny plan: %(what)s %(when)s.")) % values


def request_text(
    first_name: str | None,
    deadline: datetime,
    now: datetime,
    zone: ZoneInfo,
    _: Translate,
    *,
    to: str = "",
    is_both: bool = False,
) -> str:
    """Who rings whoever asked for it, and when: "Anna ringer dig före 15.00".

    `to` is who asked, where two live together, and `is_both` that both did.
    """
    wall, today = deadline.astimezone(zone), now.astimezone(zone).date()
    values = {"who": first_name or _("Hemtjänsten"), "time": wall.strftime("%H.%M"), "name": to}
    if deadline <= now:
        # Nobody has said that it was done, and somebody else is being asked: no time is promised any more.
        text = _("Vi ringer dig så snart vi kan")
        if to:
            text = _("Vi ringer er så snart vi kan") if is_both else _("Vi ringer %(name)s så snart vi kan")
    elif wall.date() == today:
        text = _("%(who)s ringer dig före %(time)s")
        if to and is_both:
            text = _("%(who)s ringer er före %(time)s")
        elif to:
            text = _("%(who)s ringer %(name)s före %(time)s")
    else:
        text = _("%(who)s ringer dig i morgon före %(time)s")
        if to and is_both:
            text = _("%(who)s ringer er i morgon före %(time)s")
        elif to:
            text = _("%(who)s ringer %(name)s i morgon före %(time)s")
    return text % values
