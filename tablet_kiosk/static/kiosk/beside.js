/**
 * What the caller does beside talking: large words, a picture, the loudness of the tablet. It is shown on the screen
 * of the call and kept nowhere (docs/protocol.md section 6).
 */

import { LABEL, receivePicture } from "../call/picture.js";

/** @typedef {import("../call/protocol.js").Connection} Connection */
/** @typedef {import("../call/peer.js").Peer} Peer */

/**
 * What the screen of the call lends.
 *
 * @typedef {object} Lent
 * @property {import("./placard.js").Placard} placard
 * @property {import("./loudness.js").Loudness} loudness
 * @property {string} name of the caller
 * @property {(words: string) => void} tell a screen reader
 */

export class Beside {
  #connection;
  #call;
  #lent;
  /** Of what is shown now. */ #number = 0;
  /** @type {Array<() => void>} */ #stops = [];

  /** @param {Connection} connection @param {Peer} peer @param {string} call @param {Lent} lent */
  constructor(connection, peer, call, lent) {
    this.#connection = connection;
    this.#call = call;
    this.#lent = lent;
    lent.placard.putAway = () => this.#answer("put_away");
    const mine = (/** @type {(message: import("../call/protocol.js").Message) => void} */ act) =>
      (/** @type {import("../call/protocol.js").Message} */ message) => message["call"] === call && act(message);
    const picture = (/** @type {Event} */ event) => {
      const { channel } = /** @type {CustomEvent<{channel: RTCDataChannel}>} */ (event).detail;
      if (channel.label === LABEL) receivePicture(channel, (number, blob) => void this.#show(number, blob));
    };
    const back = () => this.tellVolume();
    peer.addEventListener("channel", picture);
    peer.addEventListener("back", back);
    this.#stops.push(
      connection.on("show_text", mine(({ number, text }) => this.#say(number, text))),
      connection.on("volume", mine(async ({ level }) => {
        await lent.loudness.set(level);
        this.tellVolume();
      })),
      () => peer.removeEventListener("channel", picture),
      () => peer.removeEventListener("back", back),
    );
    this.tellVolume();
  }

  stop() {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** How loud it is here, and how loud it may be. */
  tellVolume() {
    const { level, most } = this.#lent.loudness;
    this.#connection.send({ type: "volume", call: this.#call, level, most });
  }

  /** @param {number} number @param {string} text */
  #say(number, text) {
    this.#number = number;
    if (text.trim() === "") {
      this.#lent.placard.clear();
      this.#answer("put_away");
    } else {
      this.#lent.placard.say(text);
      this.#lent.tell(text);
      this.#answer("shown");
    }
  }

  /** @param {number} number @param {Blob | null} picture */
  async #show(number, picture) {
    this.#number = number;
    const isShown = picture !== null && (await this.#lent.placard.show(picture, this.#lent.name));
    this.#answer(isShown ? "shown" : "failed");
  }

  /** @param {"shown" | "put_away" | "failed"} state */
  #answer(state) {
    this.#connection.send({ type: "shown", call: this.#call, number: this.#number, state });
  }
}
