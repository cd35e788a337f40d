"""How often something may be tried: sign-in, pairing, guest links.

The counts live in memory, or in Redis where several nodes share the work. They follow the machine's own
clock: an attacker's patience is not measured in demo time.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from care.errors import Fault


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` tries in `minutes` minutes of one kind for one `who`."""

    kind: str
    times: int
    minutes: int

    @property
    def item(self) -> RateLimitItem:
        return RateLimitItemPerMinute(self.times, self.minutes, namespace=f"samtid-{self.kind}")


#: Wrong or right, for one account from anywhere; a right password gives the tries back.
SIGN_IN_ACCOUNT = Limit("sign-in-account", 10, 10)
#: Wrong ones only: a whole municipality may share one address in the morning.
SIGN_IN_ADDRESS = Limit("sign-in-address", 60, 10)
#: Codes and keys of the second step, for one account from anywhere, in the short run and the long.
FACTOR_ACCOUNT = Limit("factor-account", 10, 10)
FACTOR_DAY = Limit("factor-day", 40, 24 * 60)
#: How often one address may set out for the municipality's own sign-in service.
OIDC_ADDRESS = Limit("oidc-address", 300, 10)
#: A program that asks more often has lost its way; ten times a second is plenty for any.
TOKEN = Limit("token", 600, 1)
#: Tokens that are none, from one address: good ones are never counted.
TOKEN_ADDRESS = Limit("token-address", 60, 10)
#: Messages that somebody sends to a number of their own choice.
OWN_MESSAGES = Limit("own-messages", 6, 60)
#: Guest links that are none, from one address: good ones are never counted.
GUEST_ADDRESS = Limit("guest-address", 30, 10)
#: For `server.calls`: a short pairing code is tried from one address.
PAIRING_ADDRESS = Limit("pairing-address", 30, 10)


class Throttle:
    """Counts tries. One a process."""

    def __init__(self, redis: str = "") -> None:
        address = f"async+{redis}" if redis else "async+memory://"
        more = {"implementation": "redispy"} if redis else {}
        storage = storage_from_string(address, **more)
        assert isinstance(storage, Storage)  # noqa: S101 - narrows the library's union
        self._limiter = MovingWindowRateLimiter(storage)

    async def spend(self, limit: Limit, who: str) -> None:
        """Count one try. Raises `Fault` ``throttle.too_many`` (429) when there have been too many."""
        if not await self._limiter.hit(limit.item, who):
            raise too_many(limit, await self._wait(limit, who))

    async def check(self, limit: Limit, who: str) -> None:
        """As `spend`, without counting."""
        if not await self._limiter.test(limit.item, who):
            raise too_many(limit, await self._wait(limit, who))

    async def _wait(self, limit: Limit, who: str) -> int:
        """Seconds until the next try is counted again."""
        stats = await self._limiter.get_window_stats(limit.item, who)
        return max(1, math.ceil(stats.reset_time - time.time()))

    async def forgive(self, limit: Limit, who: str) -> None:
        """Start counting anew."""
        await self._limiter.clear(limit.item, who)


def too_many(limit: Limit, wait: int | None = None) -> Fault:
    """429, with the seconds to `wait` for the header ``Retry-After``."""
    seconds = limit.minutes * 60 if wait is None else wait
    if limit.kind == TOKEN.kind:
        return Fault(
            "throttle.program",
            "Nyckeln används för ofta. Vänta %(seconds)s sekunder.",
            status=429,
            values={"seconds": seconds},
        )
    return Fault(
        "throttle.too_many",
        "Det har varit för många försök. Vänta %(minutes)s minuter och försök igen.",
        status=429,
        values={"minutes": limit.minutes, "seconds": seconds},
    )
