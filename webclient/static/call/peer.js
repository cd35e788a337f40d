/**
 * One side of a call: the peer connection and its health, as docs/protocol.md section 6 describes it. Knows no
 * page: no DOM. What it is made of: negotiation.js, sending.js, line.js, flowing.js, mending.js, relay.js.
 *
 * Tracks are attached with replaceTrack, so the transport can connect while it rings and nothing of anybody's
 * camera or microphone is opened or sent before `show`.
 */

import { Flowing } from "./flowing.js";
import { Mending } from "./mending.js";
import { Negotiation } from "./negotiation.js";
import { Phases } from "./phases.js";
import { Relay } from "./relay.js";
import { Sending } from "./sending.js";

/** @typedef {import("./protocol.js").Connection} Connection */
/** @typedef {import("./protocol.js").Message} Message */

/** Pause before a connection that could not be negotiated is made anew. */
const CALM = 1_000;

/**
 * Events: `remote` (detail {stream}: the other side's tracks, once a peer connection), `flowing` (detail
 * {first_ms}), `lost`, `sending` (detail {audio, video, why} of the other side), `away` and `back` (the other side's
 * socket), `replaced` (another camera or microphone is sent), `path` (detail {state}: the transport's state), `own` (detail {audio, video, why}: what this side sends).
 */
