/**
 * One side of a call: the peer connection, its negotiation and its health, as docs/protocol.md section 6
 * describes it. Knows no page: no DOM.
 *
 * Perfect negotiation: the worker is impolite and makes the first offer with one audio and one video section, the
 * tablet is polite. Tracks are attached with replaceTrack, so the transport can connect while it rings
 * and nothing of anybody's camera or microphone is opened or sent before `show`.
 */

import { Figures, readFlow } from "./figures.js";

/** @typedef {import("./protocol.js").Connection} Connection */
/** @typedef {import("./protocol.js").Message} Message */

/** A cheap tablet on a mobile network: bits a second and frames a second of the picture. */
const PICTURE_BITS = 500_000;
const PICTURE_RATE = 15;
/** How long a broken path may stay broken before ICE is restarted, and then before all is made anew. */
const RESTART_AFTER = 2_000;
const RENEW_AFTER = 12_000;
/** An offer is said again when it has not been answered for so long; what was just said is not. */
const UNANSWERED = 4_000;
const JUST_SAID = 1_000;
/** Pause before a connection that could not be negotiated is made anew. */
const CALM = 1_000;
/** How often the flow is looked at, before and after the first frame. */
const LOOK_FIRST = 100;
const LOOK_LATER = 1_000;
/** No new frame, though the other side says it sends, for so long: the picture is lost. */
const STILL = 6_000;

/**
 * Events: `remote` (detail {stream}: the other side's tracks, once a peer connection), `flowing` (detail
 * {first_ms}), `lost`, `sending` (detail {audio, video} of the other side), `away` and `back` (the other side's
 * socket), `path` (detail {state}: the transport's state).
 */
export class Peer extends EventTarget {
  /** The name of the present peer connection. */ name = "";
  /** @type {string | null} The name of the other side's. */ other = null;
  /** What the other side says it sends. */ theirs = { audio: true, video: true };
  /** @type {RTCPeerConnection} */ #peer;
  #connection;
  /** @type {string | null} */ #call;
  #isWorker;
  /** @type {RTCConfiguration} */ #configuration;
  /** @type {MediaStream | null} */ #local = null;
  #muted = false;
  #dark = false;
  #isOffering = false;
  #ignoresOffer = false;
  /** @type {RTCIceCandidateInit[]} Candidates that came before their description. */ #early = [];
  /** @type {Array<() => void>} */ #stops = [];
  #closed = false;
  /** @type {number | null} */ #answeredAt = null;
  /** @type {number | null} */ firstMs = null;
  #isFlowing = false;
  #frames = 0;
  #sounds = 0;
  #movedAt = 0;
  #figures = new Figures();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #looking;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #mending;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #waiting;
  #saidAt = 0;
  /** Descriptions and candidates are taken one at a time, in order. */ #queue = Promise.resolve();

  /**
   * @param {{connection: Connection, call?: string | null, side: "worker" | "client", iceServers?: RTCIceServer[],
   *   relayOnly?: boolean}} options
   */
  constructor({ connection, call = null, side, iceServers = [], relayOnly = false }) {
    super();
    this.#connection = connection;
    this.#call = call;
    this.#isWorker = side === "worker";
    this.#configuration = { iceServers, iceTransportPolicy: relayOnly ? "relay" : "all", bundlePolicy: "max-bundle" };
    this.#peer = this.#make();
  }

  /** The id of the call; null until the server has given one. */
  get call() {
    return this.#call;
  }

  set call(id) {
    this.#call = id;
  }

  /** The transport's state, in the browser's words. */
  get path() {
    return this.#peer.connectionState;
  }

  /** Fresh credentials after a reconnect. @param {RTCIceServer[]} iceServers @param {boolean} relayOnly */
  serve(iceServers, relayOnly) {
    this.#configuration = { ...this.#configuration, iceServers, iceTransportPolicy: relayOnly ? "relay" : "all" };
    this.#peer.setConfiguration(this.#configuration);
  }

