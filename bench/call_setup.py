"""From the touch on "Svara" to the first picture of the other side, on both sides, beside a bare call.

Real Chromium for all four pages, on the same machine in the same run, in blocks that take turns:

- samtid: the worker's page rings, the kiosk page is touched on "Svara";
- bare: two pages that do nothing but a call, over a websocket that passes their words on. After the touch on
  "Svara" both open their cameras, one offers, the other answers: the textbook way;
- ready: the same, but offer and answer were exchanged before the touch, which only opens cameras and attaches
  them. Nothing can be faster; there is no budget against it.

The time is the same in all three: from the browser's own time of the touch until requestVideoFrameCallback
on a video element tells of the first frame of a remote track. Cameras are Chromium's made-up ones.

    python -m bench.call_setup [--blocks 4] [--block 4]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import WSMsgType, web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from sqlalchemy import select

from bench.machine import facts, load
from bench.medians import median, ratio, table
from bench.served import served
from care.contacts.channel import Channel
from care.services import Service
from tests.builders import make_contact
from tests.e2e.running import PASSWORD, build, launch, until

BUDGET = 1.25
#: Milliseconds for anything, however busy the machine.
PATIENCE = 90_000
#: Notes when "Svara" was touched and when the first remote frame was shown.
WATCH = """
(() => {
  window.touched = null; window.shown = null;
  const absolute = (t) => performance.timeOrigin + t;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (button?.textContent.trim().startsWith("Svara")) touched = absolute(event.timeStamp);
  }, true);
  const remote = new Set();
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", (event) => remote.add(event.track));
    }
  };
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "srcObject");
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    ...source,
    set(stream) {
      source.set.call(this, stream);
      if (!stream || !(this instanceof HTMLVideoElement)) return;
      this.requestVideoFrameCallback((now) => {
        if (this.srcObject?.getVideoTracks().some((track) => remote.has(track))) shown ??= absolute(now);
      });
    },
  });
})();
"""
#: A page of a bare call: `?side=rings|answers&ready=0|1`.
BARE = """<!doctype html><meta charset="utf-8"><title>Call</title>
<button id="answer">Svara</button><video id="remote" autoplay playsinline></video>
<video id="own" autoplay playsinline muted></video><script src="/call.js"></script>"""
SCRIPT = """
const asked = new URLSearchParams(location.search);
const rings = asked.get("side") === "rings", ready = asked.get("ready") === "1";
const socket = new WebSocket(`ws://${location.host}/socket?call=${asked.get("call")}`);
const say = (words) => socket.send(JSON.stringify(words));
const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
const wish = { video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } },
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };
let own = null, opening = null;
function open() {
  return opening ??= navigator.mediaDevices.getUserMedia(wish).then((stream) => {
    own = stream;
    document.getElementById("own").srcObject = stream;
  });
}
async function send() {
  for (const track of own.getTracks()) {
    const one = peer.getTransceivers().find((t) => t.receiver.track.kind === track.kind);
    await one.sender.replaceTrack(track);
  }
}
async function offer() {
  for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "sendrecv" });
  if (!ready) await send();
  await peer.setLocalDescription();
  say({ description: peer.localDescription });
}
peer.onicecandidate = ({ candidate }) => say({ candidate });
peer.ontrack = ({ track }) => {
  const remote = document.getElementById("remote");
  remote.srcObject ??= new MediaStream();
  remote.srcObject.addTrack(track);
  if (track.kind === "video") remote.srcObject = new MediaStream(remote.srcObject.getTracks());
};
let order = Promise.resolve();
socket.onmessage = ({ data }) => { order = order.then(() => take(JSON.parse(data))); };
async function take(words) {
  if (words.both && rings && ready) { await open(); await offer(); }
  else if (words.both && rings) await open();
  else if (words.answered) { await open(); if (ready) await send(); else await offer(); }
  else if (words.candidate) await peer.addIceCandidate(words.candidate);
  else if (words.description) {
    await peer.setRemoteDescription(words.description);
    if (words.description.type === "answer") return;
    if (!ready) await open();
    for (const one of peer.getTransceivers()) one.direction = "sendrecv";
    if (!ready) await send();
    await peer.setLocalDescription();
    say({ description: peer.localDescription });
  }
}
peer.onconnectionstatechange = () => { document.title = peer.connectionState; };
document.getElementById("answer").onclick = async () => {
  say({ answered: true });
  await open();
  if (ready) await send();
};
"""


async def _page(_request: web.Request) -> web.Response:
    return web.Response(text=BARE, content_type="text/html")


async def _script(_request: web.Request) -> web.Response:
    return web.Response(text=SCRIPT, content_type="text/javascript")


@asynccontextmanager
async def exchange() -> AsyncIterator[str]:
    """A server that gives the bare pages and passes on what the two sides of a call say."""
    sides: dict[str, list[web.WebSocketResponse]] = defaultdict(list)

    async def socket(request: web.Request) -> web.WebSocketResponse:
        mine = web.WebSocketResponse(compress=False)
        await mine.prepare(request)
        both = sides[request.query["call"]]
        both.append(mine)
        if len(both) == 2:
            for one in both:
                await one.send_str('{"both": true}')
        async for message in mine:
            if message.type is WSMsgType.TEXT:
                for one in both:
                    if one is not mine:
                        await one.send_str(message.data)
        return mine

    app = web.Application()
    app.add_routes([web.get("/", _page), web.get("/call.js", _script), web.get("/socket", socket)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def fresh(browser: Browser) -> BrowserContext:
    context = await browser.new_context(locale="sv-SE", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    await context.add_init_script(WATCH)
    return context


async def true(page: Page, expression: str) -> None:
    """Wait for it. (The browser driver's own way needs eval, which the pages forbid.)"""

    async def check() -> bool:
        return bool(await page.evaluate(expression))

    await until(check, PATIENCE / 1000)


async def measured(answers: Page, rings: Page) -> tuple[float, float]:
    """Milliseconds from the touch to the first frame: where it was touched, and at the one who rang."""
    for page in (answers, rings):
        await true(page, "shown !== null")
    touched: float = await answers.evaluate("touched")
    here: float = await answers.evaluate("shown")
    there: float = await rings.evaluate("shown")
    if not (touched < here and touched < there):
        raise SystemExit("a picture was shown before the touch: the measurement is wrong")
    return here - touched, there - touched


async def bare(browser: Browser, url: str, call: str, *, ready: bool) -> tuple[float, float]:
    """One bare call in two fresh browsers."""
    contexts = [await fresh(browser), await fresh(browser)]
    rings, answers = [await context.new_page() for context in contexts]
    for page, side in ((rings, "rings"), (answers, "answers")):
        await page.goto(f"{url}/?side={side}&call={call}&ready={int(ready)}")
    await true(rings, "own !== null")
    if ready:
        for page in (rings, answers):
            await true(page, "document.title === 'connected'")
    await answers.locator("#answer").click()
    found = await measured(answers, rings)
    for context in contexts:
        await context.close()
    return found


class Home:
    """A worker, a client, and as many rows due as calls will be made; the kiosk stays open between them."""

    def __init__(self, url: str, pair_url: str, contacts: list[str]) -> None:
        self.url, self.pair_url, self.contacts = url, pair_url, contacts
        self.kiosk: Page
        self.cookies: list[object]

    async def open(self, browser: Browser) -> None:
        """Pair the kiosk, sign the worker in."""
        self.kiosk = await (await fresh(browser)).new_page()
        await self.kiosk.goto(self.pair_url)
        await self.kiosk.get_by_role("button", name="Starta").click()
        self.worker = await fresh(browser)
        page = await self.worker.new_page()
        await page.goto(self.url + "/logga-in")
        await page.get_by_label("Användarnamn").fill("anna")
        await page.get_by_label("Lösenord").fill(PASSWORD)
        await page.get_by_role("button", name="Logga in").click()
        await page.wait_for_url("**/min-dag")
        await page.close()

    async def call(self) -> tuple[float, float]:
        """One call, from ring to hang-up."""
        page = await self.worker.new_page()
        await page.goto(f"{self.url}/kontakt/{self.contacts.pop()}/samtal")
        await page.locator("#call[data-line=open]").wait_for()
        await page.locator("#ring").click()
        answer = self.kiosk.get_by_role("button", name="Svara")
        await answer.wait_for()
        await page.locator("#call[data-phase=ringing]").wait_for()
        await page.evaluate("shown = null")
        await self.kiosk.evaluate("shown = touched = null")
        # As long as anybody needs to reach the screen; the bare call "ready" waits for its connection too.
        await page.wait_for_timeout(1500)
        await answer.click()
        found = await measured(self.kiosk, page)
        await page.locator("#call[data-phase=talking]").wait_for()
        await page.get_by_role("button", name="Lägg på").click()
        await page.locator("#call[data-phase=ended]").wait_for()
        # "Är du nöjd i dag?" may stand there now; the next ring takes its place.
        await self.kiosk.get_by_role("button", name="Lägg på").wait_for(state="hidden")
        await page.close()
        return found


async def home(folder: Path, calls: int) -> tuple[str, list[str]]:
    """The record of that home in `folder`; secret of the invitation, and ids of the rows."""
    made = await build(folder)
    now = datetime.now(UTC)
    async with made.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == "SO-SAM"))).one()
        rows = [
            await make_contact(
                session, made.ingrid, service, now + timedelta(seconds=number),
                staff=[made.anna], channel=Channel.VIDEO,
            )
            for number in range(calls)
        ]  # fmt: skip
    await made.database.close()
    return made.pair_url.partition("#")[2], [str(row.id) for row in rows]


