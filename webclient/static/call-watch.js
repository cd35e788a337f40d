/**
 * What is wrong with picture or sound during a call, told to the worker in calm words: on whose side, and one thing
 * to try. What is found is the watches' (call/watch/); the tablet tells of its own side by `trouble`.
 */

import { closeCamera } from "./call/camera.js";
import { closedBy, reopen } from "./call/reopen.js";
import { Watch } from "./call/watch/watch.js";
import { t } from "./words.js";

/** @typedef {import("./call/peer.js").Peer} Peer */
/** @typedef {import("./call/protocol.js").Connection} Connection */
/** @typedef {{words: string, act?: [string, () => unknown]}} Advice */

/** How long "Nu fungerar det igen" stands. Milliseconds. */
const GOOD_NEWS = 5_000;
/** What matters most is told first: who cannot be heard, then who cannot be seen. */
const WEIGHT = [
  "no_path",
  "sound_blocked", "sound_off", "microphone_refused", "microphone_gone", "microphone_muted", "microphone_silent", "echo",
  "camera_refused", "camera_gone", "camera_still", "camera_dark",
];

/**
 * What the page lends.
 *
 * @typedef {object} Lent
 * @property {Connection} connection
 * @property {HTMLElement} place with a `p` for the words and a button for what to try
 * @property {HTMLMediaElement} remote
 * @property {string} name first name of the client
 * @property {() => MediaStream | null} camera
 * @property {() => boolean} needsTouch the browser lets nothing be heard before a press
 * @property {() => void} listen
 * @property {() => void} quieter
 * @property {(words: string) => void} write large words on the tablet
 * @property {() => HTMLAnchorElement | null} telephone
 */

export class CallWatch {
  #lent;
  /** @type {Peer | null} */ #peer = null;
  /** @type {Watch | null} */ #watch = null;
  /** What is wrong at the tablet. @type {Set<string>} */ #theirs = new Set();
  /** @type {string} */ #told = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #good;

  /** @param {Lent} lent */
  constructor(lent) {
    this.#lent = lent;
    lent.connection.on("trouble", ({ call, what, state }) => {
      if (call !== this.#peer?.call) return;
      const had = this.#theirs.has(what);
      if (state === "found") this.#theirs.add(what);
      else this.#theirs.delete(what);
      this.#draw(had && state !== "found");
    });
  }

  /** The call is answered. @param {Peer} peer */
  start(peer) {
    if (this.#peer === peer) return;
    this.stop();
    this.#peer = peer;
    const { remote, camera, needsTouch } = this.#lent;
    const watch = (this.#watch = new Watch({
      report: () => peer.report(), isConnected: () => peer.path === "connected", stream: camera,
      theirs: () => peer.theirs, isVisible: () => document.visibilityState === "visible",
      loudspeaker: () => {
        if (needsTouch()) return "blocked";
        return remote.paused || remote.muted || remote.volume === 0 ? "off" : "playing";
      },
    }));
    for (const type of /** @type {const} */ (["found", "over"])) {
      watch.addEventListener(type, (event) => {
        const { what } = /** @type {CustomEvent<{what: string}>} */ (event).detail;
        this.#lent.connection.send({ type: "trouble", call: peer.call, what, state: type });
        this.#draw(type === "over");
      });
    }
    watch.start();
  }

