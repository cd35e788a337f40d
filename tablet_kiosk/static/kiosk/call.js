/**
 * A call as the tablet lives it: rings, is answered by hand or by itself, shows the caller first and only then
 * sends its own picture and sound, and finds back after a break (docs/protocol.md section 6). No DOM.
 */

import { closeCamera, openCamera, PLAIN } from "../call/camera.js";
import { Keeper } from "../call/keeper.js";
import { Peer } from "../call/peer.js";
import { Together } from "../call/together.js";
import { Samples } from "../call/samples.js";
import { Beside } from "./beside.js";
import { SelfHelp } from "./self-help.js";

/** @typedef {import("../call/protocol.js").Connection} Connection */
/** @typedef {import("../call/protocol.js").Message} Message */
/** @typedef {import("./element.js").Person} Person */
/** @typedef {"ringing" | "connecting" | "connected" | "reconnecting" | "ended"} State */

/** A ring is heard for at least so many seconds before it may answer itself. */
const LEAST_RING = 5;

/**
 * Events: `change` (state, countdown or camera), `remote` (detail {stream}), `gather` (detail {together}: it goes on in
 * a room), `over` (detail {cause}).
 */
export class Call extends EventTarget {
  id;
  /** @type {Person} */ caller;
  /** First name of whom it is for, where two live together. */ to = "";
  /** "Anna från hemtjänsten ringer" */ text = "";
  /** @type {State} */ state = "ringing";
  /** Own camera and microphone are being sent. */ isSeen = false;
  /** There is a camera to be seen with. */ hasPicture = false;
  /** Picture and sound of the other side come. */ flows = false;
  /** What the caller sends. @type {import("../call/sending.js").Sends} */ theirs = { audio: true, video: true };
  /** They have come before: what is missing now was there. */ hasFlowed = false;
  /** Seconds until it answers by itself, null when it does not. @type {number | null} */ answersIn = null;
  /** Seconds until own camera and microphone are sent, null when not waiting. @type {number | null} */ seenIn = null;
  /** Length of the countdown, for its bar. */ countdown = 0;
  /** @type {MediaStream | null} */ remote = null;
  /** May it answer by itself? Asked each second: not when nobody could hear it. */ mayAnswerItself = () => true;
  /** The room, when somebody more has been let in. @type {Together | null} */ together = null;
  #connection;
  #peer;
  #version = -1;
  #lookSeconds;
  #ringEnds = 0;
  #answersAt = Infinity;
  #byItself = false;
  /** @type {MediaStream | null} */ #own = null;
  /** Own camera and microphone have been asked for: once a call, whatever the line does meanwhile. */ #isShowing = false;
  /** What the screen knows of its sound. @type {import("./self-help.js").Ears | null} */ #ears = null;
  /** @type {Beside | null} */ #beside = null;
  /** @type {SelfHelp | null} */ #help = null;
  /** Voices are left as they are, for a hearing aid. */ #isPlain = false;
  #samples;
  /** @type {Keeper | null} */ #keeper = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #showing;
  /** @type {Array<() => void>} */ #stops = [];

