/**
 * A seat in a room of three to twelve, as docs/protocol.md section 10 describes it. Comes back by itself after a
 * broken socket, a broken line, a server or an engine that died: nobody presses anything. Knows no page: no DOM.
 */

import { Refused, wait } from "./protocol.js";
import { Publishing, Viewing } from "./room-line.js";

/** @typedef {import("./protocol.js").Connection} Connection */
/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {{who: string, name: string, role: string, audio: boolean, video: boolean, away: boolean}} Present */
/** @typedef {{who: string, audio: string | null, video: string | null, held: boolean}} Spot */

/** What may be over in a moment; everything else is an answer. */
const PASSING = new Set([
  "lost", "media.away", "media.no_room", "media.not_there", "media.description", "room.elsewhere", "unexpected",
  "message.too_many",
]);
/** The longest pause between two tries, milliseconds. */
const LONGEST = 4_000;
/** How often it is looked who speaks, how loud that is, and how long somebody counts as speaking. */
const LISTEN = 400;
const LOUD = 0.02;
const SPEAKS = 1_200;

/**
 * Events: `people` (detail {people}: all who are there, oneself too), `place` (detail {who, stream}: somebody is seen
 * and heard), `held` (detail {who, held}: this line does not carry their picture for now), `gone` (detail {who}),
 * `speaking` (detail {who}: the set of those who speak), `flowing`, `lost` (no picture and sound for now; mended by
 * itself), `closed` (detail {cause, words}: over, it does not come back by itself).
 */
export class Room extends EventTarget {
  /** The seat's id; empty before the first entry. */ who = "";
  /** @type {Present[]} */ people = [];
  #connection;
  #room;
  #inside = false;
  /** @type {Promise<void> | null} */ #coming = null;
  #again = false;
  /** @type {Publishing | null} */ #up = null;
  /** @type {Viewing | null} */ #down = null;
  /** @type {MediaStream | null} */ #local = null;
  #muted = false;
  #dark = false;
  #flowing = false;
  /** @type {Spot[]} */ #spots = [];
  /** @type {Map<string, {stream: MediaStream, held: boolean}>} */ #seen = new Map();
  /** @type {Map<string, number>} When somebody was last heard. */ #heard = new Map();
  #speaking = "";
  /** @type {Array<() => void>} */ #stops = [];
  /** @type {ReturnType<typeof setInterval> | undefined} */ #listening;

  /** @param {{connection: Connection, room: string}} options */
  constructor({ connection, room }) {
    super();
    this.#connection = connection;
    this.#room = room;
  }

  /** True from `enter` until it is left or closed. */
  get isInside() {
    return this.#inside;
  }

