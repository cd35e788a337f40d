"""The other half of `server.tablets.keys`: a key that signs."""

from __future__ import annotations

import base64
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from server.tablets.keys import hello_text


class Key:
    """A private key on P-256."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._private = private or ec.generate_private_key(ec.SECP256R1())
        numbers = self._private.public_key().public_numbers()
        #: The JSON Web Key that the server knows.
        self.public = {
            "kty": "EC",
            "crv": "P-256",
            "x": _text(numbers.x.to_bytes(32, "big")),
            "y": _text(numbers.y.to_bytes(32, "big")),
        }

    def sign(self, protocol: int, origin: str, nonce: str, device_id: UUID) -> str:
        """The signature of a hello, as the protocol writes it."""
        text = hello_text(protocol, origin, nonce, device_id)
        r, s = decode_dss_signature(self._private.sign(text, ec.ECDSA(hashes.SHA256())))
        return _text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
