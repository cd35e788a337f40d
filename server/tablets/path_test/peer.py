"""Our side of the way: an aiortc peer that answers the tablet, sends the picture and the tone, and measures.

The tablet offers, always. It is the browser's way that is tried, held to the relay as in a call, so the
browser decides; and aiortc gathers all it has before it answers, so two messages are enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import aioice.ice
import numpy as np
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy
from av import AudioFrame, VideoFrame

from server.media.description import Unusable, published, usable
from server.tablets.path_test.measured import ENOUGH_PICTURES, Came
from server.tablets.path_test.picture import Picture, is_picture
from server.tablets.path_test.tone import RATE, Tone, is_heard, loudness, samples

#: Samples that the tone is measured over.
_OVER = RATE // 4
LOOPBACK = "127.0.0.1"
#: Sound and picture.
_LINES = 2
#: All the addresses of the machine, as aioice finds them; the loopback is never among them.
_ALL = aioice.ice.get_host_addresses


class Peer:
    """One connection with a tablet. ``answer``, then wait for `whole`, then ``close``."""

    def __init__(self, ice_servers: Sequence[dict[str, Any]]) -> None:
        # Never None: that would ask Google's server.
        servers = [
            RTCIceServer(one["urls"], one.get("username"), one.get("credential")) for one in ice_servers
        ]
        self._peer = RTCPeerConnection(
            RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self.came = Came()
        #: Set when picture and tone have come.
        self.whole = asyncio.Event()
        self._began = time.monotonic()
        self._reading: set[asyncio.Task[None]] = set()
        self._peer.on("track", self._take)
        self._peer.on("connectionstatechange", self._state)

    async def answer(self, sdp: str) -> str:
        """Our description for the tablet's; raises `Unusable`."""
        if len(published(sdp).media) != _LINES:
            raise Unusable("m-lines")
        offer = RTCSessionDescription(sdp=without_names(sdp), type="offer")
        await usable(self._peer.setRemoteDescription(offer))
        # Into the m-lines that the tablet has offered.
        for transceiver in self._peer.getTransceivers():
            track: MediaStreamTrack = Picture() if transceiver.kind == "video" else Tone()
            transceiver.sender.replaceTrack(track)
            transceiver.direction = "sendrecv"
        await usable(self._set_local())
        return str(self._peer.localDescription.sdp)

    async def _set_local(self) -> None:
        await self._peer.setLocalDescription(await self._peer.createAnswer())

    async def close(self) -> None:
        """Let go; a dead line holds nobody up."""
        for task in self._reading:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self._peer.close()

    def _state(self) -> None:
        if self._peer.connectionState == "connected" and self.came.connected_ms is None:
            self.came.connected_ms = round(1000 * (time.monotonic() - self._began))

    def _take(self, track: MediaStreamTrack) -> None:
        # Frames that nobody consumes pile up.
        task = asyncio.create_task(self._see(track) if track.kind == "video" else self._hear(track))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _see(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if not isinstance(frame, VideoFrame):
                    continue
                self.came.pictures += 1
                if self.came.right_pictures < ENOUGH_PICTURES and is_picture(frame):
                    self.came.right_pictures += 1
                self._look()

    async def _hear(self, track: MediaStreamTrack) -> None:
        held = np.zeros(0)
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if not isinstance(frame, AudioFrame) or self.came.is_tone_heard:
                    continue
                held = np.concatenate([held, samples(frame)])
                if held.size >= _OVER:
                    level, share = loudness(held, rate=frame.sample_rate)
                    self.came.tone_db = round(max(self.came.tone_db, level), 1)
                    self.came.is_tone_heard = is_heard(level, share)
                    held = np.zeros(0)
                    self._look()

    def _look(self) -> None:
        if self.came.is_whole:
            self.whole.set()


def without_names(sdp: str) -> str:
    """The description without addresses hidden behind names that only the tablet's own network knows.

    We need none of them: the tablet finds us. Without the last line we wait for it.
    """
    kept = [
        line
        for line in sdp.splitlines()
        if not (line.startswith("a=candidate:") and ".local " in line) and line != "a=end-of-candidates"
    ]
    return "\r\n".join(kept) + "\r\n"


def use_addresses(addresses: Sequence[str], *, is_local: bool) -> None:
    """Have this process use these addresses; none means all. `is_local`: its pages are this machine's own."""

    def chosen(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        if addresses:
            return [one for one in addresses if (use_ipv6 if ":" in one else use_ipv4)]
        return [*_ALL(use_ipv4, use_ipv6), *([LOOPBACK] if is_local and use_ipv4 else [])]

    aioice.ice.get_host_addresses = chosen
