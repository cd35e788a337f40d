"""Files on their way in: kept in a private folder between the preview and the import, then removed.

A file belongs to the account that sent it, is named by a random word, and is gone when it has been read in,
when half an hour has passed, and when the server starts or stops.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from aiohttp import BodyPartReader, web
from multidict import MultiDict

from care.errors import Fault
from server.background import ended
from server.exchange.kind import Kind
from server.keys import CONFIGURATION
from server.pages.form import Form

MEGABYTES = 20
MOST_BYTES = MEGABYTES * 1024 * 1024
#: Seconds that a file waits for its second step.
LIFE = 1800.0
_FOLDER = "uploads"
_LONGEST_FIELD = 4096
_MOST_WAITING = 50


@dataclass(slots=True)
class Upload:
    """One file: where it lies, whose it is, and how it is to be read."""

    token: str
    account_id: UUID
    path: Path
    name: str
    expires: float
    kind: Kind = Kind.CONTACTS
    map_name: str = ""
    source: str = ""

    @property
    def errors(self) -> Path:
        """The bad lines, to mend; beside the file, and as private."""
        return self.path.with_suffix(".fel")

    def remove(self) -> None:
        """The file itself; the bad lines may still be fetched."""
        self.path.unlink(missing_ok=True)

    def forget(self) -> None:
        self.remove()
        self.errors.unlink(missing_ok=True)


class Uploads:
    """The files that wait. One a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, Upload] = {}

    def open(self) -> None:
        """An empty folder that nobody else may look into."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._waiting.clear()

    def expect(self, account_id: UUID, name: str) -> Upload:
        """A place for a file that is about to come. Raises `Fault` ``import.busy`` (429)."""
        self.sweep()
        if len(self._waiting) >= _MOST_WAITING:
            raise Fault(
                "import.busy",
                "Många läser in filer just nu. Försök igen om en stund.",
                status=429,
                place="file",
            )
        token = secrets.token_urlsafe(24)
        if not self._folder.is_dir():
            self.open()
        path = self._folder / secrets.token_hex(16)
        path.touch(mode=0o600, exist_ok=False)
        expires = asyncio.get_running_loop().time() + LIFE
        made = Upload(token, account_id, path, name, expires)
        self._waiting[token] = made
        return made

    def find(self, token: str, account_id: UUID | None) -> Upload:
        """The file of that name, if it is this account's. Raises `Fault` ``import.gone`` (409)."""
        self.sweep()
        found = self._waiting.get(token)
        if found is None or found.account_id != account_id:
            raise Fault(
                "import.gone",
                "Filen ligger inte kvar här. Välj den igen och granska den på nytt.",
                status=409,
                place="file",
            )
        return found

    def forget(self, upload: Upload) -> None:
        self._waiting.pop(upload.token, None)
        upload.forget()

    def sweep(self) -> None:
        """Remove what has waited too long."""
        now = asyncio.get_running_loop().time()
        for upload in [one for one in self._waiting.values() if one.expires <= now]:
            self.forget(upload)


UPLOADS: web.AppKey[Uploads] = web.AppKey("uploads")


async def receive(request: web.Request, account_id: UUID) -> tuple[Upload, Form]:
    """The file of a form, streamed to disk, and the form's other fields.

    Raises `Fault` ``import.no_file``, ``import.file_too_large`` (413), ``form.unreadable`` (400).
    """
    uploads = request.app[UPLOADS]
    fields: MultiDict[str] = MultiDict()
    upload: Upload | None = None
    try:
        reader = await request.multipart()
        async for part in reader:
            if not isinstance(part, BodyPartReader):
                raise _unreadable()
            if part.filename and upload is None:
                upload = uploads.expect(account_id, _name(part.filename))
                await _keep(part, upload.path)
            elif part.name:
                fields.add(part.name, await _text(part))
    except (ValueError, LookupError, AssertionError, TypeError) as error:
        if upload is not None:
            uploads.forget(upload)
        raise _unreadable() from error
    except BaseException:
        if upload is not None:
            uploads.forget(upload)
        raise
    if upload is None or upload.path.stat().st_size == 0:
        if upload is not None:
            uploads.forget(upload)
        raise Fault("import.no_file", "Välj en fil som har något i sig.", place="file")
    return upload, Form(fields)


async def _keep(part: BodyPartReader, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        while chunk := await part.read_chunk(256 * 1024):
            size += len(chunk)
            if size > MOST_BYTES:
                raise Fault(
                    "import.file_too_large",
                    "Filen är större än %(most)s MB. Dela den, eller läs in den från kommandoraden.",
                    status=413,
                    place="file",
                    values={"most": MEGABYTES},
                )
            await asyncio.to_thread(file.write, chunk)


def _name(told: str) -> str:
    """The file's name as it may be shown: without folders, and without what is no text."""
    text = "".join(letter for letter in told if letter.isprintable())
    return re.split(r"[/\\]", text)[-1][:200] or "fil"


async def _text(part: BodyPartReader) -> str:
    raw = b""
    while chunk := await part.read_chunk(_LONGEST_FIELD):
        raw += chunk
        if len(raw) > _LONGEST_FIELD:
            raise _unreadable()
    return raw.decode("utf-8", "replace")


def _unreadable() -> Fault:
    return Fault(
        "form.unreadable",
        "Det som skickades gick inte att läsa. Öppna sidan igen och gör om det.",
        status=400,
    )


def setup(app: web.Application) -> None:
    app[UPLOADS] = Uploads(app[CONFIGURATION].data / _FOLDER)
    app.cleanup_ctx.append(_life)


async def _life(app: web.Application) -> AsyncIterator[None]:
    uploads = app[UPLOADS]
    if app[CONFIGURATION].data.is_dir():
        uploads.open()
    task = asyncio.create_task(_sweep(uploads))
    yield
    await ended(task)
    uploads.close()


async def _sweep(uploads: Uploads) -> None:
    while True:
        await asyncio.sleep(60)
        uploads.sweep()
