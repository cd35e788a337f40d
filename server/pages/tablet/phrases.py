"""Sentences that staff speak for tablets without a voice: the page to record them, and the sound itself."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select

from care.access.rights import Action
from care.errors import not_found
from care.ids import read_id
from care.kiosk import RecordedPhrase, SpokenPhrase
from server.keys import CLOCK, DATABASE
from server.language import DEFAULT, SCREEN_LANGUAGES, translations
from server.pages.rendering import address_of, go_to, render
from server.pages.tablet.settings import SPOKEN
from server.security.actor import actor
from server.security.gate import open_to_all, right
from server.tablets.phrases import MOST_BYTES, SENTENCES, address, keep, phrases_of, remove

routes = web.RouteTableDef()


@routes.get("/surfplattor/meningar", name="phrases")
@right(Action.DEVICE_CHANGE)
async def phrases(request: web.Request) -> web.StreamResponse:
    """The sentences of one language, to hear and to speak anew."""
    language = _language(request.query.get("sprak", DEFAULT))
    say = translations(language).gettext
    async with request.app[DATABASE].read() as session:
        recorded = await phrases_of(session, language)
    return render(
        request,
        "phrases.html",
        language_now=language,
        languages=list(SPOKEN.items()),
        direction="rtl" if language == "ar" else "ltr",
        phrases=[
            (phrase.value, say(sentence), address(recorded[phrase]) if phrase in recorded else None)
            for phrase, sentence in SENTENCES.items()
        ],
    )


@routes.post("/surfplattor/meningar/{language}/{phrase}", name="phrase_record")
@right(Action.DEVICE_CHANGE)
async def record(request: web.Request) -> web.StreamResponse:
    """The sound as the browser recorded it is the body. Answers 204."""
    language, phrase = _language(request.match_info["language"]), _phrase(request.match_info["phrase"])
    sound = await request.content.read(MOST_BYTES + 1)
    while len(sound) <= MOST_BYTES and (more := await request.content.read(MOST_BYTES + 1 - len(sound))):
        sound += more
    async with request.app[DATABASE].write() as session:
        await keep(
            session,
            language,
            phrase,
            sound,
            at=request.app[CLOCK].now(),
            account_id=actor(request).account_id,
        )
    return web.Response(status=204)


@routes.post("/surfplattor/meningar/{language}/{phrase}/bort", name="phrase_remove")
@right(Action.DEVICE_CHANGE)
async def take_away(request: web.Request) -> web.StreamResponse:
    """Remove a recording: the tablets are quiet there."""
    language, phrase = _language(request.match_info["language"]), _phrase(request.match_info["phrase"])
    async with request.app[DATABASE].write() as session:
        await remove(session, language, phrase)
    return go_to(address_of(request, "phrases") + f"?sprak={language}")


@routes.get("/kiosk/fras/{id}", name="kiosk_phrase")
@open_to_all("a sentence spoken for every screen alike; it names nobody")
async def kiosk_phrase(request: web.Request) -> web.StreamResponse:
    """The sound, under an address that never means another sound."""
    known = read_id(request.match_info["id"])
    async with request.app[DATABASE].read() as session:
        found = await session.scalar(select(RecordedPhrase).where(RecordedPhrase.id == known))
    if found is None:
        raise not_found("inspelning")
    headers = {"Cache-Control": "public, max-age=604800"}
    return web.Response(body=found.sound, content_type=found.media_type, headers=headers)


def _language(text: str) -> str:
    if text not in SCREEN_LANGUAGES:
        raise not_found("språk")
    return text


def _phrase(text: str) -> SpokenPhrase:
    try:
        return SpokenPhrase(text)
    except ValueError:
        raise not_found("mening") from None
