"""What a backup says about itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from server.operations.backup.package import damaged

#: Raised when an older program could no longer read the file.
FORMAT = 1
NAME = "manifest.json"
#: Names of the database in a backup, by kind.
DATABASE_FILE = {"sqlite": "samtid.sqlite3", "postgresql": "database.pgdump"}


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the backup."""

    bytes: int
    sha256: str


class TableContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as it stood at the moment of the snapshot: see `content`."""

    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``manifest.json``."""

    format: int
    made_at: datetime
    program: str
    #: ``sqlite`` or ``postgresql``.
    engine: str
    #: Revision of the tables (`care.storage.migrations`).
    schema: str
    files: dict[str, Member]
    tables: dict[str, TableContent]
    #: Files of the data folder that were left out, by name.
    left_out: list[str]

    def write(self, path: Path) -> None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


def read(path: Path) -> Manifest:
    """Raises `Fault` ``backup.damaged``."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError:
        raise damaged() from None
