/** What this side sends: its camera and microphone, muted or not, and how much of the line they may take. No DOM. */

/** A cheap tablet on a mobile network: bits a second and frames a second of the picture. */
const PICTURE_BITS = 500_000;
const PICTURE_RATE = 15;

export class Sending {
  /** @type {MediaStream | null} */ #local = null;
  #muted = false;
  #dark = false;

  /** What is sent now. */
  get state() {
    const has = (/** @type {string} */ kind) =>
      this.#local?.getTracks().some((one) => one.kind === kind && one.readyState === "live") ?? false;
    return { audio: has("audio") && !this.#muted, video: has("video") && !this.#dark };
  }

  /** @param {MediaStream | null} stream camera and microphone from now on; null: nothing */
  take(stream) {
    this.#local = stream;
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

  /** Sound first; a picture that a cheap tablet and a thin network carry. @param {RTCPeerConnection} peer */
  async tune(peer) {
    if (peer.signalingState !== "stable") return;
    for (const { sender, receiver } of peer.getTransceivers()) {
      const parameters = sender.getParameters();
      const encoding = parameters.encodings[0];
      if (!encoding) continue;
      if (receiver.track.kind === "audio") {
        Object.assign(encoding, { priority: "high", networkPriority: "high" });
      } else {
        Object.assign(encoding, {
          priority: "low", networkPriority: "low", maxBitrate: PICTURE_BITS, maxFramerate: PICTURE_RATE,
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
}
