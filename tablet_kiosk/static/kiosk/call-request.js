/**
 * "Be någon ringa mig": one press, and the screen says who rings and before when. What the server has promised is
 * shown until somebody has rung; a press that did not reach it says so, and is never told later.
 */

import { t } from "../words.js";
import { button, element, icon } from "./element.js";

/** @typedef {import("./day.js").Day} Day */
/** @typedef {{ask: (message: {type: string}) => Promise<unknown>}} Line what a press is told by */
/** @typedef {{words: string, until: string}} Promised as the server says it in the day's `request` */

/** The server answers at once; longer means that nobody has heard. Milliseconds. */
const PATIENCE = 8_000;
/** How long "det gick inte" stands before the button comes back. */
const FAILED = 30_000;

/** What has been pressed here, whichever screen shows it. */
export class CallRequest extends EventTarget {
  #isAsking = false;
  /** Until when it is said that it did not work. */ #failedUntil = 0;
  #line;

  /** @param {() => Line | null} line */
  constructor(line) {
    super();
    this.#line = line;
  }

  /** The button was pressed. Pressing again while nobody has answered is the same press. */
  async press() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#failedUntil = 0;
    this.dispatchEvent(new Event("change"));
    const heard = await this.#ask();
    this.#isAsking = false;
    if (!heard) this.#failedUntil = Date.now() + FAILED;
    this.dispatchEvent(new CustomEvent("change", { detail: { heard } }));
  }

  async #ask() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let late;
    const waited = new Promise((_, reject) => (late = setTimeout(() => reject(new Error("late")), PATIENCE)));
    try {
      const line = this.#line();
      if (!line) return false;
      await Promise.race([line.ask({ type: "call_request" }), waited]);
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * What is to be shown.
   *
   * @param {Day | null} day @param {number} now the server's time @param {boolean} isOnline
   * @returns {"none" | "button" | "asking" | "failed" | "promised"}
   */
  state(day, now, isOnline) {
    if (!day || day.names.length === 0) return "none";
    if (this.#isAsking) return "asking";
    // Without contact a promise whose time has passed says nothing of what became of it.
    if (day.request && (isOnline || now < Date.parse(day.request.until))) return "promised";
    return Date.now() < this.#failedUntil ? "failed" : "button";
  }
}

/** The place on a screen where it is asked for and answered. */
export class CallRequestPlace extends HTMLElement {
  #drawn = "";
  /** Pressed. */ pressed = () => {};

  /** @param {{state: ReturnType<CallRequest["state"]>, day: Day | null}} given */
  update({ state, day }) {
    const words = day?.request?.words ?? "";
    const drawn = JSON.stringify([state, words, day?.phone]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.hidden = state === "none";
    this.className = `call-request ${state}`;
    this.replaceChildren(...this.#children(state, words, day?.phone ?? null));
  }

  /** @param {string} state @param {string} words @param {{label: string, number: string} | null} phone @returns {Node[]} */
  #children(state, words, phone) {
    const urgent = element("span", { class: "urgent" }, t("Bråttom? Tryck på larmet."));
    if (state === "promised") return [said("phone-call", element("strong", {}, ...figures(words)), urgent)];
    if (state === "failed") {
      const number = phone && element("span", {}, `${phone.label}: `, element("span", { class: "figures" }, phone.number));
      return [said("wifi-off", element("strong", {}, t("Det gick inte att nå personalen")), number, urgent)];
    }
    if (state === "asking") return [said("hourglass", element("strong", {}, t("Ett ögonblick…")))];
    return [button(t("Be någon ringa mig"), () => this.pressed(), { kind: "second", symbol: "phone" })];
  }
}

/** @param {string} symbol @param {...(Node | null)} lines */
function said(symbol, ...lines) {
  return element("p", { class: "answer", role: "status" }, icon(symbol), element("span", { class: "grow" }, ...lines));
}

/** Times in the face of figures. @param {string} words */
function figures(words) {
  return words.split(/(\d{1,2}[.:]\d{2})/).map((part, number) =>
    number % 2 ? element("span", { class: "figures" }, part) : part);
}

customElements.define("kiosk-call-request", CallRequestPlace);
