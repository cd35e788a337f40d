/** Large words or a picture that the caller shows, over the call, until somebody touches it or the next comes. */

import { t } from "../words.js";
import { button, element } from "./element.js";

/** Per cent of the smaller side of the screen: the largest and the smallest letters, and a step between them. */
const LARGEST = 18;
const SMALLEST = 4;
const STEP = 0.5;

export class Placard extends HTMLElement {
  /** Touched away. */ putAway = () => {};
  #words = element("p", { class: "words" });
  #picture = element("img", {});
  #close = button(t("Stäng"), () => this.#touched(), { kind: "second", symbol: "x" });
  #address = "";
  /** The screen was turned, or what stands below has grown. */ #size = new ResizeObserver(() => this.#fit());

  constructor() {
    super();
    this.hidden = true;
    this.className = "placard";
    this.addEventListener("click", () => this.#touched());
  }

  connectedCallback() {
    if (this.childElementCount === 0) this.append(this.#words, this.#picture, this.#close);
    this.#size.observe(this);
  }

  disconnectedCallback() {
    this.#size.disconnect();
    this.clear();
  }

  /** @param {string} words */
  say(words) {
    this.clear();
    this.#words.textContent = words;
    this.#words.hidden = false;
    this.hidden = false;
    this.#fit();
  }

  /** @param {Blob} picture @param {string} name whose picture it is @returns {Promise<boolean>} false when it is none */
  async show(picture, name) {
    this.clear();
    this.#address = URL.createObjectURL(picture);
    this.#picture.alt = t("Bild som %(name)s visar", { name });
    this.#picture.src = this.#address;
    try {
      await this.#picture.decode();
    } catch {
      this.clear();
      return false;
    }
    this.#picture.hidden = false;
    this.hidden = false;
    return true;
  }

  /** Nothing is left of it. */
  clear() {
    this.hidden = this.#words.hidden = this.#picture.hidden = true;
    this.#words.textContent = "";
    this.#picture.removeAttribute("src");
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = "";
  }

  #touched() {
    if (this.hidden) return;
    this.clear();
    this.putAway();
  }

  /** As large as it may be with every word whole. */
  #fit() {
    if (this.#words.hidden) return;
    const { style } = this.#words;
    for (let size = LARGEST; size >= SMALLEST; size -= STEP) {
      style.fontSize = `${size}vmin`;
      if (this.#words.scrollHeight <= this.#words.clientHeight && this.#words.scrollWidth <= this.#words.clientWidth) return;
    }
  }
}

customElements.define("kiosk-placard", Placard);
