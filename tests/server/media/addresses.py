"""Where media of tests goes: the loopback for what can, another address for Janus, which leaves that out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import aioice.ice

LOOPBACK = "127.0.0.1"
#: For measuring equipment, so it is nobody's (RFC 2544).
MADE = "198.18.77.1"
#: As the library finds them, before a test says otherwise.
_found = aioice.ice.get_host_addresses


def _first() -> str | None:
    own = _found(use_ipv4=True, use_ipv6=False)
    return next((one for one in own if not ip_address(one).is_loopback), None)


@contextmanager
def beyond_loopback() -> Iterator[str | None]:
    """An address of this machine that is not the loopback; ``None`` where none can be made."""
    own = _first()
    name = f"samtid{os.getpid() % 100_000}"
    if own is not None or os.geteuid() != 0:
        yield own
        return
    made = [
        ["ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}b"],
        ["ip", "address", "add", f"{MADE}/32", "dev", name],
        ["ip", "link", "set", name, "up"],
        ["ip", "link", "set", f"{name}b", "up"],
    ]
    try:
        done = all(subprocess.run(one, check=False, capture_output=True).returncode == 0 for one in made)
    except FileNotFoundError:
        done = False
    try:
        yield MADE if done else None
    finally:
        if done:
            subprocess.run(["ip", "link", "delete", name], check=False, capture_output=True)
