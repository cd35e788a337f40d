"""``samtid config``: the settings in force."""

from __future__ import annotations

from typing import Any

import click
import msgspec
from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from server.cli.ground import Ground, grounded
from server.configuration import Configuration

MASK = "***"


def shown(configuration: Configuration) -> dict[str, Any]:
    """The settings without their secrets."""
    values: dict[str, Any] = msgspec.to_builtins(configuration, enc_hook=str)
    if values["turn"]:
        values["turn"]["secret"] = MASK
    if values["oidc"] and values["oidc"]["client_secret"]:
        values["oidc"]["client_secret"] = MASK
    for node in (values["media"] or {}).get("nodes", ()):
        node["secret"] = MASK
    for name in ("database", "redis"):
        values[name] = _masked(values[name])
    return values


def _masked(address: str) -> str:
    if not address:
        return address
    try:
        return make_url(address).render_as_string(hide_password=True)
    except ArgumentError:
        return MASK


@click.command(short_help="Show the settings in force.")
@grounded
def command(ground: Ground) -> None:
    """Show the settings in force, from samtid.toml and SAMTID_*; secrets are masked."""
    values = shown(ground.configuration)
    table = Table("setting", "value", box=None, pad_edge=False)
    for name, value in values.items():
        table.add_row(name, "" if value is None else str(value))
    ground.give(values, table)
