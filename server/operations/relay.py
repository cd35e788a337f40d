"""Does our own relay work? Proven by sending something through it, over each transport it is set up for.

Two allocations are made over the same transport and data goes from one to the other, so a server that answers
but lets nothing through is found out too. The client is aioice's, the one that our media engine speaks with.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from aioice import stun, turn

from care.errors import Fault
from care.ids import new_id
from server.calls.ice import ice_servers
from server.configuration import Turn

#: Seconds for one transport.
PATIENCE = 5.0
_AGAIN = 0.2
_DATA = b"samtid"
_URL = re.compile(r"(stun|turns?):(\[[0-9a-fA-F:.]+\]|[^:?\[\]/]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$")
_PORTS = {"stun": 3478, "turn": 3478, "turns": 5349}
#: What coturn answers to a credential that it does not take (RFC 8656, 5: 401, 441) or whose time is over.
_REFUSED = frozenset({401, 403, 431, 438, 441})


class Transport(StrEnum):
    STUN = "stun"
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Result(StrEnum):
    """What came of one try."""

    RELAYS = "relays"
    #: Nothing answers: a firewall, or a wrong address.
    SILENT = "silent"
    #: The certificate is not one that browsers take.
    CERTIFICATE = "certificate"
    #: The secret is another, or a clock is wrong.
    REFUSED = "refused"
    #: It answers, and lets nothing through.
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Address:
    """One entry of ``turn.urls``."""

    url: str
    transport: Transport
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of trying `address`."""

    address: Address
    result: Result


def read_address(url: str) -> Address:
    """An ICE URL (RFC 7064, RFC 7065). Raises `Fault` ``configuration.turn``."""
    match = _URL.match(url)
    if match is None:
        raise Fault(
            "configuration.turn",
            "Adressen ”%(url)s” under [turn] är ingen STUN- eller TURN-adress. "
            "Den ska se ut som turn:turn.example:3478?transport=udp.",
            place="turn.urls",
            values={"url": url[:100]},
        )
    scheme, host, port, over = match.groups()
    kind = {"stun": Transport.STUN, "turns": Transport.TLS}.get(scheme, Transport(over or "udp"))
    return Address(url, kind, host.strip("[]"), int(port or _PORTS[scheme]))


async def prove(settings: Turn, now: datetime, *, patience: float = PATIENCE) -> AsyncIterator[Proof]:
    """Try every address in turn. Raises `Fault` ``configuration.turn`` for one that cannot be read."""
    for address in map(read_address, settings.urls):
        (server,) = ice_servers(settings, new_id(), now)
        yield Proof(address, await _try(address, server["username"], server["credential"], patience))


async def _try(address: Address, user: str, password: str, patience: float) -> Result:
    ends: list[turn.TurnTransport] = []
    try:
        async with asyncio.timeout(patience):
            if address.transport is Transport.STUN:
                await _ask_stun(address)
                return Result.RELAYS
            protocols = []
            for _ in range(2):
                transport, protocol = await turn.create_turn_endpoint(
                    _End, (address.host, address.port), user, password, **_how(address)
                )
                ends.append(transport)
                protocols.append(protocol)
            await _send_through(ends, protocols[1])
            return Result.RELAYS
    except ssl.SSLError:
        return Result.CERTIFICATE
    except stun.TransactionFailed as failure:
        return Result.REFUSED if failure.response.error_code in _REFUSED else Result.STUCK
    except (OSError, TimeoutError, stun.TransactionError):
        # Both ends stand: it is what lies behind the server that lets nothing through.
        return Result.STUCK if len(ends) > 1 else Result.SILENT
    finally:
        for end in ends:
            end.close()
        # Each takes its leave of the server in a task of its own.
        await asyncio.sleep(0)


def _how(address: Address) -> dict[str, Any]:
    if address.transport is Transport.TLS:
        return {"transport": "tcp", "ssl": ssl.create_default_context()}
    return {"transport": address.transport.value}


class _End(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - asyncio's
        if data == _DATA:
            self.heard.set()


async def _send_through(ends: list[turn.TurnTransport], receiver: _End) -> None:
    first, second = (end.get_extra_info("sockname") for end in ends)
    # Who has sent nothing itself hears nothing (RFC 8656, 9: permissions).
    ends[1].sendto(b"-", first)
    while not receiver.heard.is_set():
        ends[0].sendto(_DATA, second)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(receiver.heard.wait(), _AGAIN)


class _Binding(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        self.answered = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - asyncio's
        with contextlib.suppress(ValueError):
            message = stun.parse_message(data)
            if message.transaction_id == self.request.transaction_id:
                self.answered.set()


async def _ask_stun(address: Address) -> None:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        _Binding, remote_addr=(address.host, address.port)
    )
    try:
        while not protocol.answered.is_set():
            transport.sendto(bytes(protocol.request))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(protocol.answered.wait(), 2 * _AGAIN)
    finally:
        transport.close()
