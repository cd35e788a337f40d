"""A real browser in a room of an engine, without a server between: sends its camera, shows the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import aioice.ice
import pytest
from playwright.async_api import Browser, Page, Route

from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import Event, MediaEngine, Offer, Offered, Place, Placed
from server.media.janus.engine import JanusEngine
from tests.server.media.addresses import LOOPBACK, beyond_loopback
from tests.server.media.conftest import Gathering, meeting, need_janus
from tests.server.media.janus_process import NO_ADDRESS, JanusProcess, cannot

#: The publish side offers, the subscribe side answers; candidates are gathered before they are told.
SCRIPT = """
const gathered = (peer) => new Promise((done) => {
  if (peer.iceGatheringState === "complete") done();
  peer.addEventListener("icegatheringstatechange",
    () => peer.iceGatheringState === "complete" && done());
});
window.joinRoom = async () => {
  const stream = await navigator.mediaDevices.getUserMedia(
    { audio: true, video: { width: 320, height: 180, frameRate: 10 } });
  window.up = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const track of stream.getTracks()) up.addTransceiver(track, { direction: "sendonly" });
  await up.setLocalDescription();
  await gathered(up);
  await up.setRemoteDescription({ type: "answer", sdp: await tellPublish(up.localDescription.sdp) });
  window.down = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  down.ontrack = ({ track, transceiver }) => {
    const id = `${track.kind}-${transceiver.mid}`;
    if (document.getElementById(id)) return;
    const element = document.createElement(track.kind);
    element.srcObject = new MediaStream([track]);
    element.autoplay = true;
    element.id = id;
    document.body.append(element);
  };
  const offer = await tellSubscribe();
  if (offer) await takeOffer(offer);
};
let queue = Promise.resolve();
let taken = 0;
window.takeOffer = ({ number, sdp }) => (queue = queue.then(async () => {
  if (number <= taken) return;
  taken = number;
  await down.setRemoteDescription({ type: "offer", sdp });
  await down.setLocalDescription();
  await gathered(down);
  await tellAnswer(number, down.localDescription.sdp);
}));
window.received = async () => {
  const found = {};
  for (const one of (await down.getStats()).values()) {
    if (one.type === "inbound-rtp") found[one.mid] = { kind: one.kind, frames: one.framesDecoded ?? 0,
      keys: one.keyFramesDecoded ?? 0, samples: one.totalSamplesReceived ?? 0,
      concealed: one.concealedSamples ?? 0, freezes: one.freezeCount ?? 0, lost: one.packetsLost };
  }
  return found;
};
window.leaveRoom = () => { up.close(); down.close(); };
"""


async def both_engines(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gathering]:
    """A fixture: a room for twelve of the engine that is asked for."""
    with ExitStack() as ends:
        engine: MediaEngine
        if request.param == "embedded":
            engine, address = EmbeddedEngine(addresses=(LOOPBACK,)), LOOPBACK
        else:
            need_janus()
            far = ends.enter_context(beyond_loopback())
            if far is None:
                cannot(NO_ADDRESS)
            process = JanusProcess(far)
            ends.callback(process.stop)
            process.start()
            engine, address = JanusEngine([process.node]), far
        monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [address])
        async with meeting(engine) as made:
            yield made


@dataclass
class Guest:
    """A page in a room."""

    engine: MediaEngine
    room: UUID
    page: Page
    who: UUID = field(default_factory=uuid4)
    places: tuple[Place, ...] = ()
    _answering: set[asyncio.Task[Any]] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        """What the engine tells this page."""
        if isinstance(event, Placed) and event.viewer == self.who:
            self.places = event.places
        elif isinstance(event, Offered) and event.viewer == self.who:
            task = asyncio.create_task(self.page.evaluate("takeOffer", _told(event.offer)))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def decoded(self) -> dict[UUID, tuple[int, int]]:
        """Frames of the picture and samples of the sound that were decoded so far, by whom."""
        found: dict[str, Any] = await self.page.evaluate("received()")
        return {
            place.who: (
                found.get(place.video or "", {}).get("frames", 0),
                found.get(place.audio or "", {}).get("samples", 0)
                - found.get(place.audio or "", {}).get("concealed", 0),
            )
            for place in self.places
        }


def _told(offer: Offer) -> dict[str, Any]:
    return {"number": offer.number, "sdp": offer.sdp}


async def enter(browser: Browser, engine: MediaEngine, room: UUID) -> Guest:
    """A page that publishes its camera and shows everybody else."""
    context = await browser.new_context(permissions=["camera", "microphone"])
    guest = Guest(engine, room, await context.new_page())
    engine.listen(guest.hear)

    async def serve(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<!doctype html><title>Room</title><body>")

    async def publish(sdp: str) -> str:
        return await engine.publish(room, guest.who, sdp)

    async def subscribe() -> dict[str, Any] | None:
        offer = await engine.subscribe(room, guest.who)
        return _told(offer) if offer is not None else None

    async def answer(number: int, sdp: str) -> None:
        await engine.answer(room, guest.who, number, sdp)

    page = guest.page
    await page.route("http://localhost/", serve)
    await page.expose_function("tellPublish", publish)
    await page.expose_function("tellSubscribe", subscribe)
    await page.expose_function("tellAnswer", answer)
    await page.goto("http://localhost/")
    await page.add_script_tag(content=SCRIPT)
    await page.evaluate("joinRoom()")
    return guest
