/**
 * Keeps camera and microphone open while a call lasts: what vanishes (unplugged, taken by a telephone call, let go by
 * a system that slept) is opened again as soon as it can be, and nobody has to press anything. No DOM.
 */

import { openKind } from "./camera.js";

/** @typedef {import("./peer.js").Peer} Peer */
/** @typedef {"audio" | "video"} Kind */

/** @type {Kind[]} */
const KINDS = ["audio", "video"];
/** How often what is gone is looked for, besides when the system tells of new devices. Milliseconds. */
const LOOK = 3_000;

export class Keeper {
  #stream;
  #peer;
  #changed;
  #stopped = new AbortController();
  /** What has been open: what never was is nobody's to open here. @type {Set<Kind>} */ #had = new Set();
  /** @type {Set<Kind>} Being opened. */ #opening = new Set();
  /** @type {WeakSet<MediaStreamTrack>} */ #known = new WeakSet();

  /** @param {MediaStream} stream what is sent @param {Peer} peer @param {() => void} [changed] something went or came back */
  constructor(stream, peer, changed = () => {}) {
    this.#stream = stream;
    this.#peer = peer;
    this.#changed = changed;
    const { signal } = this.#stopped;
    const look = () => this.#look();
    navigator.mediaDevices.addEventListener("devicechange", look, { signal });
    globalThis.document?.addEventListener("visibilitychange", look, { signal });
    const looking = setInterval(look, LOOK);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.#look();
  }

  /** The call is over: nothing is opened any more. */
  stop() {
    this.#stopped.abort();
  }

  #look() {
    for (const kind of KINDS) {
      const tracks = this.#stream.getTracks().filter((track) => track.kind === kind);
      for (const track of tracks) this.#know(track);
      const isThere = tracks.some(({ readyState }) => readyState === "live");
      // Hidden pages get no camera; the look at coming back finds it.
      if (this.#had.has(kind) && !isThere && !globalThis.document?.hidden) void this.#open(kind);
    }
  }

  /** @param {MediaStreamTrack} track */
  #know(track) {
    this.#had.add(/** @type {Kind} */ (track.kind));
    if (this.#known.has(track)) return;
    this.#known.add(track);
    track.addEventListener("ended", () => {
      this.#changed();
      this.#look();
    }, { signal: this.#stopped.signal });
  }

  /** @param {Kind} kind */
  async #open(kind) {
    if (this.#opening.has(kind)) return;
    this.#opening.add(kind);
    try {
      const before = this.#stream.getTracks().find((one) => one.kind === kind);
      const track = await openKind(kind, before?.getConstraints());
      if (!track) return;
      if (this.#stopped.signal.aborted) {
        track.stop();
        return;
      }
      for (const old of this.#stream.getTracks().filter((one) => one.kind === kind)) this.#stream.removeTrack(old);
      this.#stream.addTrack(track);
      this.#know(track);
      await this.#peer.replace(kind, track);
      this.#changed();
    } finally {
      this.#opening.delete(kind);
    }
  }
}
