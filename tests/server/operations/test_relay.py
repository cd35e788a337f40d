"""The relay is proven by relaying, against a real coturn; what fails says what to open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from care.errors import Fault
from server.configuration import Turn
from server.operations.relay import Result, Transport, prove, read_address
from server.operations.relay_words import NAMES, places, sentence
from tests.coturn import Coturn, free_ports, running_coturn


async def results(turn: Turn, *, ago: timedelta = timedelta(0)) -> dict[Transport, Result]:
    now = datetime.now(UTC) - ago
    return {proof.address.transport: proof.result async for proof in prove(turn, now, patience=2)}


@pytest.mark.parametrize(
    ("url", "transport", "host", "port"),
    [
        ("stun:turn.example", Transport.STUN, "turn.example", 3478),
        ("turn:turn.example", Transport.UDP, "turn.example", 3478),
        ("turn:turn.example:80?transport=tcp", Transport.TCP, "turn.example", 80),
        ("turns:turn.example", Transport.TLS, "turn.example", 5349),
        ("turns:[2001:db8::1]:443?transport=tcp", Transport.TLS, "2001:db8::1", 443),
        ("turn:[2001:db8::1]", Transport.UDP, "2001:db8::1", 3478),
    ],
)
def test_addresses(url: str, transport: Transport, host: str, port: int) -> None:
    """As RFC 7065 has them, with their ordinary ports."""
    found = read_address(url)
    assert (found.transport, found.host, found.port) == (transport, host, port)


@pytest.mark.parametrize("url", ["", "turn:", "http://turn.example", "turn:a?transport=sctp", "turn:a:b"])
def test_what_is_no_address_is_named(url: str) -> None:
    """The setting and the address stand in the sentence."""
    with pytest.raises(Fault) as fault:
        read_address(url)
    assert fault.value.code == "configuration.turn"


async def test_every_transport_is_proven(coturn: Coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    """STUN answers; UDP, TCP and TLS carry data from one end to the other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(coturn.authority))
    assert await results(coturn.turn) == dict.fromkeys(Transport, Result.RELAYS)


async def test_a_certificate_that_nobody_trusts(coturn: Coturn) -> None:
    """TLS alone fails, and it is said why."""
    found = await results(coturn.turn)
    assert found.pop(Transport.TLS) is Result.CERTIFICATE
    assert set(found.values()) == {Result.RELAYS}


async def test_what_is_closed_is_told_by_port() -> None:
    """Nothing listens: each sentence names the port and the protocol to open."""
    port, tls = free_ports(2)
    urls = [
        f"turn:127.0.0.1:{port}?transport=udp", f"turn:127.0.0.1:{port}?transport=tcp",
        f"turns:127.0.0.1:{tls}",
    ]  # fmt: skip
    turn = Turn(urls=urls, secret="x")
    assert set((await results(turn)).values()) == {Result.SILENT}
    said = [sentence(one.transport, Result.SILENT) % places(one) for one in map(read_address, urls)]
    assert f"UDP-port {port}" in said[0]
    assert f"TCP-port {port}" in said[1]
    assert f"TCP-port {tls}" in said[2]


async def test_one_transport_closed(coturn: Coturn) -> None:
    """A relay without TCP still relays over UDP, and only TCP is told of."""
    coturn.stop()
    coturn.start(without=("tcp",))
    found = await results(coturn.turn)
    assert (found[Transport.UDP], found[Transport.TCP]) == (Result.RELAYS, Result.SILENT)


async def test_another_secret_is_refused(coturn: Coturn) -> None:
    """It says that the secrets differ, not that a port is closed."""
    found = await results(msgspec.structs.replace(coturn.turn, secret="ett annat"))
    assert found[Transport.UDP] is Result.REFUSED
    assert found[Transport.TCP] is Result.REFUSED


async def test_a_credential_whose_time_is_over_is_refused(coturn: Coturn) -> None:
    """Ten minutes and no more; so it is with clocks that differ."""
    assert (await results(coturn.turn, ago=timedelta(minutes=11)))[Transport.UDP] is Result.REFUSED


async def test_a_relay_that_lets_nothing_through() -> None:
    """Allocations are made but their peers are shut out: only sending something finds that."""
    with running_coturn(more=("denied-peer-ip=0.0.0.0-255.255.255.255",)) as closed:
        found = await results(closed.turn)
    assert found[Transport.STUN] is Result.RELAYS
    assert found[Transport.UDP] is not Result.RELAYS
    assert found[Transport.UDP] is Result.STUCK


def test_every_result_has_its_words() -> None:
    """With the transport, the host and what to do."""
    address = read_address("turn:turn.example:3478?transport=tcp")
    for transport in Transport:
        for result in Result:
            text = sentence(transport, result) % places(address)
            assert "turn.example" in text
            assert NAMES[Transport.TCP] in text
