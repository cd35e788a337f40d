/**
 * "Be någon ringa mig": one press, and the screen says who rings and before when. What the server has promised is
 * shown until somebody has rung; a press that did not reach it says so, and is never told later. Where two live
 * together the screen asks first which of them it is, or both.
 */

import { t } from "../words.js";
import { AskerScreen } from "./asker-screen.js";
import { button, element, icon } from "./element.js";

/** @typedef {import("./day.js").Day} Day */
/** @typedef {{client: string, first_name: string}} Asker one of two who live together */
/** @typedef {{ask: (message: {type: string, clients: string[]}) => Promise<unknown>}} Line what a press is told by */

/** The server answers at once; longer means that nobody has heard. Milliseconds. */
const PATIENCE = 8_000;
/** How long "det gick inte" stands before the button comes back. */
const FAILED = 30_000;
/** How long it is asked who wants to be rung; then the day comes back, and nothing is lost by it. */
const WHO = 300_000;

/** Who of two has not asked yet; nobody where one lives alone. @param {Day | null} day @returns {Asker[]} */
function leftOf(day) {
  const waiting = day?.request?.clients ?? [];
  return (day?.clients ?? []).filter(({ client }) => !waiting.includes(client));
}

/** What has been pressed here, whichever screen shows it. */
export class CallRequest extends EventTarget {
  #isAsking = false;
  /** Until when it is said that it did not work. */ #failedUntil = 0;
  /** Who of two it may be, while it is asked. @type {Asker[] | null} */ #choosing = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #ends;
  #line;

  /** @param {() => Line | null} line */
  constructor(line) {
    super();
    this.#line = line;
  }

  /**
   * The button was pressed. Pressing again while nobody has answered is the same press.
   *
   * @param {Day | null} day @param {string} name of whom it is known that it is them, where two live together
   */
  press(day, name = "") {
    const left = leftOf(day);
    const known = left.filter(({ first_name }) => first_name === name);
    if (known.length === 1 || left.length < 2) {
      void this.#press(known.length === 1 ? known : left);
      return;
    }
    this.#choosing = left;
    clearTimeout(this.#ends);
    this.#ends = setTimeout(() => this.leave(), WHO);
    this.dispatchEvent(new Event("change"));
  }

  /** It is not asked any more who wants to be rung. */
  leave() {
    clearTimeout(this.#ends);
    if (!this.#choosing) return;
    this.#choosing = null;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {boolean} isNight @returns {[string, () => AskerScreen] | null} what stands on the screen, as kiosk.js chooses among screens */
  screen(isNight) {
    const choosing = this.#choosing;
    return choosing && ["asker", () => {
      const screen = new AskerScreen();
      screen.show(choosing, { chosen: (askers) => void this.#press(askers), later: () => this.leave() }, isNight);
      return screen;
    }];
  }

  /** @param {Asker[]} askers */
  async #press(askers) {
    this.leave();
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#failedUntil = 0;
    this.dispatchEvent(new Event("change"));
    const heard = await this.#ask(askers.map(({ client }) => client));
    this.#isAsking = false;
    if (!heard) this.#failedUntil = Date.now() + FAILED;
    this.dispatchEvent(new CustomEvent("change", { detail: { heard } }));
  }

  /** @param {string[]} clients */
  async #ask(clients) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let late;
    const waited = new Promise((_, reject) => (late = setTimeout(() => reject(new Error("late")), PATIENCE)));
    try {
      const line = this.#line();
      if (!line) return false;
      await Promise.race([line.ask({ type: "call_request", clients }), waited]);
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
   * @returns {"none" | "ready" | "asking" | "failed" | "promised"}
   */
  state(day, now, isOnline) {
    if (!day || day.names.length === 0) return "none";
    if (this.#isAsking) return "asking";
    // Without contact a promise whose time has passed says nothing of what became of it.
    if (day.request && (isOnline || now < Date.parse(day.request.until))) return "promised";
    return Date.now() < this.#failedUntil ? "failed" : "ready";
  }
}

/** The place on a screen where it is asked for and answered. */
export class CallRequestPlace extends HTMLElement {
  #drawn = "";
  /** Pressed. */ pressed = () => {};

  /** @param {{state: ReturnType<CallRequest["state"]>, day: Day | null}} given */
  update({ state, day }) {
    const words = day?.request?.words ?? "";
    const left = leftOf(day);
    const drawn = JSON.stringify([state, words, day?.phone, left]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.hidden = state === "none";
    this.className = `call-request ${state}`;
    this.replaceChildren(...this.#children(state, words, day?.phone ?? null, left));
  }

  /** @param {string} state @param {string} words @param {{label: string, number: string} | null} phone @param {Asker[]} left @returns {Node[]} */
  #children(state, words, phone, left) {
    const urgent = element("span", { class: "urgent" }, t("Bråttom? Tryck på larmet."));
    if (state === "promised") {
      const answers = words.split("\n").map((sentence) => element("strong", {}, ...figures(sentence)));
      const [other] = left;
      return [said("phone-call", ...answers, urgent),
        ...(other ? [button(t("Be någon ringa %(name)s", { name: other.first_name }), () => this.pressed(), { kind: "second" })] : [])];
    }
    if (state === "failed") {
      const number = phone && element("span", { class: "number" }, `${phone.label}: `, element("span", { class: "figures" }, phone.number));
      return [said("wifi-off", element("strong", {}, t("Det gick inte att nå personalen")), number, urgent)];
    }
    if (state === "asking") return [said("hourglass", element("strong", {}, t("Ett ögonblick…")))];
    return [button(t("Be någon ringa mig"), () => this.pressed(), { kind: "second", symbol: "phone" })];
  }
}

/** @param {string} symbol @param {...(Node | null)} lines */
function said(symbol, ...lines) {
  return element("p", { class: "answer" }, icon(symbol), element("span", { class: "grow" }, ...lines));
}

/** Times in the face of figures. @param {string} words */
function figures(words) {
  return words.split(/(\d{1,2}[.:]\d{2})/).map((part, number) =>
    number % 2 ? element("span", { class: "figures" }, part) : part);
}

customElements.define("kiosk-call-request", CallRequestPlace);