  /** The lines as the browser has them, for who watches over a call. @returns {RTCPeerConnection[]} */
  get peers() {
    return [this.#up, this.#down].flatMap((line) => (line ? [line.peer] : []));
  }

  /**
   * Come in, and stay in until `leave`. Call `show` before it with what is to be sent.
   * @returns {Promise<void>} rejects with `Refused` when the server says no
   */
  enter() {
    if (this.#inside) return this.#coming ?? Promise.resolve();
    this.#inside = true;
    const mine = (/** @type {(message: Message) => void} */ act) => (/** @type {Message} */ message) => {
      if (message["room"] === this.#room && this.#inside) act(message);
    };
    const again = () => this.#mend();
    this.#connection.addEventListener("open", again);
    this.#stops.push(
      () => this.#connection.removeEventListener("open", again),
      this.#connection.on("people", mine((message) => this.#meet(message["people"]))),
      this.#connection.on("placed", mine((message) => this.#place(message["places"]))),
      this.#connection.on("offered", mine((message) => this.#offered(message))),
      this.#connection.on("line_lost", mine((message) => this.#loses(message["line"]))),
      this.#connection.on("room_lost", mine(() => this.#loses("both"))),
      this.#connection.on("room_closed", mine((message) => this.#end(message["cause"], message["words"]))),
    );
    this.#listening = setInterval(() => void this.#listen(), LISTEN);
    return this.#come();
  }

  /** Send this camera and microphone from now on (null: nothing). @param {MediaStream | null} stream */
  async show(stream) {
    this.#local = stream;
    this.#enable();
    await this.#up?.show(stream);
    this.#saySending();
  }

  /** @param {boolean} yes */
  mute(yes) {
    this.#muted = yes;
    this.#enable();
    this.#saySending();
  }

  /** Stop sending the picture. @param {boolean} yes */
  darken(yes) {
    this.#dark = yes;
    this.#enable();
    this.#saySending();
  }

  /** Go out. Tracks are the page's own to stop. */
  leave() {
    if (!this.#inside) return;
    this.#connection.send({ type: "leave_room", room: this.#room });
    this.#stop();
  }

  #enable() {
    for (const track of this.#local?.getAudioTracks() ?? []) track.enabled = !this.#muted;
    for (const track of this.#local?.getVideoTracks() ?? []) track.enabled = !this.#dark;
  }

  #saySending() {
    if (!this.who || !this.#inside) return;
    const has = (/** @type {string} */ kind) =>
      this.#local?.getTracks().some((track) => track.kind === kind && track.readyState === "live") ?? false;
    this.#connection.send({
      type: "room_sending", room: this.#room, audio: has("audio") && !this.#muted, video: has("video") && !this.#dark,
    });
  }

  /** Something is broken: enter again, once more after an entry that is under way. */
  #mend() {
    if (!this.#inside) return;
    if (this.#coming) this.#again = true;
    // What went wrong for good has been told by `closed`.
    else this.#come().catch(() => undefined);
  }

  /** @returns {Promise<void>} */
  #come() {
    this.#coming ??= this.#tryAll().finally(() => {
      this.#coming = null;
      if (this.#again) {
        this.#again = false;
        this.#mend();
      }
    });
    return this.#coming;
  }

