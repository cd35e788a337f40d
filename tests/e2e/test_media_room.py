"""Real browsers in a room of the embedded engine: all decode the pictures and sounds of all."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from playwright.async_api import Browser, Page, Route

from care.ids import new_id
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import Event, Placed
from tests.server.media.conftest import LOOPBACK, until

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
    const element = document.createElement(track.kind);
    element.srcObject = new MediaStream([track]);
    element.autoplay = true;
    element.id = `${track.kind}-${transceiver.mid}`;
    document.body.append(element);
  };
  const offer = await tellSubscribe();
  await down.setRemoteDescription({ type: "offer", sdp: offer.sdp });
  await down.setLocalDescription();
  await gathered(down);
  await tellAnswer(offer.number, down.localDescription.sdp);
};
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


async def enter(browser: Browser, engine: EmbeddedEngine, room: UUID) -> tuple[UUID, Page]:
    """A page that publishes its camera and shows everybody else."""
    who = uuid4()
    context = await browser.new_context(permissions=["camera", "microphone"])
    page = await context.new_page()

    async def serve(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<!doctype html><title>Room</title><body>")

    async def publish(sdp: str) -> str:
        return await engine.publish(room, who, sdp)

    async def subscribe() -> dict[str, Any]:
        offer = await engine.subscribe(room, who)
        assert offer is not None
        return {"number": offer.number, "sdp": offer.sdp}

    async def answer(number: int, sdp: str) -> None:
        await engine.answer(room, who, number, sdp)

    await page.route("http://localhost/", serve)
    await page.expose_function("tellPublish", publish)
    await page.expose_function("tellSubscribe", subscribe)
    await page.expose_function("tellAnswer", answer)
    await page.goto("http://localhost/")
    await page.add_script_tag(content=SCRIPT)
    await page.evaluate("joinRoom()")
    return who, page


async def test_three_browsers_decode_each_other_and_a_fourth_takes_a_free_place(chromium: Browser) -> None:
    """All is decoded; who comes late is shown in the place of who left, without a new offer."""
    engine, room = EmbeddedEngine(addresses=(LOOPBACK,)), new_id()
    told: list[Event] = []
    engine.listen(told.append)
    await engine.start()
    try:
        await engine.open_room(room)
        pages = dict([await enter(chromium, engine, room) for _ in range(3)])

        def places(viewer: UUID) -> Placed | None:
            return next(
                (one for one in reversed(told) if isinstance(one, Placed) and one.viewer == viewer), None
            )

        async def decodes(viewer: UUID, sender: UUID, *, more: int = 10) -> None:
            """Until `more` further frames, and sound, of `sender` were decoded."""
            placed = places(viewer)
            assert placed is not None
            place = next(one for one in placed.places if one.who == sender)

            async def decoded() -> tuple[int, int]:
                """Frames of the picture, samples of the sound."""
                found: dict[str, Any] = await pages[viewer].evaluate("received()")
                video, audio = found.get(place.video or "", {}), found.get(place.audio or "", {})
                return video.get("frames", 0), audio.get("samples", 0)

            begun = await decoded()
            now = begun
            for _ in range(200):
                now = await decoded()
                if now[0] >= begun[0] + more and now[1] > begun[1]:
                    return
                await pages[viewer].wait_for_timeout(100)
            raise AssertionError(f"not decoded: {begun}, {now}")

        await until(
            lambda: all((one := places(who)) is not None and len(one.places) == 2 for who in pages), "placed"
        )
        for viewer in pages:
            for sender in pages:
                if sender != viewer:
                    await decodes(viewer, sender)
        first, second, _ = pages
        before = places(first)
        assert before is not None
        await engine.leave(room, second)
        await pages.pop(second).evaluate("leaveRoom()")
        late, page = await enter(chromium, engine, room)
        pages[late] = page
        await until(lambda: any(one.who == late for one in (places(first) or before).places), "the late one")
        after = places(first)
        assert after is not None
        # The same m-line as the one who left had.
        assert {one.video for one in after.places} == {one.video for one in before.places}
        for viewer in pages:
            for sender in pages:
                if sender != viewer:
                    await decodes(viewer, sender)
        stats = await engine.stats(room)
        assert all(view.refused == 0 for person in stats.people for view in person.views)
    finally:
        await engine.stop()
