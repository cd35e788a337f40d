/** Is what comes from the other side played here? Pure. Whether the other side's microphone is silent is its own watch's. */

import { Span } from "./span.js";
import { doubt } from "./trust.js";

/** @typedef {import("./sense.js").Sense} Sense */

export const BLOCKED_FOR = 1_500;
export const OFF_FOR = 3_000;
export const NOT_PLAYED_FOR = 5_000;

export class HearingWatch {
  #blocked = new Span();
  #off = new Span();
  #unplayed = new Span();
  #packets = 0;
  /** @type {number | null} */ #played = null;

  /** The loudspeaker was opened anew. */
  forget() {
    for (const span of [this.#blocked, this.#off, this.#unplayed]) span.forget();
  }

  /** @param {Sense} sense @returns {string | null | undefined} what is wrong; null: nothing; undefined: cannot tell */
  feed(sense) {
    const { hearing, at } = sense;
    const comes = hearing.packets > this.#packets;
    const isPlayed = hearing.played === null || this.#played === null || hearing.played !== this.#played;
    this.#packets = hearing.packets;
    this.#played = hearing.played;
    // What the page itself knows needs no statistics, and is true at once.
    if (this.#blocked.feed(hearing.loudspeaker === "blocked", at) >= BLOCKED_FOR) return "sound_blocked";
    if (doubt("hearing", sense) !== null || hearing.loudspeaker === "blocked") {
      this.#off.forget();
      this.#unplayed.forget();
      return undefined;
    }
    if (this.#off.feed(comes && hearing.loudspeaker === "off", at) >= OFF_FOR) return "sound_off";
    if (this.#unplayed.feed(comes && !isPlayed, at) >= NOT_PLAYED_FOR) return "sound_off";
    return comes && isPlayed && hearing.loudspeaker === "playing" ? null : undefined;
  }
}