  /** @param {Connection} connection @param {Message} message a `ring`, or only the call's id when it is found again */
  constructor(connection, message) {
    super();
    this.#connection = connection;
    this.#samples = new Samples(connection);
    this.id = /** @type {string} */ (message["call"]);
    this.caller = message["caller"] ?? { first_name: "", portrait: null };
    this.#lookSeconds = message["look_seconds"] ?? 3;
    this.#peer = new Peer({
      connection, call: this.id, side: "client",
      iceServers: message["ice_servers"] ?? [], relayOnly: message["relay_only"] ?? false,
    });
    this.#peer.addEventListener("remote", (event) => {
      this.remote = /** @type {CustomEvent<{stream: MediaStream}>} */ (event).detail.stream;
      this.dispatchEvent(new CustomEvent("remote", { detail: { stream: this.remote } }));
    });
    this.#peer.addEventListener("replaced", () => void this.together?.show(this.#own));
    this.#peer.addEventListener("flowing", () => this.#flowing(true));
    this.#peer.addEventListener("lost", () => this.#flowing(false));
    this.#peer.addEventListener("sending", () => {
      this.theirs = this.#peer.theirs;
      this.#tell();
    });
    this.#peer.attach();
    this.#stops.push(connection.on("state", (news) => {
      if (news["call"] === this.id) this.#hear(news);
    }));
  }

  /** The name of this side's peer connection. */
  get name() {
    return this.#peer.name;
  }

  /** There is a line to the server: a picture that is gone is then not for want of this side's network. */
  get isOnline() {
    return this.#connection.isOpen;
  }

  /** Ring. The same ring may come again after a break. @param {Message} message */
  ring(message) {
    if (this.state !== "ringing") {
      // It was answered here while there was no contact.
      this.#connection.send({ type: "ringing", call: this.id, connection: this.name });
      this.#connection.send({ type: "answer", call: this.id, by: this.#byItself ? "auto" : "touch" });
      return;
    }
    this.text = message["text"];
    this.to = message["to"] ?? "";
    const since = Date.parse(message["since"]);
    this.#ringEnds = since + message["ring_seconds"] * 1000;
    const auto = message["auto_answer_seconds"];
    if (typeof auto === "number") {
      this.countdown = Math.max(auto, LEAST_RING);
      this.#answersAt = since + this.countdown * 1000;
    }
    this.#connection.send({ type: "ringing", call: this.id, connection: this.name });
    clearInterval(this.#clock);
    this.#clock = setInterval(() => this.#second(), 250);
    this.#second();
  }

  /** This page was away in the middle of the call (a reload): find back, and see the caller first again. */
  findBack() {
    this.state = "reconnecting";
    this.#byItself = true;
    this.askBack();
  }

  /** The socket is back: say with which peer connection this side goes on. */
  askBack() {
    this.#connection.send({ type: "resume", call: this.id, connection: this.name });
  }

  /** The server has let this side back in. @param {Message} message the `resumed` */
  async goOn(message) {
    this.caller = { first_name: message["name"], portrait: message["portrait"] };
    this.#lookSeconds = message["look_seconds"] ?? this.#lookSeconds;
    this.#peer.serve(message["ice_servers"] ?? [], message["relay_only"] ?? false);
    this.#peer.answered();
    if (!this.together?.isShown) this.#samples.start(this.#peer);
    await this.#peer.again();
    this.#take(message["state"], message["version"]);
    if (message["room"]) this.#gather();
  }

  /** Answer; by hand the own camera follows at once. */
  answer() {
    void this.#answer("touch");
  }

  /** "Inte nu": never a no, only later. */
  notNow() {
    this.#connection.send({ type: "not_now", call: this.id });
    this.#end("not_now");
  }

  hangUp() {
    this.#connection.send({ type: "hang_up", call: this.id });
    this.#end("hung_up");
  }

  /**
   * The screen of the call stands, and lends its ears and its place for what the caller shows.
   * @param {import("./self-help.js").Ears} ears @param {import("./beside.js").Lent} lent
   * @param {boolean} isPlain voices are left as they are, for a hearing aid
   */
  lend(ears, lent, isPlain) {
    this.#isPlain = isPlain;
    this.#ears = ears;
    this.#beside?.stop();
    this.#beside = new Beside(this.#connection, this.#peer, this.id, lent);
  }

  /** The page has shown the first frame. */
  shown() {
    this.#peer.shown();
  }

  /** The server knows of no such call any more. */
  lost() {
    this.#end("lost");
  }

  /** @param {"touch" | "auto"} by */
  async #answer(by) {
    if (this.state !== "ringing") return;
    this.state = "connecting";
    this.#byItself = by === "auto";
    this.answersIn = null;
    clearInterval(this.#clock);
    this.#connection.send({ type: "answer", call: this.id, by });
    this.#peer.answered();
    this.#samples.start(this.#peer);
    this.#tell();
    if (!this.#byItself) await this.#beSeen();
  }

  #second() {
    if (this.state !== "ringing") return;
    const now = this.#connection.now().getTime();
    if (now >= this.#ringEnds) {
      // The server ends it; without contact it must not ring for ever.
      if (now >= this.#ringEnds + 5_000) this.#end("no_answer");
      return;
    }
    const left = this.mayAnswerItself() ? Math.max(0, Math.ceil((this.#answersAt - now) / 1000)) : Infinity;
    const shown = Number.isFinite(left) ? left : null;
    if (shown !== this.answersIn) {
      this.answersIn = shown;
      this.#tell();
    }
    if (left <= 0 && this.#connection.isOpen) void this.#answer("auto");
  }

  /** Picture and sound come, or have stopped coming. @param {boolean} yes */
  #flowing(yes) {
    this.flows = yes;
    this.hasFlowed ||= yes;
    this.#tell();
    // Three seconds of seeing the caller begin with the first picture, not with the answer.
    if (yes && this.#byItself && !this.#isShowing && this.seenIn === null) this.#look(this.#lookSeconds);
  }

  /** @param {number} seconds */
  #look(seconds) {
    this.seenIn = seconds;
    this.#tell();
    this.#showing = setTimeout(() => {
      if (seconds > 1) this.#look(seconds - 1);
      else void this.#beSeen();
    }, 1000);
  }

  get #isOver() {
    return this.state === "ended";
  }

  async #beSeen() {
    this.seenIn = null;
    if (this.#isShowing) return;
    this.#isShowing = true;
    const { stream, camera, microphone, why } = await openCamera(this.#isPlain ? PLAIN.from : undefined);
    if (this.#isOver) {
      closeCamera(stream);
      return;
    }
    const own = (this.#own = stream ?? new MediaStream());
    const tell = () => {
      if (this.#isOver) {
        // Opened again in the very moment that it ended.
        closeCamera(own);
        return;
      }
      const isOpen = (/** @type {MediaStreamTrack} */ { readyState }) => readyState === "live";
      this.hasPicture = own.getVideoTracks().some(isOpen);
      this.isSeen = own.getTracks().some(isOpen);
      this.#tell();
    };
    if (this.together?.isShown) {
      await this.together.show(own);
      tell();
      return;
    }
    await this.#peer.show(own);
    await this.together?.show(own);
    tell();
    if (this.#isOver) return;
    this.#keeper = new Keeper(own, this.#peer, tell);
    this.#help = new SelfHelp({
      connection: this.#connection, call: this.id, peer: this.#peer, stream: own, ears: () => this.#ears,
      missing: { audio: !microphone, video: !camera, why }, changed: tell,
    });
  }

  /** @param {Message} news */
  #hear(news) {
    if (news["version"] <= this.#version) return;
    const { state } = news;
    if (state === "ended") {
      this.#end(news["cause"]);
      return;
    }
    // A state that the server sent before it heard our answer must not make it ring again.
    if (state === "ringing" && this.state !== "ringing") return;
    this.#take(state, news["version"]);
    if (news["room"]) this.#gather();
  }

  /** Somebody more has been let in: go into the room too, and show it when the caller is seen there. */
  #gather() {
    if (this.together) return;
    const made = (this.together = new Together({ connection: this.#connection, call: this.id, main: "worker" }));
    made.addEventListener("switch", () => {
      // The watches listen to the peer connection; what it lacks is no fault any more.
      this.#help?.stop();
      this.#flowing(true);
    });
    made.addEventListener("rest", () => {
      this.#samples.stop();
      void this.#peer.rest();
    });
    made.addEventListener("flowing", () => this.#flowing(true));
    made.addEventListener("lost", () => this.#flowing(false));
    this.dispatchEvent(new CustomEvent("gather", { detail: { together: made } }));
    void made.show(this.#own).then(() => made.enter());
  }

  /** @param {State} state @param {number} version */
  #take(state, version) {
    this.#version = version;
    if (state !== "ringing" && this.state === "ringing") clearInterval(this.#clock);
    this.state = state;
    this.#tell();
  }

  /** @param {string} cause */
  #end(cause) {
    if (this.state === "ended") return;
    const wasAnswered = this.state !== "ringing";
    this.state = "ended";
    clearInterval(this.#clock);
    clearTimeout(this.#showing);
    this.#samples.stop();
    this.#help?.stop();
    this.#beside?.stop();
    this.#keeper?.stop();
    this.together?.leave();
    for (const stop of this.#stops.splice(0)) stop();
    closeCamera(this.#own);
    this.#own = null;
    this.isSeen = false;
    this.dispatchEvent(new CustomEvent("over", { detail: { cause } }));
    void this.#leave(wasAnswered);
  }

  /** Tell how it was, then let go of the connection. @param {boolean} wasAnswered */
  async #leave(wasAnswered) {
    try {
      const figures = wasAnswered ? await this.#peer.figures() : {};
      if (Object.keys(figures).length > 0) this.#connection.send({ type: "quality", call: this.id, ...figures });
    } finally {
      this.#peer.close();
    }
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
