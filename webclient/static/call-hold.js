/**
 * How the worker is told, calmly and without anything to press, that a call holds on: a poor line, a picture that is
 * away, no contact with the system, a battery that runs out. Keeps the screen lit and the devices open meanwhile.
 */

import { Awake } from "./call/awake.js";
import { Keeper } from "./call/keeper.js";
import { t } from "./words.js";

/** @typedef {import("./call/peer.js").Peer} Peer */

/** From here the worker is told to plug in. */
const LOW = 0.15;

/** @typedef {{level: number, charging: boolean} & EventTarget} Battery */

export class CallHold {
  #page;
  #place;
  #name;
  #awake = new Awake();
  /** @type {Peer | null} */ #peer = null;
  /** @type {Keeper | null} */ #keeper = null;
  /** @type {AbortController | null} */ #listening = null;
  /** @type {Battery | null} */ #battery = null;

  /** @param {{page: HTMLElement, place: HTMLElement, name: string}} options `page` carries `data-line` */
  constructor({ page, place, name }) {
    this.#page = page;
    this.#place = place;
    this.#name = name;
    // Not every browser tells.
    const asked = /** @type {{getBattery?: () => Promise<Battery>}} */ (/** @type {unknown} */ (navigator)).getBattery?.();
    void asked?.then((battery) => {
      this.#battery = battery;
      for (const what of ["levelchange", "chargingchange"]) battery.addEventListener(what, () => this.draw());
      this.draw();
    });
  }

  /** The call is answered, and this is sent. @param {Peer} peer @param {MediaStream | null} stream */
  begin(peer, stream) {
    if (this.#peer === peer) return;
    this.end();
    this.#peer = peer;
    this.#awake.keep(true);
    if (stream) this.#keeper = new Keeper(stream, peer);
    const { signal } = (this.#listening = new AbortController());
    for (const what of ["own", "sending", "flowing", "lost"]) peer.addEventListener(what, () => this.draw(), { signal });
    this.draw();
  }

  end() {
    this.#peer = null;
    this.#awake.keep(false);
    this.#keeper?.stop();
    this.#listening?.abort();
    this.#keeper = this.#listening = null;
    this.draw();
  }

  /** Say again what is so now: one sentence, of what matters most. */
  draw() {
    const words = this.#words();
    if (this.#place.textContent !== words) this.#place.textContent = words;
    this.#place.hidden = words === "";
  }

  #words() {
    const peer = this.#peer;
    if (!peer) return "";
    const name = this.#name;
    const { sends, theirs } = peer;
    if (sends.why === "device" && !sends.audio) return t("Din mikrofon är borta en stund. Vi letar efter den.");
    if (sends.why === "device") return t("Din kamera är borta en stund. %(name)s hör dig.", { name });
    if (theirs.why === "device" && !theirs.audio) return t("Mikrofonen hos %(name)s är borta en stund.", { name });
    if (theirs.why === "device") return t("Bilden på %(name)s är borta en stund. Ni hör varandra.", { name });
    if (theirs.why === "line" && sends.why === "line") return t("Bilden är avstängd för att ljudet ska hålla.");
    if (theirs.why === "line") return t("Bilden på %(name)s är avstängd för att ljudet ska hålla.", { name });
    if (sends.why === "line") return t("Din bild är avstängd för att ljudet ska hålla.");
    if (!theirs.video && theirs.audio) return t("%(name)s visar ingen bild. Ni hör varandra.", { name });
    if (this.#page.dataset["line"] === "lost") return t("Samtalet fortsätter. Kontakten med systemet är borta en stund.");
    const battery = this.#battery;
    if (battery && !battery.charging && battery.level <= LOW) {
      return t("Batteriet är nere på %(percent)s procent. Sätt i laddaren.", { percent: String(Math.round(battery.level * 100)) });
    }
    return "";
  }
}
