/** The calls of a tablet: one at a time, taken up when it rings and found again after a reload or a break. No DOM. */

import { Call } from "./call.js";

/** @typedef {import("../call/protocol.js").Connection} Connection */
/** @typedef {import("../call/protocol.js").Message} Message */
/** @typedef {import("./tablet.js").Tablet} Tablet */

/**
 * Events: `taken`, `ring`, `tick` (each second before a call answers by itself), `named` (who calls is known only
 * now), `change`, `remote` (detail {stream}), `gather` (detail {together}), `over` (detail {call, cause}).
 */
export class Calls extends EventTarget {
  /** @type {Call | null} */ going = null;
  /** Calls that were ended here and that the server may not have heard of. @type {Set<string>} */ #ended = new Set();
  #mayAnswerItself;

  /** @param {() => boolean} mayAnswerItself asked each second before a call would answer by itself */
  constructor(mayAnswerItself) {
    super();
    this.#mayAnswerItself = mayAnswerItself;
  }

  /** Hear what rings on the connection of `tablet`. @param {Tablet} tablet */
  listen(tablet) {
    const { connection } = tablet;
    connection.on("ring", (message) => {
      if (this.going && this.going.id !== message["call"]) return;
      if (this.#ended.has(message["call"])) {
        // "Inte nu" while there was no contact.
        connection.send({ type: "not_now", call: message["call"] });
        return;
      }
      (this.going ?? this.#takeUp(connection, message)).ring(message);
      this.#tell("ring");
    });
    connection.on("resumed", (message) => {
      if (this.going?.id !== message["call"]) return;
      if (this.going?.caller.first_name === "" && message["name"]) this.#tell("named");
      void this.going?.goOn(message);
      this.#tell("change");
    });
    tablet.addEventListener("welcome", (event) => {
      const { detail } = /** @type {CustomEvent<Message>} */ (event);
      this.#compare(connection, detail["call"]);
    });
  }

  notNow() {
    if (this.going) this.#ended.add(this.going.id);
    this.going?.notNow();
  }

  hangUp() {
    if (this.going) this.#ended.add(this.going.id);
    this.going?.hangUp();
  }

  /** The tablet is nobody's any more: what goes on is left. */
  leave() {
    this.going?.lost();
    this.going = null;
  }

  /** The server has said what goes on as it knows it. @param {Connection} connection @param {Message | null} theirs */
  #compare(connection, theirs) {
    if (!theirs) {
      this.going?.lost();
      return;
    }
    if (this.going && this.going.id !== theirs["call"]) this.going.lost();
    // The ring follows by itself.
    if (theirs["state"] === "ringing") return;
    if (this.#ended.has(theirs["call"])) {
      connection.send({ type: "hang_up", call: theirs["call"] });
    } else {
      if (this.going) this.going.askBack();
      else this.#takeUp(connection, { type: "resume", call: theirs["call"] }).findBack();
      this.#tell("change");
    }
  }

  /** @param {Connection} connection @param {Message} message a `ring`, or only the call's id @returns {Call} */
  #takeUp(connection, message) {
    const call = new Call(connection, message);
    call.mayAnswerItself = this.#mayAnswerItself;
    let counted = -1;
    call.addEventListener("change", () => {
      if (call.state === "ringing" && call.answersIn !== null && call.answersIn !== counted) {
        counted = call.answersIn;
        this.#tell("tick");
      }
      this.#tell("change");
    });
    call.addEventListener("remote", (event) => this.#tell("remote", /** @type {CustomEvent} */ (event).detail));
    call.addEventListener("gather", (event) => this.#tell("gather", /** @type {CustomEvent} */ (event).detail));
    call.addEventListener("over", (event) => {
      if (this.going !== call) return;
      this.going = null;
      this.#tell("over", { call, cause: /** @type {CustomEvent} */ (event).detail.cause });
    });
    this.going = call;
    this.#tell("taken");
    return call;
  }

  /** @param {string} what @param {object} [detail] */
  #tell(what, detail = {}) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}
