"""A stock peer of the library, with its own encoder and decoder: what is forwarded can be shown and heard."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy

from tests.server.media.conftest import Gathering, until


def stock() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


class Stock:
    """Publishes one of the library's own tracks of each kind; counts decoded frames of what it sees."""

    def __init__(self) -> None:
        self.who: UUID = uuid4()
        self.publish, self.subscribe = stock(), stock()
        self.frames: dict[str, int] = {"audio": 0, "video": 0}
        self._reading: list[asyncio.Task[None]] = []

    async def join(self, forwarder: Gathering) -> None:
        for track in (AudioStreamTrack(), VideoStreamTrack()):
            self.publish.addTrack(track)
        for line in self.publish.getTransceivers():
            line.direction = "sendonly"
        await self.publish.setLocalDescription()
        answer = await forwarder.engine.publish(forwarder.room, self.who, self.publish.localDescription.sdp)
        await self.publish.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self.subscribe.on("track", lambda track: self._reading.append(asyncio.create_task(self._read(track))))
        offer = await forwarder.engine.subscribe(forwarder.room, self.who)
        assert offer is not None
        await self.subscribe.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await self.subscribe.setLocalDescription()
        sdp = self.subscribe.localDescription.sdp
        await forwarder.engine.answer(forwarder.room, self.who, offer.number, sdp)

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            await track.recv()
            self.frames[track.kind] += 1

    async def close(self) -> None:
        for task in self._reading:
            task.cancel()
        await asyncio.gather(self.publish.close(), self.subscribe.close())


async def test_a_stock_peer_decodes_what_another_encodes(forwarder: Gathering) -> None:
    """Two peers that know nothing of us: each decodes pictures and sound of the other."""
    await forwarder.engine.close_room(forwarder.room)
    await forwarder.engine.open_room(forwarder.room, seats=2)
    peers = [Stock(), Stock()]
    try:
        for peer in peers:
            await peer.join(forwarder)
        await until(
            lambda: all(peer.frames["video"] > 10 and peer.frames["audio"] > 20 for peer in peers), "frames"
        )
        stats = await forwarder.engine.stats(forwarder.room)
        assert all({source.kind for source in one.sources} == {"audio", "video"} for one in stats.people)
    finally:
        for peer in peers:
            await peer.close()
