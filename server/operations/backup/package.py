"""The file itself: a tar and, after it, one block with the SHA-256 of all that went before.

Programs that read tar stop at its end and never see the last block.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from care.errors import Fault

BLOCK = 512
_MARK = b"samtid-backup sha256 "
_PIECE = 1 << 20


def write(path: Path, members: Mapping[str, Path]) -> None:
    """Write a package of `members` (name → file) to `path`, mode 0600, flushed to disk."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, source in members.items():
                info = tarfile.TarInfo(name)
                info.size, info.mode = source.stat().st_size, 0o600
                with source.open("rb") as content:
                    tar.addfile(info, content)
        file.seek(0, os.SEEK_END)
        length = file.tell()
        digest = _digest(file, length)
        file.seek(0, os.SEEK_END)
        file.write((_MARK + digest.encode()).ljust(BLOCK, b"\n"))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """The tar of a package whose every byte is as it was written.

    Raises `Fault` ``backup.missing``, ``backup.foreign`` when it is something else, and ``backup.damaged``
    when it is cut or changed.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Fault(
            "backup.missing",
            "Säkerhetskopian går inte att läsa: %(why)s.",
            status=404,
            place="file",
            values={"why": error.strerror or "?"},
        ) from None
    with file:
        length = path.stat().st_size - BLOCK
        if length < 2 * BLOCK:
            raise _foreign()
        _check(file, length)
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                yield tar
        except tarfile.TarError:
            raise damaged() from None


def _check(file: IO[bytes], length: int) -> None:
    digest = _digest(file, length)
    file.seek(length)
    last = file.read(BLOCK)
    if last == (_MARK + digest.encode()).ljust(BLOCK, b"\n"):
        return
    file.seek(0)
    head = file.read(BLOCK)
    # The name of the first member tells a damaged backup of ours from any other file.
    known = head.startswith((b"manifest.json\0", b"content.age\0", b"key.age\0"))
    raise damaged() if known or last.startswith(_MARK) else _foreign()


def take(tar: tarfile.TarFile, name: str, to: Path) -> None:
    """Write the member `name` to the new file `to`, mode 0600. Raises `Fault` ``backup.damaged``."""
    try:
        content = tar.extractfile(name)
    except KeyError:
        content = None
    if content is None:
        raise damaged()
    with content, os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(content, file, _PIECE)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(file: IO[bytes], length: int) -> str:
    made = hashlib.sha256()
    file.seek(0)
    while length > 0:
        piece = file.read(min(_PIECE, length))
        if not piece:
            break
        made.update(piece)
        length -= len(piece)
    return made.hexdigest()


def damaged() -> Fault:
    return Fault(
        "backup.damaged",
        "Säkerhetskopian är skadad: den är avkortad eller ändrad. Ta en annan kopia. Inget är ändrat.",
        place="file",
    )


def _foreign() -> Fault:
    return Fault(
        "backup.foreign", "Filen är ingen säkerhetskopia från Samtid. Inget är ändrat.", place="file"
    )
