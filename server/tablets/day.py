"""The day on the tablet (``day`` in docs/protocol.md): everything the screen may show, first names only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.assigned import assigned
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.municipality import Group
from care.night import Night
from care.notices import Notice
from care.services import Service
from care.staff import Staff
from server.language import translations
from server.tablets.call_request import request_for
from server.tablets.choice import choice_of
from server.tablets.choice import shown as chosen
from server.tablets.face import face
from server.tablets.home import clients_of
from server.tablets.notice import sentence
from server.tablets.phrases import address, phrases_of
from server.tablets.wording import Translate, names, prompt_text, row_line, told_to

#: How far ahead the tablet knows its day, and how long it may keep it.
AHEAD = timedelta(hours=24)
_BACK = timedelta(hours=18)
#: A visit or call that is late still stands on the screen for an hour.
LATE = timedelta(hours=1)
#: How long a reminder that was put off stands when it comes again.
PROMPT_AGAIN = timedelta(minutes=10)
#: A notice that nobody has touched stands for a day.
_NOTICE = timedelta(hours=24)

#: Cameras and dispensers do their own work: there is nothing for anybody to wait for at the screen.
_SHOWN = (Channel.PHYSICAL, Channel.VIDEO, Channel.PHONE, Channel.PROMPT)
_OPEN = (Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.AWAITING, Status.UNKNOWN)
_DONE = (Status.DONE, Status.DONE_PHONE)
_ASKING = (Status.DUE, Status.AWAITING)


@dataclass
class _Around:
    """What stands around the rows: the neutral word and the people of each."""

    words: dict[UUID, str] = field(default_factory=dict)
    people: dict[UUID, list[Staff]] = field(default_factory=lambda: defaultdict(list))

    def first_names(self, contact: PlannedContact) -> list[str]:
        return [one.first_name for one in self.people[contact.id]]


async def day_for(session: AsyncSession, device_id: UUID, clock: Clock, language: str) -> dict[str, Any]:
    """The ``day`` of a tablet as JSON-ready values, without ``type``.

    Nine queries, whatever the day holds. First names only: nothing here says more of anybody, so a protected
    identity needs nothing of its own. An unassigned tablet gets a day without rows.
    """
    now = clock.now()
    _: Translate = translations(language).gettext
    clients = await clients_of(session, device_id, now)
    ids = [client.id for client in clients]
    notices = await _notices(session, ids, now)
    contacts = await _contacts(session, ids, [one.contact_id for one in notices], now)
    around = await _gather(session, [contact.id for contact in contacts])
    by_id = {contact.id: contact for contact in contacts}
    words = {contact.id: _word(contact, around, _) for contact in contacts}
    # Where two live together everything says whose it is.
    to = {client.id: client.first_name for client in clients} if len(clients) > 1 else {}
    prompts = {
        contact.id: _named(words[contact.id], to.get(contact.client_id, ""), _) for contact in contacts
    }
    phrases = await phrases_of(session, language)
    shown = _choose(contacts, now, clock)
    return {
        "made_at": _stamp(now),
        "date": clock.today().isoformat(),
        "names": [client.first_name for client in clients],
        # Where two live together: who of them asks to be rung.
        "clients": [{"client": str(one.id), "first_name": one.first_name} for one in clients]
        if len(clients) > 1
        else [],
        "zone": clock.zone.key,
        "night": _night(clients),
        "language": language,
        "settings": chosen(await choice_of(session, device_id), clients),
        "phrases": {phrase.value: address(phrase_id) for phrase, phrase_id in phrases.items()},
        "rows": [
            _row(
                one,
                around,
                prompts[one.id] if one.channel is Channel.PROMPT else words[one.id],
                to=to.get(one.client_id, ""),
                now=now,
                clock=clock,
                translate=_,
            )
            for one in shown
        ],
        "prompt": _prompt(shown, prompts, now, _),
        "notices": [
            {
                "notice": str(one.id),
                "text": _told(
                    to.get(one.client_id, ""),
                    sentence(
                        one.facts,
                        by_id[one.contact_id],
                        around.first_names(by_id[one.contact_id]),
                        words[one.contact_id],
                        now=now,
                        zone=clock.zone,
                        language=language,
                        translate=_,
                    ),
                    _,
                ),
            }
            for one in notices
        ],
        "phone": await _phone(session, clients, _),
        "request": await request_for(session, clients, clock, _),
    }


async def _notices(session: AsyncSession, client_ids: list[UUID], now: datetime) -> list[Notice]:
    return list(
        await session.scalars(
            select(Notice)
            .where(
                Notice.client_id.in_(client_ids),
                Notice.touched_at.is_(None),
                Notice.told_at.is_(None),
                Notice.made_at > now - _NOTICE,
            )
            .order_by(Notice.made_at, Notice.id)
        )
    )


async def _contacts(
    session: AsyncSession, client_ids: list[UUID], told: list[UUID], now: datetime
) -> list[PlannedContact]:
    near = and_(
        PlannedContact.client_id.in_(client_ids),
        PlannedContact.planned_date.between((now - _BACK).date(), (now + AHEAD + _BACK).date()),
        PlannedContact.start.between(now - _BACK, now + AHEAD),
        PlannedContact.status.in_(_OPEN + _DONE),
        PlannedContact.channel.in_(_SHOWN),
    )
    return list(
        await session.scalars(
            select(PlannedContact)
            .where(or_(near, PlannedContact.id.in_(told)))
            .order_by(PlannedContact.start, PlannedContact.id)
        )
    )


async def _gather(session: AsyncSession, contact_ids: list[UUID]) -> _Around:
    around = _Around()
    lines = await session.execute(
        select(ContactLine.contact_id, Service.kiosk_word)
        .join(Service, Service.id == ContactLine.service_id)
        .where(ContactLine.contact_id.in_(contact_ids))
        .order_by(ContactLine.seq)
    )
    for contact_id, word in lines:
        around.words.setdefault(contact_id, word)
    around.people = await assigned(session, contact_ids)
    return around


def _choose(contacts: Sequence[PlannedContact], now: datetime, clock: Clock) -> list[PlannedContact]:
    """The last one that was today, and everything open to 24 hours ahead."""
    near = [
        one
        for one in contacts
        if one.channel in _SHOWN
        and one.status in _OPEN + _DONE
        and now - _BACK <= one.start <= now + AHEAD
        # A row of yesterday that nobody has closed is a matter for staff, not for the screen.
        and (one.start.astimezone(clock.zone).date() >= clock.today() or one.status is Status.UNDERWAY)
    ]
    was = [one for one in near if one.status in _DONE]
    return was[-1:] + [one for one in near if one.status not in _DONE and not _is_over(one, now)]


def _is_over(contact: PlannedContact, now: datetime) -> bool:
    """A reminder is over with its window; a visit or call that is late still comes, for an hour more."""
    if contact.status is Status.UNDERWAY:
        return False
    if contact.channel is Channel.PROMPT:
        return _prompt_until(contact) < now
    end = contact.start + timedelta(minutes=contact.minutes)
    return max(contact.window_end, end) + LATE < now


def _prompt_until(contact: PlannedContact) -> datetime:
    """A reminder stands to the end of its window; one that was put off stands for a while again."""
    return max(contact.window_end, contact.start + PROMPT_AGAIN)


def _word(contact: PlannedContact, around: _Around, _: Translate) -> str:
    word = _(around.words.get(contact.id, "")) if around.words.get(contact.id) else _("Besök")
    if contact.channel in (Channel.VIDEO, Channel.PHONE) and contact.id not in around.words:
        word = _("Samtal")
    return word


def _named(word: str, name: str, _: Translate) -> str:
    return _("%(word)s, %(name)s") % {"word": word, "name": name} if name else word


def _told(name: str, text: str, _: Translate) -> str:
    return told_to(name, text, _) if name else text


def _row(
    contact: PlannedContact,
    around: _Around,
    word: str,
    *,
    to: str,
    now: datetime,
    clock: Clock,
    translate: Translate,
) -> dict[str, Any]:
    who = names(around.first_names(contact), translate)
    end = contact.start + timedelta(minutes=contact.minutes)
    start = contact.actual_start if contact.status in _DONE and contact.actual_start else contact.start
    if contact.status in _DONE:
        state = "was"
    elif contact.status is Status.UNDERWAY or contact.start <= now:
        state = "now"
    else:
        state = "next"
    return {
        "contact": str(contact.id),
        "start": _stamp(start),
        "end": _stamp(end if end > start else start + timedelta(minutes=contact.minutes)),
        "time": start.astimezone(clock.zone).strftime("%H.%M"),
        "word": word,
        "line": row_line(contact.channel, contact.status, who, word, translate, to=to),
        "channel": contact.channel.value,
        "people": [
            {"first_name": one.first_name, "portrait": face(one.portrait)}
            for one in around.people[contact.id][:2]
        ],
        "state": state,
    }


def _prompt(
    shown: Sequence[PlannedContact], words: dict[UUID, str], now: datetime, _: Translate
) -> dict[str, Any] | None:
    for contact in shown:
        if (
            contact.channel is Channel.PROMPT
            and contact.status in _ASKING
            and contact.start <= now <= _prompt_until(contact)
        ):
            return {
                "contact": str(contact.id),
                "title": words[contact.id],
                "text": prompt_text(words[contact.id], _),
                "since": _stamp(contact.start),
                "until": _stamp(_prompt_until(contact)),
            }
    return None


def _night(clients: Sequence[Client]) -> dict[str, str]:
    night = Night.of(clients)
    return {"from": f"{night.start:%H:%M}", "to": f"{night.end:%H:%M}"}


async def _phone(session: AsyncSession, clients: Sequence[Client], _: Translate) -> dict[str, str] | None:
    if not clients:
        return None
    number = await session.scalar(select(Group.phone).where(Group.id == clients[0].group_id))
    return {"label": _("Ring hemtjänsten"), "number": number} if number else None


def _stamp(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
