"""The description of the API (OpenAPI 3.1), drawn from the routes' own declarations, and its address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module, metadata
from typing import Any

import msgspec
from aiohttp import web

from server.api.operation import BASE, Nothing, Operation
from server.security.gate import open_to_all

routes = web.RouteTableDef()

#: The nouns, in the order of the description.
NOUNS = ("groups", "contacts", "clients", "tablets", "disruptions", "measures")

ABOUT = """Plan, contacts and measures of a municipality's home care, for other programs.

Show an access token: `Authorization: Bearer samtid_…`. It is made on one's own account page or with
`samtid tokens make`, speaks for one account in one role, and opens no more than that account may itself;
every opening stands in the access log. Ids are stable. Times in answers are ISO 8601 with an offset; a time
sent without one is local time in the municipality. What is not there and what is not yours answer alike: 404.
"""


class Problem(msgspec.Struct, frozen=True):
    """Why it went wrong (RFC 9457): `code` is stable, `title` is a sentence for people."""

    type: str
    code: str
    title: str
    status: int
    #: The field, parameter or thing.
    place: str | msgspec.UnsetType = msgspec.UNSET


#: What may go wrong at each route, by status.
_PROBLEMS = {
    "401": "No token, or one that is not good any more.",
    "403": "The role, or the token, may not do this.",
    "404": "Not there, or not yours.",
    "409": "Somebody else was first, or the state or a rule forbids it.",
    "413": "Too long.",
    "415": "Not JSON.",
    "422": "Not understood; `place` says where.",
    "429": "Asked too often; `Retry-After` says how many seconds to wait.",
    "500": "Our fault. Nothing was saved.",
}
_OF_EVERYBODY = ("401", "403", "404", "422", "429", "500")
_OF_CHANGES = ("409", "413", "415")


def operations() -> list[Operation]:
    """Every declared operation, by noun."""
    return [
        route.handler.samtid_operation
        for noun in NOUNS
        for route in import_module(f"server.api.{noun}").routes
    ]


@cache
def describe() -> dict[str, Any]:
    """The whole description as JSON data."""
    declared = operations()
    kinds = [Problem]
    for one in declared:
        kinds += [one.answer] if one.sent is Nothing else [one.answer, one.sent]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    of_kind = {repr(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for one in declared:
        paths.setdefault(BASE + one.path, {})[one.method.lower()] = _operation(one, of_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Samtid", "version": metadata.version("samtid"), "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation, of_kind: dict[str, Any]) -> dict[str, Any]:
    has_body = one.sent is not Nothing
    told: dict[str, Any] = {
        "operationId": one.name.removeprefix("api_"),
        "summary": one.summary.rstrip("."),
        "tags": [one.path.split("/")[1]],
        # The word of docs/permissions.md that one needs.
        "x-samtid-right": one.action.value,
    }
    parameters = [*_in_path(one.path), *_in_query(one.asked)]
    if parameters:
        told["parameters"] = parameters
    if has_body:
        content = {"application/json": {"schema": of_kind[repr(one.sent)]}}
        told["requestBody"] = {"required": True, "content": content}
    answer = {"application/json": {"schema": of_kind[repr(one.answer)]}}
    told["responses"] = {
        str(one.status): {"description": one.summary, "content": answer},
        **_problems((*_OF_EVERYBODY, *(_OF_CHANGES if has_body else ())), of_kind[repr(Problem)]),
    }
    return told


def _problems(statuses: Iterable[str], schema: Any) -> dict[str, Any]:
    return {
        status: {
            "description": _PROBLEMS[status],
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in sorted(statuses)
    }


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _in_query(asked: type) -> list[dict[str, Any]]:
    schema = msgspec.json.schema(asked)["$defs"][asked.__name__]
    needed = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": kind}
        for name, kind in schema["properties"].items()
    ]


@routes.get(f"{BASE}/openapi.json", name="api_description")
@open_to_all("describes the program, the same everywhere; nothing of this municipality is in it")
async def description(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
    """The description."""
    return web.Response(
        body=msgspec.json.encode(describe()),
        content_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )
