"""The description says what the server does: every route, and answers as it promises."""

from __future__ import annotations

import json

import schemathesis
from click.testing import CliRunner

from server.api.description import describe, operations
from server.cli import main
from tests.server.conftest import Site


async def test_every_route_is_described(site: Site) -> None:
    """A route below /api/ without a description, or the other way round, is a fault."""
    served = {
        (route.method, route.resource.canonical)
        for route in site.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/")
        if route.method != "HEAD" and route.name != "api_description"
    }
    told = {(method.upper(), path) for path, methods in describe()["paths"].items() for method in methods}
    assert served == told
    assert len(operations()) == len(told)


async def test_rights_are_those_of_the_table(site: Site) -> None:
    """What the description says one needs is what the server asks for."""
    for one in operations():
        (resource,) = {site.app.router[one.name]}
        (route,) = [route for route in resource if route.method == one.method]
        assert getattr(route.handler, "samtid_right") == one.action.value  # noqa: B009


async def test_the_description_is_open_and_the_commands(site: Site) -> None:
    """Anybody may read it; ``samtid openapi`` writes the same; it is valid OpenAPI 3.1."""
    browser = await site.browser()
    answer = await browser.get("/api/v1/openapi.json")
    assert answer.status == 200
    told = await answer.json()
    result = CliRunner().invoke(main, ["openapi"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == told
    schemathesis.openapi.from_dict(told).validate()
