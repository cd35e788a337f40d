"""How a tablet is set up for those who live there: hand, size, switches, sound to see, and the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from care.access.rights import Action
from care.clients import Client
from care.errors import not_found
from care.kiosk import Reach, Switch, TextSize
from care.outbox import announce
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import N_, SCREEN_LANGUAGES, translations
from server.pages.form import read_form
from server.pages.rendering import address_of, go_to, render
from server.pages.tablet.found import find_tablet
from server.security.actor import actor
from server.security.gate import right
from server.tablets.choice import choice_of, choose, screen_language

Word = TypeVar("Word", bound=StrEnum)

routes = web.RouteTableDef()

REACHES = {
    Reach.BOTH: N_("Båda händerna"),
    Reach.LEFT: N_("Vänster hand"),
    Reach.RIGHT: N_("Höger hand"),
}
SIZES = {TextSize.NORMAL: N_("Vanlig"), TextSize.LARGE: N_("Stor"), TextSize.LARGEST: N_("Störst")}
SWITCHES = {
    Switch.KEYBOARD: N_("Pekskärm eller tangentbord"),
    Switch.ONE: N_("En kontakt: markeringen flyttar sig själv, kontakten trycker"),
    Switch.TWO: N_("Två kontakter: mellanslag flyttar, Enter trycker"),
}


class Loudest(StrEnum):
    """`care.kiosk.LOUDEST_CHOICES`, as a form says them."""

    AS_IT_IS = "100"
    SOMEWHAT = "150"
    TWICE = "200"


LOUDNESS = {
    Loudest.AS_IT_IS: N_("Inte mer än vanligt"),
    Loudest.SOMEWHAT: N_("Lite mer"),
    Loudest.TWICE: N_("Mycket mer"),
}
#: By their own names, so that everybody finds theirs.
SPOKEN = {"sv": "Svenska", "en": "English", "fi": "Suomi", "ar": "العربية"}


def _choices(words: Mapping[Word, str], say: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(key.value, say(sentence)) for key, sentence in words.items()]


@routes.get("/surfplattor/{id}/skarmen", name="tablet_settings")
@right(Action.DEVICE_READ)
async def tablet_settings(request: web.Request) -> web.StreamResponse:
    """What is chosen for the screen, and the form to choose anew."""
    async with request.app[DATABASE].read() as session:
        device, here = await find_tablet(request, session, Action.DEVICE_READ)
        choice = await choice_of(session, device.id)
    say, spoken = translations(request.get(LANGUAGE, "sv")).gettext, screen_language(here)
    return render(
        request,
        "tablet_settings.html",
        device=device,
        clients=here,
        choice=choice,
        reaches=REACHES,
        sizes=SIZES,
        switches=SWITCHES,
        reach_choices=_choices(REACHES, say),
        size_choices=_choices(SIZES, say),
        switch_choices=_choices(SWITCHES, say),
        loudness={int(key): words for key, words in LOUDNESS.items()},
        loudest_choices=_choices(LOUDNESS, say),
        language_now=spoken,
        languages=list(SPOKEN.items()),
        language_hint=say("Två som delar skärm har samma språk på den.") if len(here) > 1 else None,
        spoken=SPOKEN[spoken],
        may_change=actor(request).may(Action.DEVICE_CHANGE),
        saved="sparat" in request.query,
    )


@routes.post("/surfplattor/{id}/skarmen", name="tablet_settings_save")
@right(Action.DEVICE_CHANGE)
async def save(request: web.Request) -> web.StreamResponse:
    """Set the screen up; it follows within a second, or when it has contact again."""
    form, now = await read_form(request), request.app[CLOCK].now()
    reach = form.one_of("reach", Reach)
    text_size, switch = form.one_of("text_size", TextSize), form.one_of("switch", Switch)
    language = form.text("language", needed=True)
    if language not in SCREEN_LANGUAGES:
        raise not_found("språk")
    async with request.app[DATABASE].write() as session:
        device, here = await find_tablet(request, session, Action.DEVICE_CHANGE, "screen set up")
        if language != screen_language(here):
            client = await session.get_one(Client, here[0].id)
            client.language = language
            await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
        await choose(
            session,
            device,
            reach=reach,
            text_size=text_size,
            switch=switch,
            flash=form.flag("flash"),
            loudest=int(form.one_of("loudest", Loudest)),
            plain_voice=form.flag("plain_voice"),
            at=now,
        )
    return go_to(address_of(request, "tablet_settings", id=device.id) + "?sparat")
