/** Reading aloud, only with a voice that lives in the tablet: another would send the words away. */

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
