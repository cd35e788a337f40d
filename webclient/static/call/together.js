/**
 * A call of two that goes on in a room because somebody more is let in (docs/protocol.md section 11). Nothing is
 * interrupted: the page shows the peer connection until the other side is seen in the room. Knows no page: no DOM.
 */

import { Room } from "./room.js";

/** @typedef {import("./protocol.js").Connection} Connection */
/** @typedef {import("./room.js").Present} Present */

/**
 * Events: `people` (detail {people}), `place` (detail {who, stream}), `gone` (detail {who}), `held` (detail {who, held}),
 * `switch` (the room is seen: show it), `rest` (both sides see it: nothing more goes over the peer connection), `flowing`, `lost`,
 * `closed` (detail {cause, words}).
 */
export class Together extends EventTarget {
  /** The room's picture and sound are shown instead of the peer connection's. */ isShown = false;
  #room;
  #connection;
  #call;
  #main;
  #theySee = false;
  #isOver = false;
  /** @type {Array<() => void>} */ #stops = [];

  /**
   * @param {{connection: Connection, call: string, main: "worker" | "client"}} options `main` is the role of the other
   *   side of the call
   */
  constructor({ connection, call, main }) {
    super();
    this.#connection = connection;
    this.#call = call;
    this.#main = main;
    this.#room = new Room({ connection, room: call });
    for (const type of ["people", "place", "gone", "held", "closed"]) {
      this.#room.addEventListener(type, (event) => {
        this.#tell(type, /** @type {CustomEvent} */ (event).detail);
        if (type === "people") this.#judge();
      });
    }
    for (const type of /** @type {const} */ (["flowing", "lost"])) {
      this.#room.addEventListener(type, () => {
        if (!this.isShown) return;
        this.#connection.send({ type: "media", call: this.#call, state: type });
        this.#tell(type, {});
      });
    }
    this.#stops.push(connection.on("gathered", (message) => {
      if (message["call"] !== this.#call) return;
      this.#theySee = true;
      this.#rest();
    }));
    const again = () => this.isShown && this.#sayShown();
    connection.addEventListener("open", again);
    this.#stops.push(() => connection.removeEventListener("open", again));
  }

  /** The seat of this side; empty before it has come in. */
  get who() {
    return this.#room.who;
  }

  /** @returns {Present[]} all who are there but oneself */
  get others() {
    return this.#room.people.filter(({ who }) => who !== this.#room.who);
  }

  /** Who is in the room besides the two while it is not shown here: they may see this side before they are seen. */
  get onlookers() {
    return this.isShown ? [] : this.others.filter(({ role }) => role !== this.#main);
  }

  /** The lines as the browser has them. */
  get peers() {
    return this.#room.peers;
  }

  /** Go in, and stay until `leave`. */
  enter() {
    if (this.#isOver) return;
    // What went wrong for good is told by `closed`.
    this.#room.enter().catch(() => undefined);
  }

  /** @param {MediaStream | null} stream */
  show(stream) {
    return this.#room.show(stream);
  }

  /** @param {boolean} yes */
  mute(yes) {
    this.#room.mute(yes);
  }

  /** @param {boolean} yes */
  darken(yes) {
    this.#room.darken(yes);
  }

  /** The page has a first picture of somebody in the room. @param {string} who */
  seen(who) {
    if (this.#room.people.some((one) => one.who === who && one.role === this.#main)) this.#switch();
  }

  leave() {
    this.#isOver = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#room.leave();
  }

  /** Who sends no picture is heard: there is nothing to wait for. */
  #judge() {
    if (this.isShown || this.#room.peers.length < 2) return;
    const isWhole = this.#room.peers.every((line) => line.connectionState === "connected");
    if (isWhole && this.#room.people.some(({ role, video, away }) => role === this.#main && !video && !away)) this.#switch();
  }

  #switch() {
    if (this.isShown || this.#isOver) return;
    this.isShown = true;
    this.#sayShown();
    this.#tell("switch", {});
    this.#rest();
  }

  #sayShown() {
    this.#connection.send({ type: "gathered", call: this.#call });
    this.#connection.send({ type: "media", call: this.#call, state: "flowing" });
  }

  #rest() {
    if (this.isShown && this.#theySee && !this.#isOver) this.#tell("rest", {});
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    if (!this.#isOver) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
