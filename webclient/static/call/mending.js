/** A broken path is mended: ICE is restarted, and when that does not help all is made anew. No DOM. */

/** How long a broken path may stay broken before ICE is restarted, and then before all is made anew. */
const RESTART_AFTER = 500;
const LOOK_AGAIN = 2_000;
const RENEW_AFTER = 12_000;

export class Mending {
  #acts;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {{isWhole: () => boolean, isOnline: () => boolean, restart: () => Promise<void> | void,
   *   renew: () => Promise<void> | void}} acts `isWhole`: nothing to mend; `isOnline`: the other side can be told
   */
  constructor(acts) {
    this.#acts = acts;
  }

  /** The path is broken, for good when it has `failed`. @param {boolean} failed */
  begin(failed) {
    this.#begin(failed ? 0 : RESTART_AFTER);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {number} pause */
  #begin(pause) {
    const { isWhole, isOnline, restart, renew } = this.#acts;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (isWhole()) return;
      if (isOnline()) void restart();
      this.#timer = setTimeout(() => {
        if (isWhole()) return;
        if (isOnline()) void renew();
        else this.#begin(LOOK_AGAIN);
      }, RENEW_AFTER);
    }, pause);
  }
}
