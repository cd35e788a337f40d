/** Keeps the screen lit during a call: a phone that sleeps takes the camera with it. */

export class Awake {
  #wanted = false;
  /** @type {WakeLockSentinel | null} */ #held = null;

  constructor() {
    // The browser lets go whenever the page is hidden.
    document.addEventListener("visibilitychange", () => void this.#take());
  }

  /** @param {boolean} yes */
  keep(yes) {
    if (this.#wanted === yes) return;
    this.#wanted = yes;
    if (yes) void this.#take();
    else void this.#held?.release().catch(() => undefined);
  }

  async #take() {
    if (!this.#wanted || document.hidden || !("wakeLock" in navigator)) return;
    if (this.#held && !this.#held.released) return;
    try {
      this.#held = await navigator.wakeLock.request("screen");
      if (!this.#wanted) await this.#held.release();
    } catch {
      // Refused when the battery is low: the call goes on all the same.
    }
  }
}
