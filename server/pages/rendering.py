"""Jinja2 in both languages, with the helpers that every template has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

import tablet_kiosk
import webclient
from server.keys import CLOCK, LANGUAGE, RENDERER
from server.language import LANGUAGES, translations
from server.pages.assets import Assets
from server.security.actor import signed_in


class Renderer:
    """Templates of staff pages and of the kiosk (``kiosk/…``), one environment a language."""

    def __init__(self, assets: Assets, zone: ZoneInfo) -> None:
        loader = ChoiceLoader(
            [FileSystemLoader(Path(str(p.__file__)).parent / "templates") for p in (webclient, tablet_kiosk)]
        )
        self._environments = {language: self._make(loader, language, assets, zone) for language in LANGUAGES}
        #: Values that every page gets: `(request) -> dict`.
        self.everywhere: list[Callable[[web.Request], dict[str, Any]]] = []

    @staticmethod
    def _make(loader: ChoiceLoader, language: str, assets: Assets, zone: ZoneInfo) -> Environment:
        env = Environment(
            loader=loader,
            autoescape=select_autoescape(["html", "xml"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
        env.globals.update(static=assets.address, static_base=assets.base, language=language)
        env.filters.update(
            clock=lambda value: clock_text(value, zone),
            moment=lambda value, today: moment_text(value, today, language, zone),
            count=lambda value: count_text(value, language),
            day=lambda value: day_text(value, language, zone),
            short_day=lambda value: short_day_text(value, language, zone),
        )
        return env

    def alone(self, language: str, template: str, **values: Any) -> str:
        """A page that nobody has asked for and that stands by itself, such as a copy on disk."""
        return self._environments[language].get_template(template).render(**values)

    def text(self, request: web.Request, template: str, **values: Any) -> str:
        language = request.get(LANGUAGE, "sv")
        shared: dict[str, Any] = {}
        for give in self.everywhere:
            shared.update(give(request))
        env = self._environments[language]
        return env.get_template(template).render(
            **{
                "request_path": request.path,
                "actor": signed_in(request),
                "now": request.app[CLOCK].now(),
                "url": lambda name, **parts: address_of(request, name, **parts),
                "is_fragment": "HX-Request" in request.headers,
                **shared,
                **values,
            }
        )


def address_of(request: web.Request, name: str, **parts: Any) -> str:
    """The address of the route `name`, as in ``{{ url("client", id=client.id) }}``."""
    return str(request.app.router[name].url_for(**{key: str(value) for key, value in parts.items()}))


def go_to(address: str) -> web.Response:
    """Send the browser on with GET, after a form or to another page of ours."""
    return web.Response(status=303, headers={"Location": address})


def render(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page or fragment in the reader's language."""
    return web.Response(
        text=request.app[RENDERER].text(request, template, **values), content_type="text/html", status=status
    )


def clock_text(value: datetime, zone: ZoneInfo) -> str:
    """14.30, in the municipality's zone."""
    return value.astimezone(zone).strftime("%H.%M")


def moment_text(value: datetime, today: date, language: str, zone: ZoneInfo) -> str:
    """14.30 on `today`; of another day lör 21 nov 14.30."""
    clock = clock_text(value, zone)
    return clock if _as_day(value, zone) == today else f"{short_day_text(value, language, zone)} {clock}"


def count_text(value: int, language: str) -> str:
    """12 345, on one line; in English 12,345."""
    return format_decimal(value, locale=language)


def _as_day(value: date | datetime, zone: ZoneInfo) -> date:
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def day_text(value: date | datetime, language: str, zone: ZoneInfo) -> str:
    """lördag 21 november."""
    return format_date(_as_day(value, zone), "EEEE d MMMM", locale=language)


def short_day_text(value: date | datetime, language: str, zone: ZoneInfo) -> str:
    """lör 21 nov."""
    return format_date(_as_day(value, zone), "EEE d MMM", locale=language).replace(".", "")
