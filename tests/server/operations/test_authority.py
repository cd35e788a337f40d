"""The demo's own certificates: who trusts the authority gets in, and it vouches for nothing else."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from care.errors import Fault
from server.operations.authority import Certificates, local_addresses, prepare

HERE = ipaddress.ip_address("127.0.0.1")
NOW = datetime.now(UTC)


async def handshake(made: Certificates, trusted: Path | None) -> None:
    """A TLS connection to a server with the certificate, by somebody who trusts `trusted`."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(made.certificate, made.key)

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=server_side)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client_side = ssl.create_default_context(cafile=trusted)
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_side)
        writer.close()


async def test_trusting_it_lets_one_in(tmp_path: Path) -> None:
    """The chain and the address are right."""
    made = prepare(tmp_path, [HERE])
    await handshake(made, made.authority)


async def test_without_trust_the_browser_refuses(tmp_path: Path) -> None:
    """Nothing is weakened: who has not trusted it is warned."""
    made = prepare(tmp_path, [HERE])
    with pytest.raises(ssl.SSLCertVerificationError):
        await handshake(made, None)


async def test_another_address_is_refused(tmp_path: Path) -> None:
    """The certificate is for the addresses it names."""
    made = prepare(tmp_path, [ipaddress.ip_address("192.168.1.5")])
    with pytest.raises(ssl.SSLCertVerificationError):
        await handshake(made, made.authority)


def test_the_authority_may_vouch_for_private_addresses_alone(tmp_path: Path) -> None:
    """A lost key cannot be used against a bank: the constraint is critical and names no public address."""
    made = prepare(tmp_path, [HERE])
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = limits.value.permitted_subtrees or []
    for one in permitted:
        if isinstance(one, x509.IPAddress):
            assert one.value.is_private or one.value.is_loopback
        else:
            assert one.value in {"local", "localhost"}
    assert len(permitted) > 3
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)


def test_keys_are_for_their_owner(tmp_path: Path) -> None:
    """0600 for both keys."""
    prepare(tmp_path, [HERE])
    for name in ("samtid-ca.key", "server.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_same_files_while_they_hold(tmp_path: Path) -> None:
    """A restart asks nobody to trust anything anew; another address or an old certificate does not either."""
    first = prepare(tmp_path, [HERE], NOW)
    authority, server = first.authority.read_bytes(), first.certificate.read_bytes()
    prepare(tmp_path, [HERE], NOW)
    assert first.certificate.read_bytes() == server
    prepare(tmp_path, [HERE, ipaddress.ip_address("10.0.0.7")], NOW)
    moved = first.certificate.read_bytes()
    assert moved != server
    prepare(tmp_path, [HERE], NOW + timedelta(days=80))
    assert first.certificate.read_bytes() != moved
    assert first.authority.read_bytes() == authority


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    """No private address, no certificate."""
    with pytest.raises(Fault) as raised:
        prepare(tmp_path, [])
    assert raised.value.code == "lan.no_address"
    assert list(tmp_path.iterdir()) == []


def test_broken_files_are_named(tmp_path: Path) -> None:
    """A damaged key is not silently replaced: somebody may have trusted its certificate."""
    prepare(tmp_path, [HERE])
    (tmp_path / "samtid-ca.key").write_text("nothing")
    with pytest.raises(Fault) as raised:
        prepare(tmp_path, [HERE])
    assert raised.value.code == "lan.authority_broken"


def test_addresses_of_this_machine_are_private() -> None:
    """Whatever this machine is called, only private addresses count."""
    for address in local_addresses():
        assert address.is_private
        assert not address.is_loopback
