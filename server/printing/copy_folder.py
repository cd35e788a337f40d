"""The folder of the emergency copy: what lies there, for its owner alone, open or sealed, and when it goes.

Open, a bundle of files is a folder; sealed, it is one zip file in the age format, opened by a key that the
server does not have. Either is put in place whole: nobody reads half of it; a full disk leaves the old one.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from server.operations.backup.sealing import sealed_to

#: Relative name → content. Nobody's name stands in that of a file.
Files = Mapping[str, bytes]

INDEX = "index.html"
SEALED = ".zip.age"
#: The pages of the days, when they are sealed; open, each day is a folder of its own.
PAGES = "dagen"
#: Before the day on which the paper was made.
PAPER = "papper-"

#: A folder that is being written.
_HALF = ".half-"
_OURS = re.compile(rf"(?:{PAPER})?(?P<day>\d{{4}}-\d{{2}}-\d{{2}})(?:{re.escape(SEALED)})?")


def own(folder: Path) -> None:
    """Make the folder, and let nobody else look into it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def put_pages(folder: Path, index: str, days: Mapping[date, Files], recipient: str) -> None:
    """The pages of each day, and the one that leads to them."""
    if recipient:
        files = {INDEX: index.encode()}
        for day, pages in days.items():
            files |= {f"{day.isoformat()}/{name}": content for name, content in pages.items()}
        _put_file(folder / f"{PAGES}{SEALED}", _sealed(files, recipient))
        return
    for day, pages in days.items():
        _put_folder(folder / day.isoformat(), pages)
    _put_file(folder / INDEX, index.encode())


def has_paper(folder: Path, made: date, recipient: str) -> bool:
    """Whether the paper of that night lies there, as open or sealed as it should be."""
    return _paper(folder, made, recipient).exists()


def put_paper(folder: Path, made: date, files: Files, recipient: str) -> None:
    """The paper that was made on the night of `made`."""
    target = _paper(folder, made, recipient)
    if recipient:
        _put_file(target, _sealed(files, recipient))
    else:
        _put_folder(target, files)


def clear(folder: Path, today: date, *, is_sealed: bool) -> None:
    """Remove what is over, what was left half written, and what lies open (or sealed) from before."""
    for path in folder.iterdir():
        if _is_over(path.name, today) or _is_other_kind(path.name, is_sealed=is_sealed):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _paper(folder: Path, made: date, recipient: str) -> Path:
    return folder / f"{PAPER}{made.isoformat()}{SEALED if recipient else ''}"


def _is_over(name: str, today: date) -> bool:
    # What a stopped server left half written is over too.
    found = _OURS.fullmatch(name)
    is_half = name.startswith((_HALF, f".{PAPER}", f".{PAGES}", f".{INDEX}"))
    return is_half or (found is not None and found["day"] < today.isoformat())


def _is_other_kind(name: str, *, is_sealed: bool) -> bool:
    is_ours = name in {INDEX, f"{PAGES}{SEALED}"} or _OURS.fullmatch(name) is not None
    return is_ours and name.endswith(SEALED) != is_sealed


def _sealed(files: Files, recipient: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sealed_to(packed.getvalue(), recipient)


def _put_folder(target: Path, files: Files) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=_HALF, dir=target.parent))
    try:
        for name, content in files.items():
            _write(fresh / name, content)
        old = fresh.with_name(f"{fresh.name}-old")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _put_file(target: Path, content: bytes) -> None:
    fresh = target.with_name(f".{target.name}")
    try:
        _write(fresh, content)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
