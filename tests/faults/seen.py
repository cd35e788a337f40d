"""What the two browsers showed: when each frame of the other side came, and what was lost and frozen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from playwright.async_api import Page

#: Notes the time of every frame of the other side that is shown (ms since 1970, as `time.time` has it in
#: seconds), and every touch of a hand.
WATCH = """
(() => {
  window.shownAt = [];
  window.touches = [];
  const absolute = (t) => performance.timeOrigin + t;
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, (event) => {
      if (event.isTrusted) touches.push(absolute(event.timeStamp));
    }, true);
  }
  const remote = new WeakSet();
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", (event) => remote.add(event.track));
    }
  };
  const watched = new WeakSet();
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...source,
    set(stream) {
      source.set.call(this, stream);
      if (!stream || !(this instanceof HTMLVideoElement) || watched.has(this)) return;
      watched.add(this);
      let last;
      const note = (now, { rtpTimestamp }) => {
        // A new stream on the element shows the old frame once more: that is none of the other side.
        const isNew = rtpTimestamp !== undefined && rtpTimestamp !== last;
        last = rtpTimestamp;
        const isRemote = this.srcObject?.getVideoTracks().some((track) => remote.has(track));
        if (isNew && isRemote) shownAt.push(absolute(now));
        this.requestVideoFrameCallback(note);
      };
      this.requestVideoFrameCallback(note);
    },
  });
})();
"""
_TOTALS = """
async () => {
  const sum = { frozen: 0, frozen_s: 0, lost: 0, received: 0, kilobytes: 0, round_trip: 0, paths: [] };
  for (const peer of window.peers) {
    if (peer.connectionState === "closed") continue;
    const report = await peer.getStats();
    for (const entry of report.values()) {
      if (entry.type === "inbound-rtp") {
        sum.lost += entry.packetsLost ?? 0;
        sum.received += entry.packetsReceived ?? 0;
        sum.kilobytes += (entry.bytesReceived ?? 0) / 1000;
        sum.frozen += entry.freezeCount ?? 0;
        sum.frozen_s += entry.totalFreezesDuration ?? 0;
      }
      if (entry.type === "transport" && report.has(entry.selectedCandidatePairId)) {
        const pair = report.get(entry.selectedCandidatePairId);
        sum.round_trip = 1000 * (pair.currentRoundTripTime ?? 0);
        sum.paths.push(report.get(pair.localCandidateId)?.candidateType);
        sum.paths.push(report.get(pair.remoteCandidateId)?.candidateType);
      }
    }
  }
  return sum;
}
"""
#: The picture is back when so many frames have come, no two of them further apart than this, ms.
_GOES_ON = 8
_APART = 1_500


def now() -> float:
    """Milliseconds since 1970, as the pages count."""
    return time.time() * 1000


async def totals(page: Page) -> dict[str, Any]:
    """Packets lost and received, freezes, kilobytes so far; round trip (ms); kinds of the path's ends."""
    found: dict[str, Any] = await page.evaluate(_TOTALS)
    return found


async def _since(page: Page, moment: float) -> list[float]:
    found: list[float] = await page.evaluate("(since) => shownAt.filter((one) => one >= since)", moment)
    return found


async def back(page: Page, moment: float, patience: float, under_way: float = 0) -> float:
    """Milliseconds from `moment` until the picture goes on; TimeoutError after `patience` seconds.

    Frames of the first `under_way` ms are not counted: they were on their way when it happened.
    """
    async with asyncio.timeout(patience):
        while True:
            shown = await _since(page, moment + under_way)
            for at in range(len(shown) - _GOES_ON):
                few = shown[at : at + _GOES_ON + 1]
                if all(later - before < _APART for before, later in pairwise(few)):
                    return shown[at] - moment
            await asyncio.sleep(0.2)


async def touches(page: Page, moment: float) -> int:
    """How often a hand touched the page since `moment`."""
    found: int = await page.evaluate("(since) => touches.filter((one) => one >= since).length", moment)
    return found


@dataclass(frozen=True)
class Seen:
    """One side, over a stretch of time."""

    frames: int
    #: Longest time between two frames, ms.
    longest: float
    #: Freezes as the browser counts them, and their seconds.
    freezes: int
    frozen_s: float
    lost_percent: float
    kilobits: float
    round_trip: float


async def watch(page: Page, seconds: float) -> Seen:
    """Look at the page for so long."""
    start, before = now(), await totals(page)
    await asyncio.sleep(seconds)
    end, after = now(), await totals(page)
    # The edges count as frames: a picture that stood still all the time has a gap as long as the time.
    times = [start, *(one for one in await _since(page, start) if one < end), end]
    lost = max(0, after["lost"] - before["lost"])
    received = after["received"] - before["received"]
    return Seen(
        frames=len(times) - 2,
        longest=max(later - one for one, later in pairwise(times)),
        freezes=after["frozen"] - before["frozen"],
        frozen_s=after["frozen_s"] - before["frozen_s"],
        lost_percent=100 * lost / max(1, lost + received),
        # Negative after a new peer connection, which counts from nothing.
        kilobits=8 * max(0, after["kilobytes"] - before["kilobytes"]) / ((end - start) / 1000),
        round_trip=after["round_trip"],
    )