async def run(blocks: int, block: int) -> None:
    """One call of each kind that does not count, then blocks in turn."""
    print(f'From "Svara" to the first picture of the other side\n\n{facts()}\n', flush=True)
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        secret, contacts = await home(Path(folder), blocks * block + 1)
        async with served(Path(folder)) as told, exchange() as url, async_playwright() as playwright:
            browser = await launch(playwright)
            print(f"Chromium {browser.version}", flush=True)
            here = Home(told["url"], f"{told['url']}/kiosk#{secret}", contacts)
            await here.open(browser)
            for turn in range(blocks + 1):
                for kind in ("samtid", "bare", "ready"):
                    for number in range(block if turn else 1):
                        call = f"{kind}-{turn}-{number}"
                        found = (
                            await here.call()
                            if kind == "samtid"
                            else await bare(browser, url, call, ready=kind == "ready")
                        )
                        if turn:
                            times[kind].append(found)
            await browser.close()
    shown = []
    for side, what in enumerate(("the one who answers", "the one who rings")):
        ours, plain, floor = ([one[side] for one in times[kind]] for kind in ("samtid", "bare", "ready"))
        shown.append(
            (
                what, median(ours).text(), median(plain).text(), median(floor).text(),
                ratio(ours, plain).text(".2f"), f"≤ {BUDGET}", ratio(ours, floor).text(".2f"),
            )
        )  # fmt: skip
    head = ("first picture at", "samtid, ms", "bare, ms", "ready, ms", "samtid / bare", "", "samtid / ready")
    print(f"\n{table(head, shown)}\n")
    print(f"{blocks} blocks of {block} calls each in turn; medians with 95 % interval. Load after: {load()}")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--block", type=int, default=4)
    options = parser.parse_args()
    asyncio.run(run(options.blocks, options.block))


if __name__ == "__main__":
    main()
