"""Static files of staff pages and kiosk, merged under one address that changes with their content.

``/static/<hash>/…`` may be cached for ever, and ES modules that import each other relatively always come
from the same version.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

from aiohttp import web

import tablet_kiosk
import webclient
from care.errors import not_found
from server.security.gate import open_to_all

ROOTS = tuple(Path(str(package.__file__)).parent / "static" for package in (webclient, tablet_kiosk))
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")


class Assets:
    """The files, found once at start: a request can only ever name one of them."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        digest = hashlib.sha256()
        for root in ROOTS:
            for path in sorted(root.rglob("*")):
                if path.is_file():
                    self.files[path.relative_to(root).as_posix()] = path
                    digest.update(path.relative_to(root).as_posix().encode())
                    digest.update(path.read_bytes())
        self.version = digest.hexdigest()[:12]

    def address(self, path: str) -> str:
        """The address of a file such as ``css/base.css``. Raises KeyError when it is not there."""
        if path not in self.files:
            raise KeyError(f"no such static file: {path}")
        return f"/static/{self.version}/{path}"

    @property
    def base(self) -> str:
        return f"/static/{self.version}/"


ASSETS = web.AppKey("assets", Assets)
routes = web.RouteTableDef()


@routes.get("/static/{version}/{path:.+}", name="static")
@open_to_all("the program's own files, the same for everybody")
async def static_file(request: web.Request) -> web.StreamResponse:
    """A file by its address; an old version's address gives the present file, uncached."""
    assets = request.app[ASSETS]
    path = assets.files.get(request.match_info["path"])
    if path is None:
        raise not_found("fil")
    fresh = request.match_info["version"] == assets.version
    response = web.FileResponse(path)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
    return response
