"""Real networks on one machine: places (network namespaces) around a router, each by a line of its own.

A *veth* line is the kernel's; a *wired* one passes through `tests.faults.wire`, which can make it late and
narrow. What is lost is dropped by nftables in the router. Every place has a net of its own (10.77.N.0/24), as
a home and a workplace have. Names carry the process' number, so that runs do not meet; `remove` ends whatever
is left in a place, and places of test runs that are no more are removed at the next start.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Self

TUN = Path("/dev/net/tun")
_PREFIX = "samtid-"
_numbers = count(1)
#: Programs and the Debian packages they come in.
_PROGRAMS = {"ip": "iproute2", "nft": "nftables"}


def missing(*more: str, wired: bool = False) -> str | None:
    """Why this machine cannot do it, in words; None when it can. `more`: programs like ``turnserver``."""
    for program in (*_PROGRAMS, *more):
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {_PROGRAMS.get(program, 'coturn')}"
    if wired and not os.access(TUN, os.W_OK):
        return f"{TUN} is missing or may not be used"
    name = f"{_PREFIX}{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no right to make a network namespace (CAP_NET_ADMIN, CAP_SYS_ADMIN): {made.stderr.strip()}"
    _run("ip", "netns", "del", name)
    return None


def _run(*command: str, given: str | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Place:
    """One namespace with one line, ``line0``, to the router."""

    def __init__(self, network: Network, name: str, number: int, *, is_wired: bool) -> None:
        self.network, self.name, self.number, self.is_wired = network, name, number, is_wired
        self.namespace = f"{network.prefix}{name}"
        self.address = f"10.77.{number}.2"
        self._wire: subprocess.Popen[str] | None = None

    def run(self, *command: str) -> str:
        """Run a short command inside; its output. Raises RuntimeError with what it complained of."""
        return _run("ip", "netns", "exec", self.namespace, *command)

    def inside(self, *command: str) -> list[str]:
        """The command line that runs `command` inside, by the same process id."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def make(self) -> None:
        router = self.network.router
        _run("ip", "netns", "add", self.namespace)
        self.run("ip", "link", "set", "dev", "lo", "up")
        if self.is_wired:
            self._wire = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.wire", self.namespace, router, self.name],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            assert self._wire.stdout is not None
            if not self._wire.stdout.readline():
                raise RuntimeError("the wire did not start")
        else:
            _run("ip", "link", "add", "line0", "netns", self.namespace, "type", "veth",
                 "peer", "name", self.name, "netns", router)  # fmt: skip
        _run("ip", "-n", router, "addr", "add", f"10.77.{self.number}.1/24", "dev", self.name)
        _run("ip", "-n", router, "link", "set", "dev", self.name, "up")
        self.run("ip", "link", "set", "dev", "line0", "up")
        self._take(self.address)

    def _take(self, address: str) -> None:
        self.run("ip", "addr", "add", f"{address}/24", "dev", "line0")
        self.run("ip", "route", "replace", "default", "via", f"10.77.{self.number}.1", "dev", "line0")

    def move(self) -> None:
        """Another address from now on, the old one is gone: as when a phone changes network."""
        old, self.address = self.address, f"10.77.{self.number}.77"
        self.run("ip", "addr", "del", f"{old}/24", "dev", "line0")
        self._take(self.address)

    def wire(self, **settings: float) -> None:
        """Each way: ``delay`` and ``jitter`` in ms, ``rate`` in kbit/s (0: no limit)."""
        assert self._wire is not None
        assert self._wire.stdin is not None
        self._wire.stdin.write(json.dumps(settings) + "\n")
        self._wire.stdin.flush()

    def remove(self) -> None:
        if self._wire is not None and self._wire.stdin is not None:
            self._wire.stdin.close()
            self._wire.wait(10)
        _remove(self.namespace)


class Network:
    """A router and the places around it. Use it in a ``with``."""

    def __init__(self) -> None:
        self.prefix = f"{_PREFIX}{os.getpid()}-{next(_numbers)}-"
        self.router = f"{self.prefix}router"
        self.places: list[Place] = []
        self._rules: dict[Any, list[str]] = {}

    def __enter__(self) -> Self:
        remove_stale()
        try:
            _run("ip", "netns", "add", self.router)
            for setting in ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0"):
                _run("ip", "netns", "exec", self.router, "sysctl", "-qw", setting)
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def place(self, name: str, *, wired: bool = False) -> Place:
        """A new place; `name` has at most 15 letters."""
        made = Place(self, name, len(self.places) + 1, is_wired=wired)
        self.places.append(made)
        made.make()
        return made

    def lose(self, place: Place, percent: int) -> None:
        """Drop so many of a hundred packets, each way, to and from `place`; 0: none."""
        drop = f"numgen random mod 100 < {percent} drop"
        self._set(("loss", place), [f"{way} {place.name} {drop}" for way in _WAYS] if percent else [])

    def cut(self, place: Place) -> None:
        """Nothing comes to or from `place`, and nobody is told."""
        self._set(("cut", place), [f"{way} {place.name} drop" for way in _WAYS])

    def mend(self, place: Place) -> None:
        self._set(("cut", place), [])

    def separate(self, one: Place, other: Place) -> None:
        """No packet passes from the one to the other: there is only the way over a third place."""
        pair = (one, other)
        self._set(pair, [f"iifname {a.name} oifname {b.name} drop" for a, b in (pair, pair[::-1])])

    def _set(self, key: Any, rules: list[str]) -> None:
        """All rules anew, in one step."""
        self._rules[key] = rules
        lines = "\n".join(rule for some in self._rules.values() for rule in some)
        _run("ip", "netns", "exec", self.router, "nft", "-f", "-", given=(
            "table inet fault\ndelete table inet fault\ntable inet fault {\nchain legs {\n"
            f"type filter hook forward priority 0;\n{lines}\n}}\n}}\n"
        ))  # fmt: skip

    def remove(self) -> None:
        for place in self.places:
            place.remove()
        _remove(self.router)


_WAYS = ("iifname", "oifname")


def remove_stale() -> None:
    """Remove the places of test runs that were killed."""
    for line in _run("ip", "netns", "list").splitlines():
        name = line.split()[0] if line.split() else ""
        owner = name.removeprefix(_PREFIX).split("-")[0]
        if name.startswith(_PREFIX) and owner.isdigit() and not Path(f"/proc/{owner}").exists():
            _remove(name)


def _remove(namespace: str) -> None:
    """End what still runs inside (all of it was started by the tests), and take the namespace away."""
    if not Path("/run/netns", namespace).exists():
        return
    for hint in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 5
        while (left := _run("ip", "netns", "pids", namespace).split()) and time.monotonic() < deadline:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(int(process), hint)
            time.sleep(0.1)
    _run("ip", "netns", "del", namespace)