  stop() {
    this.#watch?.stop();
    this.#peer = this.#watch = null;
    this.#theirs.clear();
    clearTimeout(this.#good);
    this.#say(null);
  }

  /** @param {boolean} isGood something was mended */
  #draw(isGood) {
    const first = (/** @type {Set<string>} */ found) => WEIGHT.find((what) => found.has(what));
    const theirs = first(this.#theirs);
    const mine = first(this.#watch?.found ?? new Set());
    // Where it is the other side's, nothing that is done here helps.
    const advice = mine ? this.#mine(mine) : theirs ? this.#their(theirs) : null;
    clearTimeout(this.#good);
    if (advice === null && isGood) {
      this.#say({ words: t("Nu fungerar det igen.") });
      this.#good = setTimeout(() => this.#say(null), GOOD_NEWS);
      return;
    }
    this.#say(advice);
  }

  /** @param {Advice | null} advice */
  #say(advice) {
    const { place } = this.#lent;
    const words = advice?.words ?? "";
    if (words === this.#told) return;
    this.#told = words;
    const line = place.querySelector("p");
    const button = place.querySelector("button");
    if (!line || !button) return;
    place.hidden = advice === null;
    line.textContent = words;
    button.hidden = !advice?.act;
    button.textContent = advice?.act?.[0] ?? "";
    button.onclick = advice?.act?.[1] ?? null;
  }

  /** @param {string} what @returns {Advice | null} */
  #mine(what) {
    const { name, listen, quieter } = this.#lent;
    const again = (/** @type {"audio" | "video"} */ kind) => () => void this.#reopen(kind);
    switch (what) {
      case "no_path":
        return this.#noPath();
      case "sound_off":
        return { words: t("Du hör inte %(name)s: ljudet spelas inte upp hos dig.", { name }), act: [t("Slå på ljudet"), listen] };
      case "microphone_refused":
        return { words: t("Webbläsaren släpper inte fram din mikrofon. Tillåt den bredvid adressen."), act: [t("Försök igen"), again("audio")] };
      case "microphone_gone":
        return { words: t("Din mikrofon är borta. Anslut den, eller använd en annan."), act: [t("Försök igen"), again("audio")] };
      case "microphone_muted":
        return { words: t("Din mikrofon är avstängd på datorn eller headsetet. Slå på den där."), act: [t("Försök igen"), again("audio")] };
      case "microphone_silent":
        return { words: t("Det kommer inget ljud från din mikrofon, så %(name)s hör dig inte.", { name }), act: [t("Öppna mikrofonen igen"), again("audio")] };
      case "echo":
        return { words: t("%(name)s hör sig själv genom din högtalare. Hörlurar hjälper.", { name }), act: [t("Sänk ljudet"), quieter] };
      case "camera_refused":
      case "camera_gone":
        return { words: t("Din kamera är borta. %(name)s hör dig men ser dig inte.", { name }), act: [t("Försök igen"), again("video")] };
      case "camera_still":
        return { words: t("Bilden från din kamera står still."), act: [t("Öppna kameran igen"), again("video")] };
      case "camera_dark":
        return { words: t("Bilden från din kamera är svart. Se efter om något täcker den.") };
      default:
        return null;
    }
  }

  /** @param {string} what @returns {Advice | null} */
  #their(what) {
    const { name, write, telephone } = this.#lent;
    const link = telephone();
    /** @type {{act?: [string, () => unknown]}} */
    const ring = link ? { act: [t("Ring på telefon"), () => link.click()] } : {};
    switch (what) {
      case "no_path":
        return this.#noPath();
      case "sound_blocked":
        return {
          words: t("%(name)s hör dig först när någon trycker på skärmen.", { name }),
          act: [t("Skriv det på skärmen"), () => write(t("Tryck här så hör du mig"))],
        };
      case "sound_off":
        return { words: t("Ljudet spelas inte upp hos %(name)s. Skärmen försöker igen.", { name }), ...ring };
      case "microphone_refused":
        return { words: t("Skärmen hos %(name)s får inte använda mikrofonen. Den behöver ses till på plats.", { name }), ...ring };
      case "microphone_gone":
        return { words: t("Mikrofonen hos %(name)s är borta. Skärmen letar efter den.", { name }), ...ring };
      case "microphone_muted":
        return { words: t("Mikrofonen hos %(name)s är avstängd på själva skärmen. Den försöker slå på den.", { name }), ...ring };
      case "microphone_silent":
        return { words: t("Det kommer inget ljud från mikrofonen hos %(name)s. Skärmen öppnar den igen.", { name }), ...ring };
      case "echo":
        return { words: t("Din röst kommer tillbaka från %(name)s. Skärmen har sänkt ljudet lite.", { name }) };
      case "camera_refused":
      case "camera_gone":
        return { words: t("Kameran hos %(name)s går inte att öppna. Ni kan höra varandra.", { name }) };
      case "camera_still":
        return { words: t("Bilden från %(name)s står still. Skärmen öppnar kameran igen.", { name }) };
      case "camera_dark":
        return { words: t("Bilden från %(name)s är svart. Fråga om något täcker kameran eller om lampan är släckt.", { name }) };
      default:
        return null;
    }
  }

  /** @returns {Advice} */
  #noPath() {
    const { name, telephone } = this.#lent;
    const link = telephone();
    return {
      words: t("Nätet släpper inte fram samtalet till %(name)s. Vi försöker vidare.", { name }),
      ...(link ? { act: [t("Ring på telefon"), () => link.click()] } : {}),
    };
  }

  /** @param {"audio" | "video"} kind */
  async #reopen(kind) {
    const [peer, watch, stream] = [this.#peer, this.#watch, this.#lent.camera()];
    if (!peer || !watch || !stream) return;
    const why = await reopen(stream, kind);
    if (peer !== this.#peer) {
      // The call ended while it was being opened.
      if (this.#lent.camera() !== stream) closeCamera(stream);
      return;
    }
    if (why !== null) {
      const what = this.#mine(closedBy(kind, why));
      if (what) this.#say(what);
      return;
    }
    await peer.show(stream);
    watch.again();
    this.#say({ words: t("Öppnad igen. Vi lyssnar och tittar efter en stund.") });
  }
}
