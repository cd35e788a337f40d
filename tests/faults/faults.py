"""The faults: each is done to a call that goes on, and tells what both sides saw of it.

Nobody touches anything meanwhile; that is counted too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from playwright.async_api import Page, expect

from tests.faults.seen import Seen, back, now, totals, touches, watch
from tests.faults.stage import PATIENCE, Stage

#: Packets and frames that were under way when a line broke, ms.
_UNDER_WAY = 700
#: For a picture to come back at all, seconds: far more than is hoped for.
_HOPELESS = 90


@dataclass(frozen=True)
class Outcome:
    """What was seen of one fault; of two things: the worker's side first, then the client's."""

    fault: str
    #: From the end of the fault (or from the fault, where it does not end) until the picture went on, ms.
    back: tuple[float, ...] = ()
    #: Over the fault, or a stretch of it.
    seen: tuple[Seen, ...] = ()
    paths: frozenset[str] = field(default_factory=frozenset)
    is_same_call: bool = False
    touches: int = 0


async def _watched(stage: Stage, seconds: float) -> tuple[Seen, ...]:
    return tuple(await asyncio.gather(*(watch(side, seconds) for side in stage.sides)))


async def _back(stage: Stage, moment: float, under_way: float = 0) -> tuple[float, ...]:
    return tuple(await asyncio.gather(*(back(side, moment, _HOPELESS, under_way) for side in stage.sides)))


async def _told(
    stage: Stage, fault: str, began: float, *, back: tuple[float, ...] = (), seen: tuple[Seen, ...] = ()
) -> Outcome:
    """The outcome, with what is asked after every fault."""
    paths = {path for side in stage.sides for path in (await totals(side))["paths"]}
    return Outcome(
        fault, back, seen, frozenset(paths),
        is_same_call=await stage.is_one_call(),
        touches=sum([await touches(side, began) for side in stage.sides]),
    )  # fmt: skip


async def loss(stage: Stage, percent: int, seconds: float) -> Outcome:
    """So many of a hundred packets are lost, each way."""
    began = now()
    stage.network.lose(stage.home, percent)
    seen = await _watched(stage, seconds)
    stage.network.lose(stage.home, 0)
    return await _told(stage, f"{percent} % lost each way" if percent else "none", began, seen=seen)


async def late(stage: Stage, each_way: int, seconds: float, *, percent: int = 0, jitter: int = 0) -> Outcome:
    """Everything comes so many ms late, each way, and unevenly by up to `jitter` more."""
    began = now()
    stage.home.wire(delay=each_way, jitter=jitter)
    stage.network.lose(stage.home, percent)
    # What was measured before is still in the round trip for a while.
    await asyncio.sleep(3)
    seen = await _watched(stage, seconds)
    stage.home.wire(delay=0, jitter=0)
    stage.network.lose(stage.home, 0)
    words = f"{2 * each_way} ms there and back"
    words += f", {jitter} ms uneven" if jitter else ""
    words += f", {percent} % lost each way" if percent else ""
    return await _told(stage, words, began, seen=seen)


async def narrow(stage: Stage, rate: int, seconds: float) -> Outcome:
    """The home's line carries `rate` kbit/s each way, and is 20 ms long."""
    began = now()
    stage.home.wire(delay=20, rate=rate)
    # The browsers find out how much it carries.
    await asyncio.sleep(4)
    seen = await _watched(stage, seconds)
    stage.home.wire(delay=0, rate=0)
    return await _told(stage, f"{rate} kbit/s", began, seen=seen)


async def outage(stage: Stage, seconds: float) -> Outcome:
    """Nothing comes through to the home, and nobody is told; after `seconds` it does again."""
    began = now()
    stage.network.cut(stage.home)
    seen = await _watched(stage, seconds)
    stage.network.mend(stage.home)
    mended = now()
    return await _told(
        stage, f"nothing for {seconds:.0f} s", began, back=await _back(stage, mended), seen=seen
    )


async def moved(stage: Stage, side: str) -> Outcome:
    """`side` ("home" or "worker") has another address from one moment to the next."""
    began = now()
    (stage.home if side == "home" else stage.worker).move()
    return await _told(stage, f"new address, {side}", began, back=await _back(stage, began, _UNDER_WAY))


async def way_closed(stage: Stage) -> Outcome:
    """The direct way is closed in the middle of the talk; the way over the relay is left."""
    began = now()
    stage.network.separate(stage.worker, stage.home)
    return await _told(stage, "direct way closed", began, back=await _back(stage, began, _UNDER_WAY))


async def relayed(stage: Stage) -> Outcome:
    """A talk that never had a direct way (`stage.network.separate` came before it)."""
    began = now()
    return await _told(stage, "relay only", began, seen=await _watched(stage, 5))


async def server_gone(stage: Stage, seconds: float) -> Outcome:
    """kill -9 of the server and a start after `seconds`, watched until both pages are in touch again."""
    began = now()
    await stage.server.kill()

    async def away() -> None:
        await asyncio.sleep(seconds)
        await stage.server.start()
        await expect(stage.page.locator("#call[data-line=open]")).to_be_visible(timeout=PATIENCE)

    seen, _ = await asyncio.gather(_watched(stage, seconds + 8), away())
    return await _told(stage, f"server killed, back after {seconds:.0f} s", began, seen=seen)


async def hang_up(page: Page) -> None:
    """The worker ends the talk, which proves that the signalling still reaches everybody."""
    await page.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Samtalet är slut", timeout=PATIENCE)
