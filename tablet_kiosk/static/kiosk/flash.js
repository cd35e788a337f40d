/**
 * Sound to see, for whoever does not hear it: a frame of light around the screen that comes and goes once in two
 * seconds, far below the three flashes a second of WCAG 2.3.1. With reduced motion it stands still.
 */

import { element } from "./element.js";

/** How long a sound that does not go on is seen. Milliseconds. */
const SHOWN = 8_000;

export class Flash {
  #frame = element("div", { class: "flash", hidden: true, "aria-hidden": "true" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #ends;

  /** @param {import("./sound.js").Sound} sound @param {() => boolean} isWanted */
  constructor(sound, isWanted) {
    document.body.append(this.#frame);
    sound.addEventListener("begins", () => isWanted() && this.#show());
    sound.addEventListener("sounds", () => isWanted() && this.#show(SHOWN));
    sound.addEventListener("ends", () => this.#hide());
  }

  /** @param {number} [long] milliseconds; else until the sound ends */
  #show(long) {
    clearTimeout(this.#ends);
    this.#frame.hidden = false;
    if (long) this.#ends = setTimeout(() => this.#hide(), long);
  }

  #hide() {
    clearTimeout(this.#ends);
    this.#frame.hidden = true;
  }
}