  /**
   * Something has been negotiated on it. A name alone uses nothing up: if it did, one side's new name would make the
   * other take a new one, and so on for ever.
   */
  get #isUsed() {
    return this.#peer.localDescription !== null || this.#peer.remoteDescription !== null;
  }

  /** Listen to the server. Call it before the message that names this connection is sent. */
  attach() {
    const mine = (/** @type {(message: Message) => void} */ act) => (/** @type {Message} */ message) => {
      if (message["call"] === this.#call && !this.#closed) act(message);
    };
    this.#stops.push(
      this.#connection.on("peer", mine((message) => this.#inOrder(() => this.#meet(message)))),
      this.#connection.on("description", mine((message) => this.#inOrder(() => this.#describe(message)))),
      this.#connection.on("candidate", mine((message) => this.#inOrder(() => this.#reach(message)))),
      this.#connection.on("sending", mine((message) => {
        this.theirs = { audio: message["audio"], video: message["video"] };
        this.#tell("sending", this.theirs);
      })),
    );
  }

  /** The call has been answered: the clock of the first frame starts. */
  answered() {
    if (this.#answeredAt !== null) return;
    this.#answeredAt = performance.now();
    this.#look();
  }

  /**
   * Send this camera and microphone from now on (null: nothing). No negotiation is needed, now or later.
   * @param {MediaStream | null} stream
   */
  async show(stream) {
    this.#local = stream;
    await this.#attachTracks();
    this.#saySending();
  }

  /** @param {boolean} yes */
  mute(yes) {
    this.#muted = yes;
    for (const track of this.#local?.getAudioTracks() ?? []) track.enabled = !yes;
    this.#saySending();
  }

  /** Stop sending the picture. @param {boolean} yes */
  darken(yes) {
    this.#dark = yes;
    for (const track of this.#local?.getVideoTracks() ?? []) track.enabled = !yes;
    this.#saySending();
  }

  /** A page that shows the picture saw the first frame (requestVideoFrameCallback): sooner than statistics tell. */
  shown() {
    this.#flows();
  }

  /** The figures of the whole call: the fields of `quality`. @returns {Promise<Record<string, unknown>>} */
  async figures() {
    if (this.#peer.connectionState !== "closed") this.#figures.add(await readFlow(this.#peer), performance.now());
    return { ...this.#figures.summary(), ...(this.firstMs === null ? {} : { setup_ms: Math.round(this.firstMs) }) };
  }

  /** The socket is back after a break: what this side says of itself is said again. */
  async again() {
    this.#saySending();
    if (this.#isFlowing) this.#sayFlowing();
    if (this.#peer.signalingState === "have-local-offer") this.#offerAgain(0);
  }

  /** Begin anew with a fresh peer connection under a new name. */
  async renew() {
    if (this.#closed) return;
    this.#figures.renew();
    this.#unmake();
    this.other = null;
    this.#peer = this.#make();
    this.#sayName();
    await this.#attachTracks();
  }

  /** Over. Tracks are the page's own to stop. */
  close() {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#unmake();
  }

  #make() {
    const peer = new RTCPeerConnection(this.#configuration);
    this.name = crypto.randomUUID();
    this.#early = [];
    this.#isOffering = this.#ignoresOffer = false;
    this.#frames = this.#sounds = 0;
    const stream = new MediaStream();
    if (this.#isWorker) {
      peer.addTransceiver("audio", { direction: "sendrecv" });
      peer.addTransceiver("video", { direction: "sendrecv" });
    }
    peer.onnegotiationneeded = () => void this.#offer(peer);
    peer.onicecandidate = ({ candidate }) => {
      if (this.other) this.#send("candidate", { candidate: candidate ? pick(candidate) : null });
    };
    peer.ontrack = ({ track }) => {
      stream.addTrack(track);
      this.#tell("remote", { stream });
    };
    peer.onconnectionstatechange = () => this.#pathChanged(peer);
    peer.onsignalingstatechange = () => {
      if (peer.signalingState === "stable") void this.#tune(peer);
    };
    return peer;
  }

  #unmake() {
    clearTimeout(this.#looking);
    clearTimeout(this.#mending);
    clearTimeout(this.#waiting);
    const peer = this.#peer;
    peer.onnegotiationneeded = peer.onicecandidate = peer.ontrack = null;
    peer.onconnectionstatechange = peer.onsignalingstatechange = null;
    peer.close();
  }

  /** @param {() => Promise<void> | void} act */
  #inOrder(act) {
    this.#queue = this.#queue.then(async () => {
      if (!this.#closed) await act();
    }).catch(async (error) => {
      // A description that cannot be taken: the connection is of no more use. Not in a tight loop.
      console.warn("negotiation failed", error);
      await new Promise((done) => setTimeout(done, CALM));
      await this.renew();
    });
  }

  /** The other side is there, or its socket is gone. @param {Message} message */
  async #meet(message) {
    if (!message["present"]) {
      this.#tell("away", {});
      return;
    }
    this.#tell("back", {});
    this.#saySending();
    const name = message["connection"];
    if (!name) return;
    const isNew = name !== this.other;
    // A new name is told by `renew` itself.
    if (isNew && this.#isUsed) await this.renew();
    else if (message["asks"]) this.#sayName();
    this.other = name;
    if (isNew) {
      if (this.#isWorker) await this.#offer(this.#peer);
      return;
    }
    // The same as before: only signalling was broken.
    if (this.#peer.signalingState === "have-local-offer") this.#offerAgain(0);
    else if (this.#peer.connectionState !== "connected" && this.#isWorker) this.#peer.restartIce();
  }

  /** @param {RTCPeerConnection} peer */
  async #offer(peer) {
    // The tablet has nothing to negotiate before the worker's first offer.
    if (peer !== this.#peer || !this.other || (!this.#isWorker && !peer.remoteDescription)) return;
    if (peer.signalingState !== "stable") return;
    try {
      this.#isOffering = true;
      await peer.setLocalDescription();
      this.#sayDescription();
    } catch (error) {
      // Made anew meanwhile.
      if (peer === this.#peer) throw error;
    } finally {
      this.#isOffering = false;
    }
  }

  /** @param {Message} message */
  async #describe(message) {
    const { from, to, description } = message;
    if (to !== this.name) return;
    if (from !== this.other) {
      if (description.type !== "offer") return;
      if (this.#isUsed) {
        // It was meant for a connection that has been used with somebody else.
        await this.renew();
        return;
      }
      this.other = from;
    }
    const peer = this.#peer;
    // An answer that comes twice, because the offer was sent again, has done its work.
    if (description.type === "answer" && peer.signalingState !== "have-local-offer") return;
    const collides = description.type === "offer" && (this.#isOffering || peer.signalingState !== "stable");
    this.#ignoresOffer = this.#isWorker && collides;
    if (this.#ignoresOffer) return;
    await peer.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await peer.addIceCandidate(candidate);
    if (description.type !== "offer") return;
    for (const transceiver of peer.getTransceivers()) {
      if (transceiver.direction === "recvonly") transceiver.direction = "sendrecv";
    }
    await this.#attachTracks();
    await peer.setLocalDescription();
    this.#sayDescription();
  }

  /** @param {Message} message */
  async #reach(message) {
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

  async #attachTracks() {
    for (const { sender, receiver } of this.#peer.getTransceivers()) {
      const track = this.#local?.getTracks().find(({ kind }) => kind === receiver.track.kind) ?? null;
      if (sender.track !== track) await sender.replaceTrack(track);
    }
    await this.#tune(this.#peer);
  }

  /** Sound first; a picture that a cheap tablet and a thin network carry. @param {RTCPeerConnection} peer */
  async #tune(peer) {
    if (peer.signalingState !== "stable" || peer !== this.#peer) return;
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

  /** @param {RTCPeerConnection} peer */
  #pathChanged(peer) {
    if (peer !== this.#peer || this.#closed) return;
    const state = peer.connectionState;
    this.#tell("path", { state });
    clearTimeout(this.#mending);
    if (state === "connected") {
      this.#look();
    } else if (state === "disconnected" || state === "failed") {
      this.#losesFlow();
      this.#mend(state === "failed" ? 0 : RESTART_AFTER);
    }
  }

  /** Restart ICE while the path is broken; the worker does it. If that does not help, begin anew. @param {number} pause */
  #mend(pause) {
    clearTimeout(this.#mending);
    if (!this.#isWorker) return;
    this.#mending = setTimeout(() => {
      if (this.#closed || this.#peer.connectionState === "connected") return;
      if (this.#connection.isOpen && this.#peer.signalingState === "stable") this.#peer.restartIce();
      this.#mending = setTimeout(() => {
        if (this.#closed || this.#peer.connectionState === "connected") return;
        if (this.#connection.isOpen) void this.renew();
        else this.#mend(RESTART_AFTER);
      }, RENEW_AFTER);
    }, pause);
  }

  /** Look whether picture and sound come. */
  #look() {
    clearTimeout(this.#looking);
    if (this.#closed) return;
    this.#looking = setTimeout(async () => {
      const peer = this.#peer;
      try {
        if (this.#answeredAt !== null && peer.connectionState === "connected") this.#judge(await readFlow(peer));
      } finally {
        if (peer === this.#peer && !this.#closed) this.#look();
      }
    }, this.#isFlowing ? LOOK_LATER : LOOK_FIRST);
  }

  /** @param {import("./figures.js").Flow} flow */
  #judge(flow) {
    const now = performance.now();
    const watched = this.theirs.video ? flow.frames > this.#frames : flow.sounds > this.#sounds;
    if (watched || (!this.theirs.video && !this.theirs.audio)) this.#movedAt = now;
    this.#frames = flow.frames;
    this.#sounds = flow.sounds;
    if (this.#isFlowing) this.#figures.add(flow, now);
    if (watched) this.#flows();
    else if (this.#isFlowing && now - this.#movedAt > STILL) this.#losesFlow();
  }

  #flows() {
    if (this.#isFlowing || this.#closed) return;
    this.#isFlowing = true;
    this.#movedAt = performance.now();
    if (this.firstMs === null) this.firstMs = performance.now() - (this.#answeredAt ?? performance.now());
    this.#sayFlowing();
    this.#tell("flowing", { first_ms: this.firstMs });
  }

  #losesFlow() {
    if (!this.#isFlowing) return;
    this.#isFlowing = false;
    this.#connection.send({ type: "media", call: this.#call, state: "lost" });
    this.#tell("lost", {});
  }

  #sayFlowing() {
    const first = this.firstMs === null ? {} : { first_ms: Math.round(this.firstMs) };
    this.#connection.send({ type: "media", call: this.#call, state: "flowing", ...first });
  }

  #saySending() {
    if (this.#answeredAt === null || !this.#call) return;
    const has = (/** @type {string} */ kind) => this.#local?.getTracks().some((t) => t.kind === kind && t.readyState === "live") ?? false;
    this.#connection.send({
      type: "sending", call: this.#call, audio: has("audio") && !this.#muted, video: has("video") && !this.#dark,
    });
  }

  #sayName() {
    if (this.#call) this.#connection.send({ type: "connection", call: this.#call, connection: this.name });
  }

  #sayDescription() {
    const description = this.#peer.localDescription;
    if (!description) return;
    this.#send("description", { description: { type: description.type, sdp: description.sdp } });
    this.#saidAt = performance.now();
    if (description.type === "offer") this.#offerAgain(UNANSWERED);
  }

  /** An offer that nobody answers may have been lost on the way: say it again. @param {number} pause */
  #offerAgain(pause) {
    const peer = this.#peer;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      if (peer !== this.#peer || this.#closed || peer.signalingState !== "have-local-offer") return;
      if (performance.now() - this.#saidAt < JUST_SAID) this.#offerAgain(JUST_SAID);
      else this.#sayDescription();
    }, pause);
  }

  /** @param {string} type @param {Record<string, unknown>} fields */
  #send(type, fields) {
    this.#connection.send({ type, call: this.#call, from: this.name, to: this.other, ...fields });
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {RTCIceCandidate} candidate */
function pick({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment };
}
