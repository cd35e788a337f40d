"""Encryption of a backup in the age format (X25519, ChaCha20-Poly1305, scrypt), by the pyrage library.

Two ways. To a *recipient*: the server knows only a public key, so whoever takes over the server cannot open
older backups. By *passphrase*: the backup is sealed to a key made for it alone, and that key lies beside it
as ``key.age``, sealed with the passphrase. Both open with any age program.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyrage
from pyrage import passphrase as by_passphrase
from pyrage import x25519

from care.errors import Fault

#: Shorter passphrases are guessed.
LEAST = 12


@dataclass(frozen=True, slots=True)
class Lock:
    """How a backup is to be sealed: to a public key, or by a passphrase. Exactly one is given."""

    recipient: str | None = None
    passphrase: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What a backup is to be opened with: the text of a key file, or a passphrase."""

    identity: str | None = None
    passphrase: str | None = None


def new_key() -> tuple[str, str]:
    """A fresh secret key and the public key that belongs to it, as age writes them."""
    made = x25519.Identity.generate()
    return str(made), str(made.to_public())


def check(lock: Lock) -> None:
    """Raises `Fault` ``backup.bad_key`` or ``backup.short_passphrase``."""
    if lock.recipient is not None:
        _recipient(lock.recipient)
    elif len(lock.passphrase or "") < LEAST:
        raise Fault(
            "backup.short_passphrase",
            "Lösenfrasen ska ha minst %(least)s tecken. Tag hellre fyra ord som inte hör ihop.",
            place="passphrase",
            values={"least": LEAST},
        )


def seal(source: Path, to: Path, lock: Lock, key_file: Path) -> bool:
    """Seal `source` into the new file `to`; whether a passphrase's key was written to `key_file`."""
    if lock.recipient is not None:
        _sealed(source, to, _recipient(lock.recipient))
        return False
    made = x25519.Identity.generate()
    _sealed(source, to, made.to_public())
    key_file.write_bytes(by_passphrase.encrypt(str(made).encode(), lock.passphrase or ""))
    return True


def sealed_to(content: bytes, recipient: str) -> bytes:
    """`content` sealed to a public key. Raises `Fault` ``backup.bad_key``."""
    sealed: bytes = pyrage.encrypt(content, [_recipient(recipient)])
    return sealed


def unseal(source: Path, to: Path, key: Key, key_file: Path | None) -> None:
    """Open `source` into the new file `to`; `key_file` is the sealed key of a passphrase, if there is one.

    Raises `Fault` ``backup.needs_key``, ``backup.needs_passphrase``, ``backup.wrong_key`` or
    ``backup.wrong_passphrase``.
    """
    identity = _identity_by_passphrase(key, key_file) if key_file is not None else _identity(key)
    with source.open("rb") as sealed, os.fdopen(_new(to), "wb") as plain:
        try:
            pyrage.decrypt_io(sealed, plain, [identity])
        except (pyrage.DecryptError, OSError):
            raise Fault(
                "backup.wrong_key",
                "Nyckeln passar inte till säkerhetskopian. Inget är ändrat.",
                place="key-file",
            ) from None


def _identity_by_passphrase(key: Key, key_file: Path) -> x25519.Identity:
    if key.passphrase is None:
        raise Fault(
            "backup.needs_passphrase",
            "Säkerhetskopian är låst med en lösenfras. Ge den med --passphrase-file eller skriv den när du "
            "tillfrågas.",
            place="passphrase",
        )
    try:
        return x25519.Identity.from_str(by_passphrase.decrypt(key_file.read_bytes(), key.passphrase).decode())
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError):
        raise Fault(
            "backup.wrong_passphrase",
            "Lösenfrasen stämmer inte. Inget är ändrat.",
            place="passphrase",
        ) from None


def _identity(key: Key) -> x25519.Identity:
    if key.identity is None:
        raise Fault(
            "backup.needs_key",
            "Säkerhetskopian är låst med en nyckel. Ge den hemliga nyckeln med --key-file.",
            place="key-file",
        )
    lines = [line.strip() for line in key.identity.splitlines()]
    try:
        return x25519.Identity.from_str(next((one for one in lines if one and one[0] != "#"), ""))
    except pyrage.IdentityError:
        raise _bad_key("key-file") from None


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise _bad_key("recipient") from None


def _bad_key(place: str) -> Fault:
    return Fault(
        "backup.bad_key",
        "Det är ingen nyckel i age-formatet. Gör ett nyckelpar med ”samtid keys backup”.",
        place=place,
    )


def _sealed(source: Path, to: Path, recipient: x25519.Recipient) -> None:
    with source.open("rb") as plain, os.fdopen(_new(to), "wb") as sealed:
        pyrage.encrypt_io(plain, sealed, [recipient])


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
