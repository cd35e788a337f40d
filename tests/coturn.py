"""A real coturn on this machine: UDP, TCP and TLS, with a certificate of a test authority.

``coturn`` is a fixture for everybody (``pytest_plugins`` in tests/conftest.py). Credentials come from
`server.calls.ice`, as they do for calls; `Coturn.turn` is what ``[turn]`` in samtid.toml would say.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.configuration import Turn
from tests.postgres import die_with_parent

SECRET = "hemligt-bara-i-provet"
MISSING = "coturn is missing: apt-get install coturn"


@dataclass
class Coturn:
    """One running turnserver. `close` stops one transport by starting it anew without it."""

    folder: Path
    host: str
    port: int
    tls_port: int
    #: Loopback and private peers are let through: everything in a test lives there.
    more: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    closed: set[str] = field(default_factory=set)

    @property
    def urls(self) -> list[str]:
        return [
            f"stun:{self.host}:{self.port}",
            f"turn:{self.host}:{self.port}?transport=udp",
            f"turn:{self.host}:{self.port}?transport=tcp",
            f"turns:{self.host}:{self.tls_port}?transport=tcp",
        ]

    @property
    def turn(self) -> Turn:
        return Turn(urls=self.urls, secret=SECRET, minutes=10)

    @property
    def authority(self) -> Path:
        """The certificate authority, for clients that are to trust it."""
        return self.folder / "authority.pem"

    @property
    def toml(self) -> str:
        """The table for samtid.toml."""
        urls = ", ".join(f'"{url}"' for url in self.urls)
        return f'[turn]\nurls = [{urls}]\nsecret = "{SECRET}"\nminutes = 10\n'

    @property
    def chromium_flag(self) -> str:
        """Lets Chromium take this server's certificate, and no other."""
        key = x509.load_pem_x509_certificate((self.folder / "turn.pem").read_bytes()).public_key()
        shape = serialization.PublicFormat.SubjectPublicKeyInfo
        digest = hashlib.sha256(key.public_bytes(serialization.Encoding.DER, shape)).digest()
        return f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"

    def start(self, *, without: tuple[str, ...] = ()) -> None:
        """Start, with all transports but `without` (of ``udp``, ``tcp``, ``tls``)."""
        self.closed = set(without)
        lines = [
            f"listening-ip={self.host}", f"relay-ip={self.host}",
            f"listening-port={self.port}", f"tls-listening-port={self.tls_port}",
            "use-auth-secret", f"static-auth-secret={SECRET}", "realm=samtid.test", "fingerprint",
            f"cert={self.folder / 'turn.pem'}", f"pkey={self.folder / 'turn.key'}",
            "no-cli", "no-dtls", "no-multicast-peers", "no-rfc5780", "no-stdout-log", "simple-log",
            f"log-file={self.folder / 'turn.log'}", f"pidfile={self.folder / 'turn.pid'}",
            f"userdb={self.folder / 'turn.db'}", "relay-threads=1",
            *(["allow-loopback-peers"] if self.host.startswith("127.") else []),
            *(f"no-{one}" for one in without), *self.more,
        ]  # fmt: skip
        config = self.folder / "turnserver.conf"
        config.write_text("\n".join(lines) + "\n")
        self.process = subprocess.Popen(
            [program(), "-c", config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - only a system call, before any thread works
        )
        self._wait()

    def _wait(self, seconds: float = 20) -> None:
        """Until it listens, by what is open: a TCP listener, or an answer to a binding request."""
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("coturn did not start:\n" + self.log()[-2000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        if "udp" in self.closed:
            open_port = self.port if "tcp" not in self.closed else self.tls_port
            with socket.socket() as probe:
                return probe.connect_ex((self.host, open_port)) == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            probe.connect((self.host, self.port))
            try:
                probe.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12))
                return bool(probe.recv(1500))
            except OSError:
                return False

    def log(self) -> str:
        file = self.folder / "turn.log"
        return file.read_text(errors="replace") if file.is_file() else ""

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None


def program() -> str:
    found = shutil.which("turnserver")
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Ports that are free for both TCP and UDP."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.bind((host, 0))
            port: int = stream.getsockname()[1]
            try:
                datagram.bind((host, port))
            except OSError:
                continue
            if port not in found:
                found.append(port)
    return found


def sign(folder: Path, host: str) -> None:
    """``authority.pem``, and ``turn.pem`` with ``turn.key`` for `host` signed by it."""
    now = datetime.now(UTC)

    def build(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (subject, issuer)]
        return (
            x509.CertificateBuilder().subject_name(named[0]).issuer_name(named[1]).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=2))
        )  # fmt: skip

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = (
        build("Samtid test authority", "Samtid test authority", root.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host)), x509.DNSName("localhost")])
    signed = (
        build(host, "Samtid test authority", leaf.public_key())
        .add_extension(names, critical=False)
        .sign(root, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "turn.pem").write_bytes(signed.public_bytes(pem))
    key = leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "turn.key").write_bytes(key)


@contextmanager
def running_coturn(
    host: str = "127.0.0.1", *, without: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> Iterator[Coturn]:
    """A turnserver on `host`, ended with its folder. `more`: further lines of its configuration."""
    program()
    folder = Path(tempfile.mkdtemp(prefix="samtid-turn-"))
    try:
        sign(folder, host)
        port, tls_port = free_ports(2, host)
        made = Coturn(folder, host, port, tls_port, more)
        try:
            made.start(without=without)
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def coturn() -> Iterator[Coturn]:
    """Our relay, with every transport open."""
    with running_coturn() as made:
        yield made
