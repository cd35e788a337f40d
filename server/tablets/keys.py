"""The key of a tablet: P-256, made by the tablet itself, private half never leaves it.

A tablet proves who it is by signing a text with the server's nonce, its own origin and the protocol's
version, so that a signature can be used neither twice nor at another address.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sqlalchemy.ext.asyncio import AsyncSession

from care.devices import Device
from care.errors import Fault

_COORDINATE = 32


def read_key(value: Any) -> dict[str, str]:
    """The public key out of a JSON Web Key, with nothing else in it.

    Raises `Fault` ``tablet.key`` when it is not a point on P-256.
    """
    bad = Fault("tablet.key", "Surfplattans nyckel går inte att använda.", place="public_key")
    if not isinstance(value, dict) or value.get("kty") != "EC" or value.get("crv") != "P-256":
        raise bad
    key = {"kty": "EC", "crv": "P-256", "x": str(value.get("x")), "y": str(value.get("y"))}
    try:
        _public_key(key)
    except ValueError:
        raise bad from None
    return key


def thumbprint(key: dict[str, str]) -> str:
    """RFC 7638, as lower-case hex."""
    text = json.dumps(key, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_number(key: dict[str, str]) -> str:
    """Four digits made from the key: the same number stands on the tablet and before the worker."""
    return f"{int(thumbprint(key)[:12], 16) % 10_000:04d}"


def hello_text(version: int, origin: str, nonce: str, device_id: UUID) -> bytes:
    """What a tablet signs when it says hello."""
    return f"samtid-hello\n{version}\n{origin}\n{nonce}\n{device_id}".encode()


def verify(public_key: dict[str, Any], text: bytes, signature: str) -> bool:
    """True when `signature` (base64url of r and s, 64 bytes) over `text` was made with the key."""
    try:
        raw = _decode(signature)
        if len(raw) != 2 * _COORDINATE:
            return False
        parts = (int.from_bytes(raw[:_COORDINATE], "big"), int.from_bytes(raw[_COORDINATE:], "big"))
        _public_key(public_key).verify(encode_dss_signature(*parts), text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError, KeyError):
        return False
    return True


async def device_for_hello(
    session: AsyncSession, device_id: UUID, *, version: int, origin: str, nonce: str, signature: str
) -> Device:
    """The tablet that has said hello.

    Raises `Fault` ``device.unknown`` (403) for an unknown tablet or a signature that does not fit, and
    ``device.revoked`` (403) for one that no longer belongs here: it then erases its key and its day.
    """
    device = await session.get(Device, device_id)
    if (
        device is None
        or device.public_key is None
        or not verify(device.public_key, hello_text(version, origin, nonce, device_id), signature)
    ):
        raise Fault("device.unknown", "Surfplattan känns inte igen.", status=403, place="device")
    if device.revoked_at is not None:
        raise Fault("device.revoked", "Surfplattan är inte kopplad längre.", status=403, place="device")
    return device


def _public_key(key: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    x, y = (_decode(str(key[name])) for name in ("x", "y"))
    if len(x) != _COORDINATE or len(y) != _COORDINATE:
        raise ValueError("a coordinate of P-256 has 32 bytes")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
    )
    return numbers.public_key()


def _decode(text: str) -> bytes:
    """Strict base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
