/** What this side sends: its camera and microphone, muted or not, and how much of the line they may take. No DOM. */

import { Line, NO_PICTURE, STEPS } from "./line.js";

/** @typedef {import("./figures.js").Flow} Flow */

/**
 * `why`: what is missing that nobody switched off, because the line is poor or a device is gone.
 *
 * @typedef {{audio: boolean, video: boolean, why?: "line" | "device"}} Sends
 */

/** Events: `change` (what is sent, or how much of it, is another), `step` (the line carries more or less). */
export class Sending extends EventTarget {
  /** @type {MediaStream | null} */ #local = null;
  /** What has been there once. @type {Set<string>} */ #had = new Set();
  /** @type {AbortController | null} */ #watching = null;
  #muted = false;
  #dark = false;
  #line = new Line();

  /** What is sent now. @returns {Sends} */
  get state() {
    const [audio, video] = [this.#has("audio"), this.#has("video")];
    const isGone = (!audio && this.#had.has("audio") && !this.#muted) || (!video && this.#had.has("video") && !this.#dark);
    const isHeld = video && !this.#dark && this.isHeld;
    return {
      audio: audio && !this.#muted, video: video && !this.#dark && !this.isHeld,
      ...(isGone ? { why: "device" } : isHeld ? { why: "line" } : {}),
    };
  }

  /** The line is too poor for a picture: sound alone is sent. */
  get isHeld() {
    return this.#line.step === NO_PICTURE;
  }

  /** How far down the picture is: 0 is whole, the last none. */
  get step() {
    return this.#line.step;
  }

  /** @param {MediaStream | null} stream camera and microphone from now on; null: nothing */
  take(stream) {
    this.#local = stream;
    // Let go of on purpose: nothing is missed.
    if (!stream) this.#had.clear();
    this.#watch();
  }

  /** Another track of that kind from now on; null: it is gone. @param {"audio" | "video"} kind @param {MediaStreamTrack | null} track */
  replace(kind, track) {
    const local = this.#local;
    if (!local) return;
    for (const old of local.getTracks().filter((one) => one.kind === kind && one !== track)) local.removeTrack(old);
    if (track) {
      track.enabled = kind === "audio" ? !this.#muted : !this.#dark;
      local.addTrack(track);
    }
    this.#watch();
  }

  /** @param {boolean} yes */
  mute(yes) {
    this.#muted = yes;
    for (const track of this.#local?.getAudioTracks() ?? []) track.enabled = !yes;
  }

  /** @param {boolean} yes */
  darken(yes) {
    this.#dark = yes;
    for (const track of this.#local?.getVideoTracks() ?? []) track.enabled = !yes;
  }

  /** Give `peer` the tracks; no negotiation is needed. @param {RTCPeerConnection} peer */
  async attach(peer) {
    for (const { sender, receiver } of peer.getTransceivers()) {
      const track = this.#local?.getTracks().find(({ kind }) => kind === receiver.track.kind) ?? null;
      if (sender.track !== track) await sender.replaceTrack(track);
    }
    await this.tune(peer);
  }

  /** There is a new way through. */
  renew() {
    this.#line.renew();
  }

  /** What was just measured decides how much is sent from now on. @param {Flow} flow @param {number} at milliseconds */
  judge({ available, lostAway, roundTrip }, at) {
    const before = this.#line.step;
    if (this.#line.take({ at, available, loss: lostAway, roundTrip }) !== before) this.dispatchEvent(new Event("step"));
  }

  /** Sound first; a picture that a cheap tablet and this line carry. @param {RTCPeerConnection} peer */
  async tune(peer) {
    if (peer.signalingState !== "stable") return;
    const step = STEPS[this.#line.step];
    if (!step) return;
    for (const { sender, receiver } of peer.getTransceivers()) {
      const parameters = sender.getParameters();
      const encoding = parameters.encodings[0];
      if (!encoding) continue;
      if (receiver.track.kind === "audio") {
        Object.assign(encoding, { priority: "high", networkPriority: "high", maxBitrate: step.sound });
      } else {
        Object.assign(encoding, {
          priority: "low", networkPriority: "low", active: step.picture > 0,
          maxFramerate: step.rate, scaleResolutionDownBy: step.shrink, ...(step.picture > 0 ? { maxBitrate: step.picture } : {}),
        });
        parameters.degradationPreference = "maintain-framerate";
      }
      try {
        await sender.setParameters(parameters);
      } catch (error) {
        // Another negotiation came between; it tunes again when it is done.
        if (!(error instanceof DOMException)) throw error;
      }
    }
  }

  /** @param {string} kind */
  #has(kind) {
    return this.#local?.getTracks().some((one) => one.kind === kind && one.readyState === "live" && !one.muted) ?? false;
  }

  /** A track that ends, or that the system silences for a telephone call, is told of. */
  #watch() {
    this.#watching?.abort();
    const { signal } = (this.#watching = new AbortController());
    for (const track of this.#local?.getTracks() ?? []) {
      this.#had.add(track.kind);
      for (const what of ["ended", "mute", "unmute"]) {
        track.addEventListener(what, () => this.dispatchEvent(new Event("change")), { signal });
      }
    }
  }
}
