/**
 * Reading aloud, only with a voice that lives in the tablet: another would send the words away. Where there is none
 * in the language, a sentence that staff have spoken is played instead, if there is one.
 */

/** @typedef {import("./sound.js").Sound} Sound */

/** @param {string} language @returns {SpeechSynthesisVoice | null} */
function localVoice(language) {
  if (!("speechSynthesis" in globalThis)) return null;
  const fits = (/** @type {SpeechSynthesisVoice} */ voice) =>
    voice.localService && voice.lang.toLowerCase().replace("_", "-").startsWith(language);
  return speechSynthesis.getVoices().find(fits) ?? null;
}

/** @param {string} language e.g. "sv" */
export function hasVoice(language) {
  return localVoice(language) !== null;
}

/**
 * Say it, if there is a local voice. @param {string} text @param {string} language
 * @returns {boolean} whether there was one
 */
export function say(text, language) {
  const voice = localVoice(language);
  if (!voice) return false;
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice;
  words.lang = voice.lang;
  words.rate = 0.9;
  speechSynthesis.cancel();
  speechSynthesis.speak(words);
  return true;
}

export function hush() {
  if ("speechSynthesis" in globalThis) speechSynthesis.cancel();
}

/** The sentences that staff have spoken in the language of the screen. */
export class Spoken {
  /** @type {Record<string, string>} */ #addresses = {};
  #sound;
  #language;

  /** @param {Sound} sound @param {string} language */
  constructor(sound, language) {
    this.#sound = sound;
    this.#language = language;
  }

  /** Which there are, by name. They are fetched at once, so that they can be heard without contact too. @param {Record<string, string>} addresses */
  know(addresses) {
    if (JSON.stringify(addresses) === JSON.stringify(this.#addresses)) return;
    this.#addresses = addresses;
    if (hasVoice(this.#language)) return;
    for (const address of Object.values(addresses)) void fetch(address).catch(() => {});
  }

  /** Say `text` by the tablet's own voice, else play what was spoken. @param {string} text @param {string} name */
  say(text, name) {
    const address = this.#addresses[name];
    if (!say(text, this.#language) && address) void this.#sound.play(address);
  }

  hush() {
    hush();
    this.#sound.hush();
  }
}
