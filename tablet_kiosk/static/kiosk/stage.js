/** Where the screens stand: one at a time, said aloud to a screen reader, and deaf at first to a stray touch. */

import { DayScreen, NightScreen } from "./day-screen.js";

/** @typedef {import("./screens.js").Screen} Screen */

/** A screen that has just come up takes no touch meant for the one before. Milliseconds. */
const GUARD = 350;

export class Stage {
  /** @type {Screen | null} */ shown = null;
  #page;
  #polite;
  #urgent;

  /** @param {HTMLElement} page where the screen stands @param {HTMLElement} polite @param {HTMLElement} urgent live regions */
  constructor(page, polite, urgent) {
    this.#page = page;
    this.#polite = polite;
    this.#urgent = urgent;
  }

  /** "day", "ring", …: which screen stands. */
  get name() {
    return this.#page.dataset["screen"] ?? "";
  }

  /** Day and night stand for hours: nothing else is meant for them, and they may be left for anything. */
  get isAtRest() {
    return this.shown instanceof DayScreen || this.shown instanceof NightScreen;
  }

  /** @param {Screen} screen */
  bringUp(screen) {
    this.shown = screen;
    screen.tell = (words) => this.shown === screen && this.tell(words);
    this.#page.dataset["screen"] = screen.localName.replace("kiosk-", "");
    screen.inert = !this.isAtRest;
    this.#page.replaceChildren(screen);
    if (screen.inert) setTimeout(() => this.#lift(screen), GUARD);
    const region = screen.isUrgent ? this.#urgent : this.#polite;
    // Emptied first, so that the same words are said again, and so that nothing is found there that is over.
    this.#urgent.textContent = this.#polite.textContent = "";
    requestAnimationFrame(() => {
      if (this.shown === screen) region.textContent = screen.said();
    });
  }

  /** Tell a screen reader what has changed on the screen that stands. @param {string} words */
  tell(words) {
    this.#polite.textContent = words;
  }

  /** @param {Screen} screen */
  #lift(screen) {
    screen.inert = false;
    if (this.shown === screen) (screen.first ?? this.#page).focus({ preventScroll: true });
  }
}
