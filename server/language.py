"""Words for people. Swedish is the language of the source; other languages come from catalogues.

Catalogues are read as ``.po`` at start: no compiled files to keep in step.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import care.words
import tablet_kiosk
import webclient
from server.keys import LANGUAGE

LANGUAGES = ("sv", "en")
#: What a tablet in a home can speak: those of the staff's pages and more.
SCREEN_LANGUAGES = (*LANGUAGES, "fi", "ar")
DEFAULT = "sv"
COOKIE = "sprak"
_PACKAGES = (care, webclient, tablet_kiosk)


def _catalogues(language: str) -> list[Path]:
    found = (
        Path(str(p.__file__)).parent / "locale" / language / "LC_MESSAGES" / "samtid.po" for p in _PACKAGES
    )
    return [path for path in found if path.is_file()]


@cache
def translations(language: str) -> NullTranslations:
    """Gettext translations for `language`, all packages together. Swedish needs none."""
    merged: NullTranslations | None = None
    for path in _catalogues(language):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        one = GNUTranslations(compiled)
        if merged is None:
            merged = one
        else:
            merged.add_fallback(one)
    return merged or NullTranslations()


@cache
def messages(language: str) -> dict[str, Any]:
    """``{msgid: msgstr}`` for scripts; plurals are ``{msgid: [one, many]}``."""
    words: dict[str, Any] = {}
    for path in _catalogues(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if not message.id or not message.string:
                    continue
                # A message with plural forms has a pair of ids and as many strings as the language has forms.
                key = message.id if isinstance(message.id, str) else message.id[0]
                words[key] = message.string if isinstance(message.string, str) else list(message.string)
    return words


def choose(cookie: str | None, accept: str | None) -> str:
    """The language of somebody who is not signed in: their cookie, else Accept-Language, else Swedish."""
    if cookie in LANGUAGES:
        return str(cookie)
    for part in (accept or "").split(","):
        word = part.split(";")[0].strip().lower()[:2]
        if word in LANGUAGES:
            return word
    return DEFAULT


#: Marks for the catalogues, see `care.words`.
N_ = care.words.N_
NN_ = care.words.NN_


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the language from cookie or browser; somebody signed in has a language of their own (`asker`)."""
    request[LANGUAGE] = choose(request.cookies.get(COOKIE), request.headers.get("Accept-Language"))
    return await handler(request)
