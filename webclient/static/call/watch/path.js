/** Is there a way to the other side at all? Pure. A way that was there and is gone is mended and told by itself. */

import { Span } from "./span.js";

/** @typedef {import("./sense.js").Sense} Sense */

export const NONE_FOR = 15_000;

export class PathWatch {
  #none = new Span();
  #was = false;

  /** A device was opened anew: the path has nothing to do with it. */
  forget() {}

  /** @param {Sense} sense @returns {string | null | undefined} what is wrong; null: nothing; undefined: cannot tell */
  feed({ isConnected, at, gap }) {
    this.#was ||= isConnected;
    if (gap > 3_000) this.#none.forget();
    if (this.#none.feed(!this.#was, at) >= NONE_FOR) return "no_path";
    return this.#was ? null : undefined;
  }
}
