"""Faces beside names: a picture where it may be shown, else initials."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from care.clients import Client
from care.staff import Staff
from server.pages.assets import ASSETS


@dataclass(frozen=True, slots=True)
class Face:
    """What the portrait macro draws: a name, and the address of a picture or None."""

    name: str
    photo: str | None = None


def picture_address(app: web.Application, name: str | None) -> str | None:
    """The address of a portrait by its name, None when there is none."""
    path = f"lib/portraits/{name}.svg"
    assets = app[ASSETS]
    return assets.address(path) if name and path in assets.files else None


def client_face(app: web.Application, client: Client, *, photo_consent: bool) -> Face:
    """A client's face: the picture only with consent, and never of a protected identity."""
    may_show = photo_consent and not client.is_protected
    return Face(client.short_name, picture_address(app, client.portrait) if may_show else None)


def staff_face(app: web.Application, staff: Staff) -> Face:
    """The face of a colleague."""
    return Face(staff.short_name, picture_address(app, staff.portrait))
