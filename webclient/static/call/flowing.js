/** Whether picture and sound of the other side come, and the figures of how they came. No DOM. */

import { Figures, readFlow } from "./figures.js";

/** @typedef {import("./figures.js").Flow} Flow */

/** How often the flow is looked at, before and after the first frame. */
const LOOK_FIRST = 100;
const LOOK_LATER = 1_000;
/** No new frame, though the other side says it sends, for so long: the picture is lost. */
const STILL = 6_000;

/** Events: `flowing`, `lost`, and `read` (detail {flow, at}: what was measured, each time it is looked at). */
export class Flowing extends EventTarget {
  /** It flows now. */ yes = false;
  /** Milliseconds from the answer to the first frame. @type {number | null} */ firstMs = null;
  /** @type {RTCPeerConnection} */ #peer;
  #theirs;
  /** @type {number | null} */ #answeredAt = null;
  #frames = 0;
  #sounds = 0;
  #movedAt = 0;
  #figures = new Figures();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #looking;
  #isOver = false;

  /** @param {RTCPeerConnection} peer @param {() => {audio: boolean, video: boolean}} theirs what the other side sends */
  constructor(peer, theirs) {
    super();
    this.#peer = peer;
    this.#theirs = theirs;
  }

  get isAnswered() {
    return this.#answeredAt !== null;
  }

  /** The call has been answered: the clock of the first frame starts. */
  begin() {
    if (this.#answeredAt !== null) return;
    this.#answeredAt = performance.now();
    this.look();
  }

  /** The peer connection is another one from now on: counting begins anew there. @param {RTCPeerConnection} peer */
  renew(peer) {
    clearTimeout(this.#looking);
    this.#figures.renew();
    this.#peer = peer;
    this.#frames = this.#sounds = 0;
  }

  /** Look whether picture and sound come. */
  look() {
    clearTimeout(this.#looking);
    if (this.#isOver) return;
    this.#looking = setTimeout(async () => {
      const peer = this.#peer;
      try {
        if (this.isAnswered && peer.connectionState === "connected") this.#judge(await readFlow(peer));
      } finally {
        if (peer === this.#peer && !this.#isOver) this.look();
      }
    }, this.yes ? LOOK_LATER : LOOK_FIRST);
  }

  /** It is known to flow: the page saw a frame, or the statistics count one. */
  flows() {
    if (this.yes || this.#isOver) return;
    this.yes = true;
    this.#movedAt = performance.now();
    if (this.firstMs === null) this.firstMs = performance.now() - (this.#answeredAt ?? performance.now());
    this.dispatchEvent(new Event("flowing"));
  }

  loses() {
    if (!this.yes || this.#isOver) return;
    this.yes = false;
    this.dispatchEvent(new Event("lost"));
  }

  /** The fields of `quality` for the whole call, or for as long as it was looked at. @returns {Promise<Record<string, unknown>>} */
  async figures() {
    if (!this.#isOver && this.#peer.connectionState !== "closed") this.#figures.add(await readFlow(this.#peer), performance.now());
    return { ...this.#figures.summary(), ...(this.firstMs === null ? {} : { setup_ms: Math.round(this.firstMs) }) };
  }

  close() {
    this.#isOver = true;
    clearTimeout(this.#looking);
  }

  /** @param {Flow} flow */
  #judge(flow) {
    const at = performance.now();
    const theirs = this.#theirs();
    const comes = theirs.video ? flow.frames > this.#frames : flow.sounds > this.#sounds;
    if (comes || (!theirs.video && !theirs.audio)) this.#movedAt = at;
    this.#frames = flow.frames;
    this.#sounds = flow.sounds;
    if (this.yes) this.#figures.add(flow, at);
    this.dispatchEvent(new CustomEvent("read", { detail: { flow, at } }));
    if (comes) this.flows();
    else if (this.yes && at - this.#movedAt > STILL) this.loses();
  }
}
