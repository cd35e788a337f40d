/** The tablet belongs to nobody yet: six digits, or the secret that the address brought with it. */

import { t } from "../words.js";
import { element, icon } from "./element.js";
import { askToPair } from "./identity.js";
import { Screen } from "./screens.js";

const DIGITS = 6;
/** Milliseconds between two questions while a worker looks at it, and when the server is out of reach. */
const ASK_AGAIN = 2_000;

export class PairingScreen extends Screen {
  /** @type {() => void} */ #paired = () => {};
  #typed = "";
  /** What it says while it waits, empty while the keypad is there. */ #waitsFor = "";
  #boxes = element("div", { class: "boxes", "aria-hidden": "true" });
  #read = element("p", { class: "visually-hidden", role: "status" });
  #fault = element("p", { class: "fault", role: "alert" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #asking;
  #onKey = (/** @type {KeyboardEvent} */ event) => this.#key(event);

  /** @param {{secret: string | null, sentence: string, paired: () => void}} given */
  show({ secret, sentence, paired }) {
    this.#paired = paired;
    // What went wrong is an alert of its own.
    this.said = () => this.#waitsFor || t("Koppla skärmen. Skriv de sex siffrorna som personalen har.");
    if (secret) void this.#ask({ secret });
    else this.#askForCode(sentence);
  }

  connectedCallback() {
    document.addEventListener("keydown", this.#onKey);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#onKey);
    clearTimeout(this.#asking);
  }

  /** @param {string} fault */
  #askForCode(fault) {
    clearTimeout(this.#asking);
    this.#waitsFor = "";
    this.#typed = "";
    this.#fault.textContent = fault;
    const key = (/** @type {string} */ digit) =>
      element("button", { type: "button", class: "key figures", onclick: () => this.#press(digit) }, digit);
    const erase = element("button", { type: "button", class: "key erase", onclick: () => this.#press("") }, t("Sudda"));
    this.fill(
      "pairing",
      element("div", { class: "words" },
        element("h1", {}, t("Koppla skärmen")),
        element("p", { class: "lead" }, t("Skriv de sex siffrorna som personalen har.")),
        this.#boxes, this.#read, this.#fault),
      element("div", { class: "keypad", role: "group", "aria-label": t("Sifferknappar") },
        ...["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(key), erase, key("0")),
    );
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#boxes.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) this.#press(event.key);
    else if (event.key === "Backspace") this.#press("");
  }

  /** @param {string} digit empty to erase one */
  #press(digit) {
    this.#fault.textContent = "";
    this.#typed = digit ? (this.#typed + digit).slice(0, DIGITS) : this.#typed.slice(0, -1);
    this.#draw();
    if (this.#typed.length === DIGITS && digit) void this.#ask({ code: this.#typed });
  }

  #draw() {
    this.#boxes.replaceChildren(...Array.from({ length: DIGITS }, (_, number) =>
      element("span", { class: `box figures${number === this.#typed.length ? " here" : ""}` }, this.#typed[number] ?? "")));
    this.#read.textContent = this.#typed
      ? t("%(count)s av sex siffror: %(digits)s", { count: this.#typed.length, digits: [...this.#typed].join(" ") }) : "";
  }

  /** @param {{secret: string} | {code: string}} with_ */
  async #ask(with_) {
    if (this.#waitsFor === "") this.#wait(t("Kopplar…"), "");
    try {
      const progress = await askToPair(with_);
      if (!this.isConnected) return;
      if (progress.state === "paired") return void this.#paired();
      if (progress.state === "refused" && !progress.again) return void this.#askForCode(progress.sentence);
      if (progress.state === "confirm") this.#wait(t("Personalen ser efter att det stämmer"), progress.number);
    } catch {
      if (!this.isConnected) return;
      this.#wait(t("Ingen kontakt just nu. Skärmen försöker igen."), "");
    }
    this.#asking = setTimeout(() => void this.#ask(with_), ASK_AGAIN);
  }

  /** @param {string} words @param {string} number the same stands before the worker */
  #wait(words, number) {
    if (this.#waitsFor === words + number) return;
    this.#waitsFor = words + number;
    this.fill(
      "few-words",
      element("div", { class: "words" }, element("span", { class: "round pine" }, icon("tablet")),
        element("h1", {}, words),
        number ? element("p", { class: "lead" }, t("Samma tal ska stå hos personalen:")) : null,
        number ? element("p", { class: "check-number figures" }, number) : null),
    );
    this.tell([words, ...number].join(". "));
  }
}

customElements.define("kiosk-pairing", PairingScreen);

/** The secret of the address, taken out of it at once so that it stays nowhere. @returns {string | null} */
export function secretOfAddress() {
  const fragment = decodeURIComponent(location.hash.slice(1)).replace(/^koppla=/, "");
  if (fragment) history.replaceState(null, "", location.pathname);
  return /^[A-Za-z0-9_-]{16,}$/.test(fragment) ? fragment : null;
}

