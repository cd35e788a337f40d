/** The two connections of a seat in a room, as docs/protocol.md section 10 describes them. No DOM. */

/** @typedef {import("./protocol.js").Connection} Connection */

/** A picture among many: bits a second and frames a second. */
const PICTURE_BITS = 400_000;
const PICTURE_RATE = 15;
/** A line that is not connected by then is made anew; so is one that is broken for so long. */
const CONNECTS_WITHIN = 10_000;
const MENDS_WITHIN = 2_500;

/** What both lines share. */
class RoomLine {
  /** @type {RTCPeerConnection} */ peer;
  #connection;
  #room;
  #changed;
  /** @type {(string | null)[][] | null} Candidates wait for the description they belong to. */ #early = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;

  /**
   * @param {{connection: Connection, room: string, configuration: RTCConfiguration, line: "publish" | "subscribe",
   *   changed: (state: "connected" | "broken" | "dead") => void}} options
   */
  constructor({ connection, room, configuration, line, changed }) {
    this.#connection = connection;
    this.#room = room;
    this.#changed = changed;
    this.peer = new RTCPeerConnection(configuration);
    this.peer.onicecandidate = ({ candidate }) => {
      const found = [candidate?.candidate || null, candidate?.sdpMid ?? ""];
      if (this.#early) this.#early.push(found);
      else this.#reach(line, found);
    };
    this.#line = line;
    this.peer.onconnectionstatechange = () => this.#state();
    this.#patience = setTimeout(() => this.#changed("dead"), CONNECTS_WITHIN);
  }

  #line;

  /** True while it may be kept: it flows, or is on its way. */
  get stands() {
    return ["new", "connecting", "connected"].includes(this.peer.connectionState);
  }

  get flows() {
    return this.peer.connectionState === "connected";
  }

  /** Ask the server. @param {string} type @param {Record<string, unknown>} fields */
  ask(type, fields) {
    return this.#connection.ask({ type, room: this.#room, ...fields });
  }

  /** The other side knows the description: candidates may follow. */
  known() {
    for (const found of this.#early ?? []) this.#reach(this.#line, found);
    this.#early = null;
  }

  close() {
    clearTimeout(this.#patience);
    this.peer.onicecandidate = this.peer.onconnectionstatechange = this.peer.ontrack = null;
    this.peer.close();
  }

  #state() {
    const state = this.peer.connectionState;
    clearTimeout(this.#patience);
    if (state === "connected") {
      this.#changed("connected");
    } else if (state === "disconnected") {
      this.#changed("broken");
      this.#patience = setTimeout(() => this.#changed("dead"), MENDS_WITHIN);
    } else if (state === "failed") {
      this.#changed("dead");
    } else {
      this.#patience = setTimeout(() => this.#changed("dead"), CONNECTS_WITHIN);
    }
  }

  /** @param {string} line @param {(string | null)[]} found */
  #reach(line, [candidate, mid]) {
    this.#connection.send({ type: "room_candidate", room: this.#room, line, candidate, mid: mid ?? "" });
  }
}

/** What somebody sends. There is always a section for sound and one for the picture: tracks come and go in them. */
export class Publishing extends RoomLine {
  /** @type {RTCRtpSender} */ #sound;
  /** @type {RTCRtpSender} */ #picture;

  /** @param {Omit<ConstructorParameters<typeof RoomLine>[0], "line">} options */
  constructor(options) {
    super({ ...options, line: "publish" });
    this.#sound = this.peer.addTransceiver("audio", { direction: "sendonly" }).sender;
    const sendEncodings = [{ maxBitrate: PICTURE_BITS, maxFramerate: PICTURE_RATE }];
    this.#picture = this.peer.addTransceiver("video", { direction: "sendonly", sendEncodings }).sender;
  }

  /** @param {MediaStream | null} stream */
  async show(stream) {
    await this.#sound.replaceTrack(stream?.getAudioTracks()[0] ?? null);
    await this.#picture.replaceTrack(stream?.getVideoTracks()[0] ?? null);
  }

  /** @param {MediaStream | null} stream */
  async open(stream) {
    await this.show(stream);
    await this.peer.setLocalDescription();
    const { sdp } = await this.ask("publish", { sdp: this.peer.localDescription?.sdp });
    await this.peer.setRemoteDescription({ type: "answer", sdp });
    this.known();
  }
}

/** What somebody sees and hears. */
export class Viewing extends RoomLine {
  /** True when the server knows this connection: an offer that comes before belongs to the one before. */
  isOpen = false;
  /** Offers are answered one at a time, in order. */ #queue = Promise.resolve();

  /** @param {Omit<ConstructorParameters<typeof RoomLine>[0], "line">} options */
  constructor(options) {
    super({ ...options, line: "subscribe" });
  }

  async open() {
    const said = await this.ask("subscribe", { renew: true });
    this.isOpen = true;
    if (said.type === "offered") await this.take(said["number"], said["sdp"]);
  }

  /** Answer an offer. @param {number} number @param {string} sdp */
  take(number, sdp) {
    const taken = this.#queue.then(async () => {
      await this.peer.setRemoteDescription({ type: "offer", sdp });
      await this.peer.setLocalDescription();
      await this.ask("room_answer", { number, sdp: this.peer.localDescription?.sdp });
      this.known();
    });
    this.#queue = taken.catch(() => undefined);
    return taken;
  }

  /** The track of a section, once it has been negotiated. @param {string | null} mid */
  track(mid) {
    if (mid === null) return null;
    return this.peer.getTransceivers().find((one) => one.mid === mid)?.receiver.track ?? null;
  }
}
