/**
 * Perfect negotiation of one peer connection, as docs/protocol.md section 6 describes it: offers, answers,
 * candidates, in order and said again when nobody answers. No DOM.
 *
 * The worker is impolite and makes the first offer; the tablet is polite.
 */

/** @typedef {import("./protocol.js").Message} Message */

/** An offer is said again when it has not been answered for so long; what was just said is not. */
const UNANSWERED = 4_000;
const JUST_SAID = 1_000;

export class Negotiation {
  /** The name of this side's peer connection. */ name = crypto.randomUUID();
  /** @type {string | null} The name of the other side's. */ other = null;
  #peer;
  #isWorker;
  #say;
  #prepare;
  #isOffering = false;
  #ignoresOffer = false;
  #isOver = false;
  #saidAt = 0;
  /** @type {RTCIceCandidateInit[]} Candidates that came before their description. */ #early = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #waiting;

  /**
   * @param {RTCPeerConnection} peer
   * @param {{isWorker: boolean, say: (type: string, fields: Record<string, unknown>) => void,
   *   prepare: () => Promise<void>}} options `say` sends to the other side, `prepare` attaches tracks before an answer
   */
  constructor(peer, { isWorker, say, prepare }) {
    this.#peer = peer;
    this.#isWorker = isWorker;
    this.#say = (/** @type {string} */ type, /** @type {Record<string, unknown>} */ fields) =>
      say(type, { from: this.name, to: this.other, ...fields });
    this.#prepare = prepare;
    peer.onnegotiationneeded = () => void this.offer();
    peer.onicecandidate = ({ candidate }) => {
      if (this.other) this.#say("candidate", { candidate: candidate ? pick(candidate) : null });
    };
  }

  /**
   * Something has been negotiated on it. A name alone uses nothing up: if it did, one side's new name would make the
   * other take a new one, and so on for ever.
   */
  get isUsed() {
    return this.#peer.localDescription !== null || this.#peer.remoteDescription !== null;
  }

  /** The other side says that it is there by this name. @param {string} name */
  async meet(name) {
    const isNew = name !== this.other;
    this.other = name;
    if (isNew) {
      if (this.#isWorker) await this.offer();
    } else if (this.#peer.signalingState === "have-local-offer") this.repeat();
    // The same as before: only signalling was broken.
    else if (this.#peer.connectionState !== "connected") this.restart();
  }

  /** Look for a new way through. Only the worker does: from both sides at once they would be in each other's way. */
  restart() {
    if (this.#isWorker && this.#peer.signalingState === "stable") this.#peer.restartIce();
  }

  /** What was offered may have been lost on the way. */
  repeat() {
    if (this.#peer.signalingState === "have-local-offer") this.#repeatAfter(0);
  }

  async offer() {
    // The tablet has nothing to negotiate before the worker's first offer.
    if (this.#isOver || !this.other || (!this.#isWorker && !this.#peer.remoteDescription)) return;
    if (this.#peer.signalingState !== "stable") return;
    try {
      this.#isOffering = true;
      await this.#peer.setLocalDescription();
      this.#sayDescription();
    } catch (error) {
      // Made anew meanwhile.
      if (!this.#isOver) throw error;
    } finally {
      this.#isOffering = false;
    }
  }

  /** @param {Message} message @returns {Promise<boolean>} false: it wants a peer connection that has not been used */
  async describe(message) {
    const { from, to, description } = message;
    if (to !== this.name) return true;
    if (from !== this.other) {
      if (description.type !== "offer") return true;
      // It was meant for a connection that has been used with somebody else.
      if (this.isUsed) return false;
      this.other = from;
    }
    const peer = this.#peer;
    // An answer that comes twice, because the offer was sent again, has done its work.
    if (description.type === "answer" && peer.signalingState !== "have-local-offer") return true;
    const collides = description.type === "offer" && (this.#isOffering || peer.signalingState !== "stable");
    this.#ignoresOffer = this.#isWorker && collides;
    if (this.#ignoresOffer) return true;
    await peer.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await peer.addIceCandidate(candidate);
    if (description.type !== "offer") return true;
    for (const transceiver of peer.getTransceivers()) {
      if (transceiver.direction === "recvonly") transceiver.direction = "sendrecv";
    }
    await this.#prepare();
    await peer.setLocalDescription();
    this.#sayDescription();
    return true;
  }

  /** @param {Message} message */
  async reach(message) {
    const { from, to, candidate } = message;
    if (to !== this.name || (this.other !== null && from !== this.other)) return;
    if (!this.#peer.remoteDescription) {
      if (candidate) this.#early.push(candidate);
      return;
    }
    try {
      await this.#peer.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.#ignoresOffer) console.warn("candidate refused", error);
    }
  }

  close() {
    this.#isOver = true;
    clearTimeout(this.#waiting);
    this.#peer.onnegotiationneeded = this.#peer.onicecandidate = null;
  }

  #sayDescription() {
    const description = this.#peer.localDescription;
    if (!description) return;
    this.#say("description", { description: { type: description.type, sdp: description.sdp } });
    this.#saidAt = performance.now();
    if (description.type === "offer") this.#repeatAfter(UNANSWERED);
  }

  /** @param {number} pause */
  #repeatAfter(pause) {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      if (this.#isOver || this.#peer.signalingState !== "have-local-offer") return;
      if (performance.now() - this.#saidAt < JUST_SAID) this.#repeatAfter(JUST_SAID);
      else this.#sayDescription();
    }, pause);
  }
}

/** @param {RTCIceCandidate} candidate */
function pick({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment };
}
