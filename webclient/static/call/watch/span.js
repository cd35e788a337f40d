/** For how long something has been so without a break. Pure. */

export class Span {
  /** @type {number | null} */ #since = null;

  /**
   * @param {boolean} isSo @param {number} at milliseconds
   * @returns {number} for how long it has been so, 0 when it is not
   */
  feed(isSo, at) {
    if (!isSo) this.#since = null;
    else this.#since ??= at;
    return this.#since === null ? 0 : at - this.#since;
  }

  forget() {
    this.#since = null;
  }
}
