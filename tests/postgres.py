"""A private PostgreSQL cluster in a temporary folder, reached over a unix socket, gone at the end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

TEMPLATE = "samtid_template"


def programs() -> Path | None:
    """The folder with initdb and postgres: Debian's newest, else what is on the path."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if newest:
        return newest[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root, so root drops to an unprivileged account."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("neither a postgres nor a nobody account to run PostgreSQL as")


def die_with_parent() -> None:
    """Ask Linux to stop the server when the tests die, however they die."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGQUIT)


def in_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a loop of its own, beside whatever loop the tests use."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Cluster:
    """Started by `start`; `stop` ends the server and removes the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._count = 0

    def url(self, name: str) -> str:
        """The address of one database, for SQLAlchemy."""
        return f"postgresql+asyncpg://samtid@/{name}?host={self.folder}"

    @classmethod
    def start(cls, bin_folder: Path) -> Cluster:
        folder = Path(tempfile.mkdtemp(prefix="samtid-pg-"))
        account = owner()
        run_as: dict[str, Any] = {}
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
            run_as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        cluster = cls(folder)
        try:
            choices = "--username=samtid --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync"
            command = [str(bin_folder / "initdb"), "-D", str(folder / "data"), *choices.split()]
            subprocess.run(command, check=True, capture_output=True, cwd=folder, **run_as)
            settings = {
                "listen_addresses": "",
                "unix_socket_directories": str(folder),
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_connections": "100",
                "shared_buffers": "64MB",
                "timezone": "Asia/Tokyo",  # nothing may lean on the server's own zone
            }
            words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
            with (folder / "log").open("wb") as log:
                cluster.process = subprocess.Popen(
                    [bin_folder / "postgres", "-D", folder / "data", *words],
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    preexec_fn=die_with_parent,  # noqa: PLW1509 - only a system call, before any thread works
                    **run_as,
                )
            in_thread(cluster._wait())
        except BaseException:
            cluster.stop()
            raise
        return cluster

    async def _wait(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                connection = await asyncpg.connect(host=str(self.folder), user="samtid", database="postgres")
            except (OSError, asyncpg.PostgresError):
                ended = self.process is None or self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return

    async def create(self, template: str | None = TEMPLATE) -> str:
        """A fresh database, copied from `template` (None: an empty one); its name."""
        self._count += 1
        name = f"samtid_{self._count}"
        await self.command(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} STRATEGY FILE_COPY")
        return name

    async def drop(self, name: str) -> None:
        await self.command(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def command(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self.folder), user="samtid", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
