/**
 * What is asked after a call: "Är du nöjd i dag?", and of who is not content, whether anybody is to ring. The face
 * stays nobody's; only the wish to be rung is told, as any other press on "Be någon ringa mig".
 */

import { PulseScreen, WishScreen } from "./screens.js";

/** @typedef {import("./screens.js").Screen} Screen */

/** Silence is no answer and no harm: then the day comes back. Milliseconds. */
const PULSE = 20_000;
const WISH = 300_000;

export class AfterCall {
  /** @type {{call: string, name: string} | null} */ #pulse = null;
  #isWishing = false;
  /** Whose wish it is, where two live together. */ #whose = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #ends;
  #acts;

  /**
   * @param {{answer: (call: string, face: string) => void, ring: (name: string) => void, thank: () => void, changed: () => void}} acts
   */
  constructor(acts) {
    this.#acts = acts;
  }

  get isAsking() {
    return this.#pulse !== null || this.#isWishing;
  }

  /** @param {string} call @param {string} name who is asked, where two live together */
  ask(call, name) {
    this.#pulse = { call, name };
    this.#isWishing = false;
    this.#wait(PULSE);
    this.#acts.changed();
  }

  /** Nothing is asked any more. */
  leave() {
    clearTimeout(this.#ends);
    if (!this.isAsking) return;
    this.#pulse = null;
    this.#isWishing = false;
    this.#acts.changed();
  }

  /** @returns {[string, () => Screen] | null} what stands on the screen, as kiosk.js chooses among screens */
  screen() {
    if (this.#isWishing) return ["wish", () => this.#wishScreen()];
    const pulse = this.#pulse;
    return pulse && [`pulse ${pulse.call}`, () => this.#pulseScreen(pulse)];
  }

  /** @param {{call: string, name: string}} pulse */
  #pulseScreen({ call, name }) {
    const screen = new PulseScreen();
    screen.show((face) => {
      this.#acts.answer(call, face);
      if (face !== "unhappy") return this.#done();
      this.#pulse = null;
      this.#isWishing = true;
      this.#whose = name;
      this.#wait(WISH);
      this.#acts.changed();
    }, name);
    return screen;
  }

  #wishScreen() {
    const screen = new WishScreen();
    screen.show({
      yes: () => {
        this.leave();
        this.#acts.ring(this.#whose);
      },
      no: () => this.#done(),
    });
    return screen;
  }

  #done() {
    this.leave();
    this.#acts.thank();
  }

  /** @param {number} long */
  #wait(long) {
    clearTimeout(this.#ends);
    this.#ends = setTimeout(() => this.leave(), long);
  }
}
