"""One declaration for each route of the API: its address, its right, what goes in and out.

The declaration is what the server runs *and* what the description is drawn from (`server.api.description`),
so the two cannot differ. What comes in is read strictly into msgspec structs: an unknown field is an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from care.access.rights import Action
from care.errors import Fault, not_found
from care.ids import read_id
from server.security.gate import right

BASE = "/api/v1"
#: A report or a step is a few hundred bytes.
LONGEST_BODY = 256 * 1024


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes no parameters, or no body."""


Asked = TypeVar("Asked")
Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True)
class Operation:
    """What is known of a route, for its description."""

    method: str
    path: str
    name: str
    action: Action
    summary: str
    asked: type
    sent: Any
    answer: Any
    status: int


def operation(
    routes: web.RouteTableDef,
    method: str,
    path: str,
    *,
    name: str,
    action: Action,
    asked: type[Asked],
    sent: Any = Nothing,
    answer: Any,
    status: int = 200,
) -> Callable[
    [Callable[[web.Request, Asked, Any], Awaitable[Any]]], Callable[[web.Request], Awaitable[web.Response]]
]:
    """Declare a route below `BASE`.

    The function gets the request, the parameters after the question mark as `asked`, and the body as `sent`;
    what it returns is written as JSON. Its first line of documentation is the summary.
    """

    def declare(
        work: Callable[[web.Request, Asked, Any], Awaitable[Any]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            question = read_query(request, asked)
            body = Nothing() if sent is Nothing else await read_body(request, sent)
            told = await work(request, question, body)
            return web.Response(
                body=msgspec.json.encode(told), status=status, content_type="application/json"
            )

        handler.__name__ = work.__name__
        handler.__doc__ = work.__doc__
        handler.__module__ = work.__module__
        guarded = right(action)(handler)
        summary = (work.__doc__ or "").strip().splitlines()[0]
        guarded.samtid_operation = Operation(  # type: ignore[attr-defined]
            method, path, name, action, summary, asked, sent, answer, status
        )
        routes.route(method, BASE + path, name=name)(guarded)
        return handler

    return declare


def read_query(request: web.Request, asked: type[Asked]) -> Asked:
    """What stands after the question mark. Raises `Fault` ``api.query`` with the parameter as place."""
    raw: dict[str, str] = {}
    for key, value in request.query.items():
        if key in raw:
            raise Fault("api.query", "Skriv varje uppgift en gång.", place=key[:40])
        raw[key] = value
    try:
        return msgspec.convert(raw, asked, strict=False)
    except msgspec.ValidationError as error:
        raise Fault(
            "api.query",
            "Frågan går inte att läsa: %(error)s",
            place=_place(str(error)),
            values={"error": str(error)[:300]},
        ) from None


async def read_body(request: web.Request, sent: Any) -> Any:
    """The body, which must be JSON.

    Raises `Fault` ``api.type`` (415), ``too_large`` (413), ``api.nul`` or ``api.body``.
    """
    if request.content_type != "application/json":
        # A form of another site can send anything but this: with a cookie, that is what keeps forgery out.
        raise Fault("api.type", "Skicka JSON, med Content-Type: application/json.", status=415)
    raw = await request.content.read(LONGEST_BODY + 1)
    if len(raw) > LONGEST_BODY or not request.content.at_eof():
        raw += await _rest(request, len(raw))
    try:
        plain = msgspec.json.decode(raw)
        if _has_nul(plain):
            raise Fault("api.nul", "Texten innehåller ett tecken som inte kan sparas.", place="$")
        return msgspec.convert(plain, sent)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(
            "api.body",
            "Det som skickades går inte att läsa: %(error)s",
            place=_place(str(error)),
            values={"error": str(error)[:300]},
        ) from None


async def _rest(request: web.Request, had: int) -> bytes:
    """What comes after the first part of a body, within the limit."""
    more = bytearray()
    while had + len(more) <= LONGEST_BODY:
        part = await request.content.read(LONGEST_BODY + 1 - had - len(more))
        if not part:
            return bytes(more)
        more += part
    raise Fault("too_large", "Det som skickades är för stort.", status=413)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(_has_nul(one) for one in value)


def _place(error: str) -> str:
    """msgspec says where as `$.scope.groups[0]` at the end of its sentence."""
    return error.rpartition("`$")[2].rstrip("`").lstrip(".") if "`$" in error else "$"


def id_of(request: web.Request) -> UUID:
    """The id in the address. Raises `Fault` ``not_found``."""
    found = read_id(request.match_info["id"])
    if found is None:
        raise not_found()
    return found