  async #tryAll() {
    for (let attempt = 0; this.#inside; attempt++) {
      try {
        if (!(await this.#connection.opened(LONGEST))) continue;
        this.#again = false;
        await this.#sit(await this.#connection.ask({ type: "enter_room", room: this.#room }));
        return;
      } catch (error) {
        const refused = error instanceof Refused ? error : new Refused("unexpected", "");
        if (!(error instanceof Refused)) console.warn("a line of the room failed", error);
        if (!PASSING.has(refused.code)) {
          this.#end(refused.code, refused.sentence);
          throw refused;
        }
        await new Promise((done) => setTimeout(done, wait(attempt, LONGEST)));
      }
    }
  }

  /** @param {Message} entered */
  async #sit(entered) {
    if (!this.#inside) {
      // Left while the door was opening.
      this.#connection.send({ type: "leave_room", room: this.#room });
      return;
    }
    const isSame = this.who === entered["who"];
    this.who = entered["who"];
    this.#meet(entered["people"]);
    /** @type {RTCConfiguration} */
    const configuration = {
      iceServers: entered["ice_servers"],
      iceTransportPolicy: entered["relay_only"] ? "relay" : "all",
      bundlePolicy: "max-bundle",
    };
    const keeps = (/** @type {string} */ line) => isSame && entered["lines"].includes(line);
    const options = { connection: this.#connection, room: this.#room, configuration };
    this.#saySending();
    const opening = [];
    if (!keeps("publish") || !this.#up?.stands) {
      this.#up?.close();
      const up = (this.#up = new Publishing({ ...options, changed: (state) => this.#changed(up, state) }));
      opening.push(up.open(this.#local));
    }
    if (!keeps("subscribe") || !this.#down?.stands) {
      this.#down?.close();
      const down = (this.#down = new Viewing({ ...options, changed: (state) => this.#changed(down, state) }));
      opening.push(down.open().then(() => this.#arrange()));
    }
    this.#flow();
    // Both are waited for, so that one that failed does not leave the other behind unseen.
    const failed = (await Promise.allSettled(opening)).find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** @param {Publishing | Viewing} line @param {"connected" | "broken" | "dead"} state */
  #changed(line, state) {
    if (line !== this.#up && line !== this.#down) return;
    this.#flow();
    if (state !== "dead") return;
    line.close();
    this.#mend();
  }

  /** The engine has lost it. @param {"publish" | "subscribe" | "both"} line */
  #loses(line) {
    if (line !== "subscribe") this.#up?.close();
    if (line !== "publish") this.#down?.close();
    this.#flow();
    this.#mend();
  }

  #flow() {
    const flows = Boolean(this.#up?.flows && this.#down?.flows);
    if (flows === this.#flowing) return;
    this.#flowing = flows;
    this.#tell(flows ? "flowing" : "lost", {});
  }

  /** An offer that nobody asked for: people came or went. @param {Message} message */
  #offered(message) {
    if (message["answers"] !== undefined || !this.#down?.isOpen) return;
    this.#down.take(message["number"], message["sdp"]).then(
      () => this.#arrange(),
      () => this.#mend(),
    );
  }

  /** @param {Present[]} people */
  #meet(people) {
    this.people = people;
    this.#tell("people", { people });
  }

  /** @param {Spot[]} places */
  #place(places) {
    this.#spots = places;
    this.#arrange();
  }

  /** Put the tracks of the sections where the engine says that people are. */
  #arrange() {
    const down = this.#down;
    if (!down) return;
    for (const who of [...this.#seen.keys()]) {
      if (this.#spots.some((spot) => spot.who === who)) continue;
      this.#seen.delete(who);
      this.#tell("gone", { who });
    }
    for (const { who, audio, video, held } of this.#spots) {
      const tracks = [down.track(audio), down.track(video)].filter((track) => track !== null);
      const seen = this.#seen.get(who) ?? { stream: new MediaStream(), held: false };
      const before = seen.stream.getTracks();
      const isNew = !this.#seen.has(who);
      for (const track of before) if (!tracks.includes(track)) seen.stream.removeTrack(track);
      for (const track of tracks) if (!before.includes(track)) seen.stream.addTrack(track);
      this.#seen.set(who, seen);
      if (isNew || before.length !== tracks.length || before.some((track) => !tracks.includes(track))) {
        this.#tell("place", { who, stream: seen.stream });
      }
      if (seen.held !== held) {
        seen.held = held;
        this.#tell("held", { who, held });
      }
    }
  }

  /** Who speaks, oneself too. */
  async #listen() {
    if (!this.#flowing || !this.#up || !this.#down) return;
    const now = performance.now();
    const mids = new Map(this.#spots.map((spot) => [spot.audio, spot.who]));
    try {
      for (const entry of (await this.#down.peer.getStats()).values()) {
        const who = entry.type === "inbound-rtp" && entry.kind === "audio" ? mids.get(entry.mid) : undefined;
        if (who !== undefined && (entry.audioLevel ?? 0) > LOUD) this.#heard.set(who, now);
      }
      for (const entry of (await this.#up.peer.getStats()).values()) {
        const isOwn = entry.type === "media-source" && entry.kind === "audio" && !this.#muted;
        if (isOwn && (entry.audioLevel ?? 0) > LOUD) this.#heard.set(this.who, now);
      }
    } catch {
      // A line that was closed meanwhile has nothing to say.
    }
    const who = new Set([...this.#heard].filter(([, at]) => now - at < SPEAKS).map(([one]) => one));
    const named = [...who].sort().join(" ");
    if (named === this.#speaking) return;
    this.#speaking = named;
    this.#tell("speaking", { who });
  }

  /** @param {string} cause @param {string} words */
  #end(cause, words) {
    if (!this.#inside) return;
    this.#stop();
    this.#tell("closed", { cause, words });
  }

  #stop() {
    this.#inside = this.#flowing = this.#again = false;
    clearInterval(this.#listening);
    for (const stop of this.#stops.splice(0)) stop();
    this.#up?.close();
    this.#down?.close();
    this.#up = this.#down = null;
    this.who = "";
    this.people = [];
    this.#spots = [];
    this.#seen.clear();
    this.#heard.clear();
    this.#speaking = "";
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
