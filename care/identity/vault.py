"""Sealing of personal numbers at rest.

AES-256-GCM with a key that lives in a file outside the database, so that neither a copied database nor
a backup of it alone shows a number. The sealed bytes are ``v1.<key id>.<base64url of nonce and ciphertext>``:
the key id lets old values be read while new ones are sealed with a newer key. What the value belongs to
(a client's id) is bound in as associated data, so a sealed number moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from care.errors import Fault

#: Name of the key file in the data folder.
VAULT_FILE = "vault.json"

_VERSION = b"v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class _KeyFile(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in the key file: the id to seal with, and every key by its id (base64)."""

    current: str
    keys: dict[str, str]


class Vault:
    """Seals and opens short secret texts. Made by `open_vault`."""

    def __init__(self, keys: dict[str, bytes], current: str, path: Path | None = None) -> None:
        if current not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise _broken_file()
        self.keys = keys
        self.current = current
        #: The key file; read again when a value was sealed with a key that came after this was opened.
        self.path = path

    def __repr__(self) -> str:
        return f"Vault({len(self.keys)} keys, current {self.current})"

    def seal(self, text: str, *, about: str) -> bytes:
        """`text` sealed for the thing whose id is `about`. Two seals of the same text differ."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, text.encode(), about.encode())
        return self._head(self.current) + base64.urlsafe_b64encode(nonce + sealed)

    def unseal(self, sealed: bytes, *, about: str) -> str:
        """The text again. Raises `Fault` ``vault.unknown_key`` or ``vault.broken`` (status 500)."""
        version, _, rest = sealed.partition(b".")
        key_id, _, body = rest.partition(b".")
        if version != _VERSION:
            raise _broken_value()
        key = self._key(key_id.decode("latin-1"))
        if key is None:
            raise Fault(
                "vault.unknown_key",
                "Personnumret är låst med en nyckel som inte finns i nyckelfilen. Lägg tillbaka den "
                "nyckelfil som hör till databasen.",
                status=500,
            )
        try:
            raw = base64.urlsafe_b64decode(body)
            return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise _broken_value() from None

    def _key(self, key_id: str) -> bytes | None:
        if key_id not in self.keys and self.path is not None and self.path.is_file():
            self.keys = _load(self.path).keys
        return self.keys.get(key_id)

    def is_current(self, sealed: bytes) -> bool:
        """False when the value should be sealed anew with the current key (rotation)."""
        return sealed.startswith(self._head(self.current))

    @staticmethod
    def _head(key_id: str) -> bytes:
        return b".".join((_VERSION, key_id.encode(), b""))


def open_vault(path: Path) -> Vault:
    """The vault of the key file at `path`; a missing file is made with a fresh key, mode 0600.

    Raises `Fault` ``vault.key_file_open`` when others may read the file and ``vault.key_file_broken``
    when it cannot be read.
    """
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise Fault(
            "vault.key_file_open",
            "Nyckelfilen %(file)s kan läsas av andra. Kör chmod 600 på den.",
            status=500,
            values={"file": path.name},
        )
    return _load(path)


def rotate(path: Path) -> Vault:
    """Add a fresh key to the file and seal with it from now on. Old keys stay, so old values open."""
    vault = open_vault(path)
    current = _next_id(vault.keys)
    keys = {**vault.keys, current: secrets.token_bytes(_KEY_BYTES)}
    _written(path, keys, current).replace(path)
    return Vault(keys, current, path)


def forget(path: Path, unused: Iterable[str]) -> Vault:
    """Take keys that seal nothing any more out of the file. The current key always stays."""
    vault = open_vault(path)
    gone = set(unused) - {vault.current}
    keys = {key_id: key for key_id, key in vault.keys.items() if key_id not in gone}
    _written(path, keys, vault.current).replace(path)
    return Vault(keys, vault.current, path)


def key_of(sealed: bytes) -> str:
    """The id of the key that a value was sealed with; empty when it is no sealed value."""
    version, _, rest = sealed.partition(b".")
    return rest.partition(b".")[0].decode("latin-1") if version == _VERSION else ""


def _next_id(keys: Iterable[str]) -> str:
    """The next number and a random tail.

    Four digits first, so that the order of the text is the order of making; the tail, so that a key file made
    anew after a loss never uses an id of the lost one.
    """
    number = max((int(key_id[1:5]) for key_id in keys), default=0) + 1
    return f"k{number:04d}-{secrets.token_hex(3)}"


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    first = _next_id(())
    fresh = _written(path, {first: secrets.token_bytes(_KEY_BYTES)}, first)
    try:
        os.link(
            fresh, path
        )  # never replaces: of two processes that start at once, the first one's key stands
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _written(path: Path, keys: dict[str, bytes], current: str) -> Path:
    """A complete key file beside `path`, flushed to disk, mode 0600 (mkstemp's own)."""
    body = _KeyFile(current, {key_id: base64.b64encode(key).decode() for key_id, key in keys.items()})
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _load(path: Path) -> Vault:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in file.keys.items()}
        _next_id(keys)  # refuses ids that are none
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        raise _broken_file() from None
    return Vault(keys, file.current, path)


def _broken_file() -> Fault:
    return Fault(
        "vault.key_file_broken",
        "Nyckelfilen går inte att läsa. Lägg tillbaka den från säkerhetskopian.",
        status=500,
    )


def _broken_value() -> Fault:
    return Fault(
        "vault.broken",
        "Ett låst personnummer går inte att öppna: det har ändrats eller hör till en annan rad.",
        status=500,
    )
