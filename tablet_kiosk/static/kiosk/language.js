/**
 * The language of the screen: the client's own, as the server said last time. Imported before everything else, so
 * that the words are fetched in it. A tablet that belongs to nobody speaks Swedish, whatever its browser speaks.
 */

const NAME = "samtid-language";

document.documentElement.lang = localStorage.getItem(NAME) ?? "sv";

/** True when the language changed: the page must be loaded anew. @param {string} language "sv" or "en" */
export function speak(language) {
  if (!language || language === document.documentElement.lang) return false;
  localStorage.setItem(NAME, language);
  return true;
}
