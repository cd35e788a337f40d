"""A Janus of one's own: our configuration, free ports, gone when the tests are."""

from __future__ import annotations

import ctypes
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from server.media.janus import folder
from server.media.janus.address import NodeAddress

PROGRAM = "janus"
MISSING = "Janus is missing: apt-get install janus"
NO_ADDRESS = "Janus needs an address that is not the loopback, and none could be made"


def cannot(words: str) -> NoReturn:
    """Skip by name where Janus cannot be tried; where everything is to be tried, that is a failure."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(words)
    pytest.skip(words)


def there() -> bool:
    """Whether this machine has it."""
    return shutil.which(PROGRAM) is not None and folder.programs() is not None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _die_with_parent() -> None:
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


class JanusProcess:
    """Started by `start`; `stop` ends it and removes its folder."""

    def __init__(self, address: str, *, most_people: int = 150, secret: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="samtid-janus-"))
        lowest = random.randrange(20_000, 31_000, 200)
        self.settings = folder.NodeSettings(
            secret=secret or secrets.token_urlsafe(24),
            port=free_port(),
            admin_port=free_port(),
            addresses=(address,),
            ports=(lowest, lowest + 999),
        )
        #: How the engine reaches it.
        self.node = NodeAddress(
            url=f"ws://127.0.0.1:{self.settings.port}",
            admin_url=f"ws://127.0.0.1:{self.settings.admin_port}",
            secret=self.settings.secret,
            most_people=most_people,
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, *, seconds: float = 20, changed: Mapping[str, str] | None = None) -> None:
        """Start it, again when it was killed, and wait until it answers; `changed` files differ from ours.

        Raises `RuntimeError`.
        """
        installed = folder.programs()
        assert installed is not None
        folder.write(self.folder, self.settings, installed)
        for name, text in (changed or {}).items():
            (self.folder / name).write_text(text, encoding="utf-8")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-F", self.folder, "-C", self.folder / "janus.jcfg"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(self.folder)},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - only a system call, before any thread works
            )
        deadline = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.settings.port), timeout=1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self.said()) from None
                time.sleep(0.05)
            else:
                return

    def without_rooms(self) -> str:
        """Our configuration with the one plugin off that is needed."""
        installed = folder.programs()
        assert installed is not None
        text = folder.files(self.folder, self.settings, installed)["janus.jcfg"]
        return text.replace('plugins: { disable = "', 'plugins: { disable = "libjanus_videoroom.so,')

    def said(self) -> str:
        """The end of its log."""
        return self.said_all()[-3000:]

    def said_all(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def pause(self) -> None:
        """It lives, and does nothing."""
        os.kill(self.process_id, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.process_id, signal.SIGCONT)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
