"""Passwords: argon2id (RFC 9106), computed outside the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Awaitable, Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from care.errors import Fault

SHORTEST = 12
LONGEST = 200
#: Each computation takes 64 MiB and all of a core for a moment.
AT_ONCE = 2


def check_new(password: str, username: str = "") -> None:
    """A new password is 12 to 200 characters and not just the user name (NIST SP 800-63B, 3.1.1.2).

    Raises `Fault` ``password.short``, ``password.long`` or ``password.guessable``.
    """
    if len(password) < SHORTEST:
        raise Fault(
            "password.short", "Lösenordet ska ha minst %(count)s tecken.",
            place="password", values={"count": SHORTEST},
        )  # fmt: skip
    if len(password) > LONGEST:
        raise Fault(
            "password.long", "Lösenordet får ha högst %(count)s tecken.",
            place="password", values={"count": LONGEST},
        )  # fmt: skip
    plain = password.casefold()
    rest = plain.replace(username.casefold(), "") if username else plain
    if len(set(rest)) < 5:
        raise Fault(
            "password.guessable",
            "Lösenordet är för lätt att gissa. Ta till exempel fyra ord som inte hör ihop.",
            place="password",
        )  # fmt: skip


class Passwords:
    """Hashes and verifies. One a process; `hasher` is weaker only in tests."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(AT_ONCE)
        # Verified against when there is no such user, so that both answers take as long.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash_now(self, password: str) -> str:
        """The hash, computed here and now: for the command line, never on the event loop."""
        return self._hasher.hash(_normal(password))

    async def hash(self, password: str) -> str:
        async with self._room:
            return await asyncio.to_thread(self.hash_now, password)

    async def verify(
        self, password_hash: str | None, password: str, *, first: Callable[[], Awaitable[None]] | None = None
    ) -> bool:
        """True when the password is right. None as hash is nobody's, and takes as long as somebody's.

        `first` is awaited when the turn has come: what it raises was not known while waiting in line.
        """
        async with self._room:
            if first is not None:
                await first()
            right = await asyncio.to_thread(self._verify, password_hash or self._nobody, password)
        return right and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        # Cut after the longest that may be set: a hostile megabyte must not keep the machine busy.
        try:
            return self._hasher.verify(password_hash, _normal(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False

    def is_old(self, password_hash: str) -> bool:
        """True when the parameters have been raised since it was made."""
        return self._hasher.check_needs_rehash(password_hash)


def _normal(password: str) -> bytes:
    # The same word typed on two keyboards is the same word.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def make_password(words: int = 4) -> str:
    """A fresh password that can be read aloud: four groups of five, about 100 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(words))
