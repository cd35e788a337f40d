"""``samtid openapi``: the description of the HTTP API, as the server gives it."""

from __future__ import annotations

import json

import click

from server.api.description import describe
from server.cli.ground import Ground, grounded


@click.command(short_help="Describe the HTTP API (OpenAPI 3.1).")
@grounded
def command(ground: Ground) -> None:  # noqa: ARG001 - it is JSON in any case
    """Write the description of /api/v1 as JSON, the same that /api/v1/openapi.json answers."""
    click.echo(json.dumps(describe(), ensure_ascii=False, indent=2))
