"""The words that scripts show, in the languages that are not the source's."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from aiohttp import web

from care.errors import not_found
from server.language import SCREEN_LANGUAGES, messages
from server.security.gate import open_to_all

routes = web.RouteTableDef()


@cache
def catalogue(language: str) -> tuple[bytes, str]:
    """``{msgid: msgstr | [form, …]}`` as JSON, and its version."""
    body = json.dumps(messages(language), ensure_ascii=False, sort_keys=True).encode()
    return body, hashlib.sha256(body).hexdigest()[:12]


@routes.get("/ord/{language}.json", name="words")
@open_to_all("the program's own words, the same for everybody")
async def words(request: web.Request) -> web.StreamResponse:
    """The catalogue of a language for ``static/words.js``; asked for again only when it has changed."""
    language = request.match_info["language"]
    if language not in SCREEN_LANGUAGES:
        raise not_found("ordlista")
    body, version = catalogue(language)
    tag = f'"{version}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300, must-revalidate"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)
