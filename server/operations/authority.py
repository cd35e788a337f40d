"""A certificate authority of our own, so that a demo can be tried on a real tablet in the same network.

Cameras open only over HTTPS. The authority may vouch for private addresses and this machine's names alone
(name constraints, RFC 5280 4.2.1.10): trusting it opens nothing else, even if its key should be lost.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from care.errors import Fault

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "::1/128",
)
_AUTHORITY_DAYS = 730
_SERVER_DAYS = 90
_RENEW_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in the data folder: the authority's public certificate, and the server's with its key."""

    authority: Path
    certificate: Path
    key: Path
    fingerprint: str


def local_addresses() -> list[Address]:
    """This machine's addresses in its own network, the one that others reach first.

    Nothing is sent: connecting a datagram socket only asks the system which way it would go.
    """
    found: list[Address] = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far, 9))
                found.append(ipaddress.ip_address(probe.getsockname()[0]))
            except OSError:
                continue
    try:
        for *_, where in socket.getaddrinfo(socket.gethostname(), None):
            found.append(ipaddress.ip_address(str(where[0]).split("%")[0]))
    except (OSError, ValueError):
        pass
    return [one for one in dict.fromkeys(found) if not one.is_loopback and _is_private(one)]


def _is_private(address: Address) -> bool:
    return any(
        address in network
        for network in map(ipaddress.ip_network, _PRIVATE)
        if network.version == address.version
    )


def prepare(folder: Path, addresses: list[Address], now: datetime | None = None) -> Certificates:
    """The certificates for `addresses`, made or renewed where needed. Keys get mode 0600.

    Certificates live by the machine's own clock, like the browsers that check them.
    Raises `Fault` ``lan.no_address`` when there is no private address.
    """
    now = now or datetime.now(UTC)
    if not addresses:
        raise Fault(
            "lan.no_address",
            "Den här datorn har ingen adress i ett eget nät. Anslut den till nätet och försök igen.",
            place="--lan",
        )
    authority_key, authority = _authority(folder, now)
    key_file, file = folder / "server.key", folder / "server.crt"
    names = [socket.gethostname().split(".")[0].lower() + ".local", "localhost"]
    if not _still_good(file, key_file, authority, addresses, now):
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _sign_server(authority_key, authority, key.public_key(), addresses, names, now)
        _write(key_file, _pem(key), 0o600)
        _write(file, signed.public_bytes(serialization.Encoding.PEM), 0o644)
    print_ = authority.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificates(folder / "samtid-ca.crt", file, key_file, print_)


def _authority(folder: Path, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key_file, file = folder / "samtid-ca.key", folder / "samtid-ca.crt"
    if key_file.is_file() and file.is_file():
        try:
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            known = x509.load_pem_x509_certificate(file.read_bytes())
        except ValueError:
            raise Fault(
                "lan.authority_broken",
                "Filerna samtid-ca.key och samtid-ca.crt går inte att läsa. Ta bort dem så görs nya.",
                place="data",
            ) from None
        if isinstance(key, ec.EllipticCurvePrivateKey) and known.not_valid_after_utc > now + _RENEW_BEFORE:
            return key, known
    fresh = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Samtid"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Samtid demo {socket.gethostname()[:40]}"),
        ]
    )
    permitted: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_network(network)) for network in _PRIVATE
    ]
    permitted += [x509.DNSName("local"), x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(fresh.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(for_authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(fresh.public_key()), critical=False)
        .sign(fresh, hashes.SHA256())
    )
    _write(key_file, _pem(fresh), 0o600)
    _write(file, made.public_bytes(serialization.Encoding.PEM), 0o644)
    return fresh, made


def _sign_server(  # noqa: PLR0917
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    key: ec.EllipticCurvePublicKey,
    addresses: list[Address],
    names: list[str],
    now: datetime,
) -> x509.Certificate:
    alternatives: list[x509.GeneralName] = [x509.IPAddress(one) for one in addresses]
    alternatives += [x509.DNSName(name) for name in names]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(addresses[0]))]))
        .issuer_name(authority.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_SERVER_DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(for_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )


def _usage(*, for_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not for_authority,
        key_cert_sign=for_authority,
        crl_sign=for_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _still_good(
    file: Path, key_file: Path, authority: x509.Certificate, addresses: list[Address], now: datetime
) -> bool:
    if not (file.is_file() and key_file.is_file()):
        return False
    try:
        known = x509.load_pem_x509_certificate(file.read_bytes())
        known.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covered = names.get_values_for_type(x509.IPAddress)
    return set(addresses) <= set(covered) and known.not_valid_after_utc > now + _RENEW_BEFORE


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, body: bytes, mode: int) -> None:
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
    fresh.replace(path)
