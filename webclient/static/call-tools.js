/**
 * Beside talking: large words and a picture on the client's screen, and its loudness. Nothing of it is kept
 * (docs/protocol.md section 6).
 */

import { LABEL, LARGEST, sendPicture } from "./call/picture.js";
import { t } from "./words.js";

/** @typedef {import("./call/peer.js").Peer} Peer */
/** @typedef {import("./call/protocol.js").Connection} Connection */

/** One press on louder or softer, per cent. */
const STEP = 25;
const LEAST = 50;
/** The longer side of a picture, and how much it is pressed together, until it is small enough. */
const SIDES = [1600, 1280, 960];
const FINENESS = 0.82;
/** No word from the tablet by then: it could not be shown. Milliseconds. */
const PATIENCE = 15_000;

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

export class CallTools {
  #connection;
  #name;
  #peer;
  #number = 0;
  #level = 100;
  #most = 100;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #late;
  #text = find("large-text", HTMLTextAreaElement);
  #state = find("shown-state", HTMLElement);
  #away = find("put-away", HTMLButtonElement);
  #louder = find("louder", HTMLButtonElement);
  #softer = find("softer", HTMLButtonElement);

  /** @param {{connection: Connection, name: string, peer: () => Peer | null}} options */
  constructor({ connection, name, peer }) {
    this.#connection = connection;
    this.#name = name;
    this.#peer = peer;
    find("large-text-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.write(this.#text.value);
    });
    for (const quick of document.querySelectorAll("[data-large-text]")) {
      quick.addEventListener("click", () => this.write(quick.textContent ?? ""));
    }
    this.#away.addEventListener("click", () => this.#send(""));
    find("show-text", HTMLButtonElement).addEventListener("click", () => {
      this.#text.scrollIntoView({ block: "center" });
      this.#text.focus({ preventScroll: true });
    });
    const file = find("picture", HTMLInputElement);
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (chosen) void this.#picture(chosen);
    });
    this.#louder.addEventListener("click", () => this.#ask(this.#level + STEP));
    this.#softer.addEventListener("click", () => this.#ask(this.#level - STEP));
    connection.on("shown", ({ call, number, state }) => {
      if (call === this.#peer()?.call && number === this.#number) this.#shown(state);
    });
    connection.on("volume", ({ call, level, most }) => {
      if (call !== this.#peer()?.call) return;
      this.#level = level;
      this.#most = most ?? this.#most;
      this.#drawVolume();
    });
  }

  /** Another call begins. */
  begin() {
    this.#number = 0;
    this.#text.value = "";
    this.#say("");
    this.#away.hidden = true;
    find("loudness", HTMLElement).hidden = true;
  }

  /** Large words on the screen. @param {string} words */
  write(words) {
    const text = words.trim();
    if (text) this.#send(text);
    else this.#text.focus();
  }

  /** @param {string} text empty: take away what stands there */
  #send(text) {
    const call = this.#peer()?.call;
    if (!call || !this.#connection.send({ type: "show_text", call, number: ++this.#number, text })) {
      this.#say(t("Det gick inte att visa. Försök igen."));
      return;
    }
    this.#wait();
  }

  /** @param {File} file */
  async #picture(file) {
    const peer = this.#peer();
    if (!peer?.call) return;
    const number = ++this.#number;
    this.#say(t("Skickar bilden…"));
    const small = await smaller(file);
    if (!small) {
      this.#say(t("Den filen går inte att visa. Välj en bild på högst 20 MB."));
      return;
    }
    this.#wait();
    if (!(await sendPicture(peer.channel(LABEL), number, small)) && number === this.#number) this.#shown("failed");
  }

  #wait() {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#shown("failed"), PATIENCE);
  }

  /** @param {string} state */
  #shown(state) {
    clearTimeout(this.#late);
    const name = this.#name;
    this.#away.hidden = state !== "shown";
    if (state === "shown") this.#say(t("Visas nu på skärmen hos %(name)s.", { name }));
    else if (state === "failed") this.#say(t("Det gick inte att visa. Försök igen."));
    else this.#say(t("Det är borta från skärmen hos %(name)s.", { name }));
  }

  /** @param {string} words */
  #say(words) {
    this.#state.textContent = words;
  }

  /** @param {number} level */
  #ask(level) {
    const call = this.#peer()?.call;
    const wanted = Math.max(LEAST, Math.min(level, this.#most));
    if (call) this.#connection.send({ type: "volume", call, level: wanted });
  }

  #drawVolume() {
    find("loudness", HTMLElement).hidden = false;
    find("loudness-now", HTMLElement).textContent = t("%(level)s procent", { level: this.#level });
    this.#louder.setAttribute("aria-disabled", String(this.#level >= this.#most));
    this.#softer.setAttribute("aria-disabled", String(this.#level <= LEAST));
  }
}

/** Larger files are not read at all. */
const LARGEST_FILE = 20 * 1024 * 1024;

/**
 * The picture, small enough for the way and without what a camera writes into the file (place and time).
 * @param {File} file @returns {Promise<Blob | null>} null when it is no picture
 */
async function smaller(file) {
  if (file.size > LARGEST_FILE) return null;
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return null;
  }
  for (const side of SIDES) {
    const share = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * share)), Math.max(1, Math.round(picture.height * share)));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: FINENESS });
    if (blob.size <= LARGEST) return blob;
  }
  return null;
}