export class Peer extends EventTarget {
  /** What the other side says it sends. @type {import("./sending.js").Sends} */ theirs = { audio: true, video: true };
  /** @type {RTCPeerConnection} */ #peer;
  /** @type {Negotiation} */ #talk;
  #connection;
  /** @type {string | null} */ #call;
  #isWorker;
  #relay;
  #own = new Sending();
  #flow;
  #mending;
  /** @type {Phases | undefined} */ #phases;
  /** @type {Array<() => void>} */ #stops = [];
  #closed = false;
  /** A room carries picture and sound. */ #isResting = false;
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
    this.#relay = new Relay(connection, () => this.#call, (configuration) => {
      if (this.#peer && this.#peer.connectionState !== "closed") this.#peer.setConfiguration(configuration);
    });
    this.#relay.serve(iceServers, relayOnly);
    this.#mending = new Mending({
      isWhole: () => this.#closed || this.#peer.connectionState === "connected",
      isOnline: () => connection.isOpen,
      restart: async () => {
        await this.#relay.freshen();
        this.#talk.restart();
      },
      renew: async () => {
        await this.#relay.freshen();
        await this.renew();
      },
    });
    [this.#peer, this.#talk] = this.#make();
    this.#flow = new Flowing(this.#peer, () => this.theirs);
    this.#flow.addEventListener("flowing", () => {
      this.#sayFlowing();
      this.#tell("flowing", { first_ms: this.firstMs });
    });
    this.#flow.addEventListener("lost", () => {
      connection.send({ type: "media", call: this.#call, state: "lost" });
      this.#tell("lost", {});
    });
    this.#flow.addEventListener("read", (event) => {
      const { flow, at } = /** @type {CustomEvent<{flow: import("./figures.js").Flow, at: number}>} */ (event).detail;
      this.#own.judge(flow, at);
    });
    this.#own.addEventListener("change", () => this.#saySending());
    this.#own.addEventListener("step", () => {
      void this.#own.tune(this.#peer);
      this.#saySending();
    });
  }

  /** The id of the call; null until the server has given one. */
  get call() {
    return this.#call;
  }

  set call(id) {
    this.#call = id;
  }

  /** The name of the present peer connection. */
  get name() {
    return this.#talk.name;
  }

  /** The name of the other side's; null before it is known. */
  get other() {
    return this.#talk.other;
  }

  /** Milliseconds from the answer to the first frame; null before it. */
  get firstMs() {
    return this.#flow.firstMs;
  }

  /** The transport's state, in the browser's words. */
  get path() {
    return this.#peer.connectionState;
  }

  /** What the browser measures of the present peer connection; null once that is closed. */
  async report() {
    return this.#peer.connectionState === "closed" ? null : this.#peer.getStats();
  }

  /** How long the set-up took, phase by phase. */
  get phases() {
    return (this.#phases ??= new Phases(this.#peer));
  }

  /** A way for data beside picture and sound; at the other side it is the event `channel`. @param {string} label */
  channel(label) {
    return this.#peer.createDataChannel(label);
  }

  /** Fresh credentials after a reconnect. @param {RTCIceServer[]} iceServers @param {boolean} relayOnly */
  serve(iceServers, relayOnly) {
    this.#relay.serve(iceServers, relayOnly);
  }

  /** Listen to the server. Call it before the message that names this connection is sent. */
  attach() {
    const mine = (/** @type {(message: Message) => void} */ act) => (/** @type {Message} */ message) => {
      if (message["call"] === this.#call && !this.#closed) act(message);
    };
    this.#relay.keep();
    this.#stops.push(
      () => this.#relay.stop(),
      this.#connection.on("peer", mine((message) => this.#inOrder(() => this.#meet(message)))),
      this.#connection.on("description", mine((message) => this.#inOrder(async () => {
        if (!(await this.#talk.describe(message))) await this.renew();
      }))),
      this.#connection.on("candidate", mine((message) => this.#inOrder(() => this.#talk.reach(message)))),
      this.#connection.on("sending", mine((message) => {
        this.theirs = { audio: message["audio"], video: message["video"], ...(message["why"] ? { why: message["why"] } : {}) };
        this.#tell("sending", this.theirs);
      })),
    );
  }

  /** The call has been answered: the clock of the first frame starts. */
  answered() {
    this.#flow.begin();
  }

  /**
   * Send this camera and microphone from now on (null: nothing). No negotiation is needed, now or later.
   * @param {MediaStream | null} stream
   */
  async show(stream) {
    this.#own.take(stream);
    await this.#attachTo(this.#peer);
    this.#saySending();
  }

  /** What this side sends now. */
  get sends() {
    return this.#own.state;
  }

  /**
   * Send another track of that kind from now on: a device has come back, or another was chosen. Null: it is gone.
   * @param {"audio" | "video"} kind @param {MediaStreamTrack | null} track
   */
  async replace(kind, track) {
    this.#own.replace(kind, track);
    await this.#attachTo(this.#peer);
    this.#saySending();
    this.#tell("replaced", {});
  }

  /** @param {boolean} yes */
  mute(yes) {
    this.#own.mute(yes);
    this.#saySending();
  }

  /** Stop sending the picture. @param {boolean} yes */
  darken(yes) {
    this.#own.darken(yes);
    this.#saySending();
  }

  /** A page that shows the picture saw the first frame (requestVideoFrameCallback): sooner than statistics tell. */
  shown() {
    if (!this.#closed) this.#flow.flows();
  }

  /** The figures of the whole call: the fields of `quality`. @returns {Promise<Record<string, unknown>>} */
  figures() {
    return this.#flow.figures();
  }

  /** The socket is back after a break: what this side says of itself is said again. */
  async again() {
    this.#saySending();
    if (this.#flow.yes) this.#sayFlowing();
    this.#talk.repeat();
  }

  /** Begin anew with a fresh peer connection under a new name. */
  async renew() {
    if (this.#closed) return;
    this.#unmake();
    [this.#peer, this.#talk] = this.#make();
    this.#flow.renew(this.#peer);
    this.#own.renew();
    this.#sayName();
    await this.#attachTo(this.#peer);
  }

  /**
   * Picture and sound go through a room from now on: this connection stays for what goes beside them, carries
   * nothing and says no more of the flow. What it tells of camera and microphone is true of the room too.
   */
  async rest() {
    this.#isResting = true;
    this.#flow.close();
    for (const { sender } of this.#peer.getTransceivers()) await sender.replaceTrack(null);
  }

  /** @param {RTCPeerConnection} peer */
  async #attachTo(peer) {
    if (!this.#isResting) await this.#own.attach(peer);
  }

  /** Over. Tracks are the page's own to stop. */
  close() {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#flow.close();
    this.#unmake();
  }

  /** @returns {[RTCPeerConnection, Negotiation]} */
  #make() {
    const peer = new RTCPeerConnection(this.#relay.configuration);
    this.#phases ??= new Phases(peer);
    const stream = new MediaStream();
    if (this.#isWorker) {
      peer.addTransceiver("audio", { direction: "sendrecv" });
      peer.addTransceiver("video", { direction: "sendrecv" });
    }
    peer.ontrack = ({ track }) => {
      stream.addTrack(track);
      this.#tell("remote", { stream });
    };
    peer.ondatachannel = ({ channel }) => this.#tell("channel", { channel });
    peer.onconnectionstatechange = () => this.#pathChanged(peer);
    peer.onsignalingstatechange = () => {
      if (peer.signalingState === "stable" && peer === this.#peer) void this.#own.tune(peer);
    };
    const talk = new Negotiation(peer, {
      isWorker: this.#isWorker,
      say: (type, fields) => this.#connection.send({ type, call: this.#call, ...fields }),
      prepare: async () => {
        await this.#relay.freshen();
        await this.#attachTo(peer);
      },
    });
    return [peer, talk];
  }

  #unmake() {
    this.#mending.stop();
    this.#talk.close();
    const peer = this.#peer;
    peer.ontrack = peer.onconnectionstatechange = peer.onsignalingstatechange = null;
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
    // A new name is told by `renew` itself.
    if (name !== this.other && this.#talk.isUsed) await this.renew();
    else if (message["asks"]) this.#sayName();
    await this.#talk.meet(name);
  }

  /** @param {RTCPeerConnection} peer */
  #pathChanged(peer) {
    if (peer !== this.#peer || this.#closed) return;
    const state = peer.connectionState;
    this.#tell("path", { state });
    this.#mending.stop();
    if (state === "connected") {
      this.#own.renew();
      this.#flow.look();
    } else if (state === "disconnected" || state === "failed") {
      this.#flow.loses();
      if (this.#isWorker) this.#mending.begin(state === "failed");
    }
  }

  #sayFlowing() {
    const first = this.firstMs === null ? {} : { first_ms: Math.round(this.firstMs) };
    this.#connection.send({ type: "media", call: this.#call, state: "flowing", ...first });
  }

  #saySending() {
    if (!this.#flow.isAnswered || !this.#call) return;
    const state = this.#own.state;
    this.#connection.send({ type: "sending", call: this.#call, ...state });
    this.#tell("own", state);
  }

  #sayName() {
    if (this.#call) this.#connection.send({ type: "connection", call: this.#call, connection: this.name });
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
