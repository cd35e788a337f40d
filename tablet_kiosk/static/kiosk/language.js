/**
 * The language of the screen: the client's own, as the server said last time. Imported before everything else, so
 * that the words are fetched in it. A tablet that belongs to nobody speaks Swedish, whatever its browser speaks.
 */

const NAME = "samtid-language";
/** Where and how dates are written; times are the server's, in the same figures everywhere. @type {Record<string, string>} */
const LOCALES = { sv: "sv-SE", en: "en-GB", fi: "fi-FI", ar: "ar-u-nu-latn" };
const RIGHT_TO_LEFT = new Set(["ar"]);

const root = document.documentElement;
root.lang = localStorage.getItem(NAME) ?? "sv";
root.dir = RIGHT_TO_LEFT.has(root.lang) ? "rtl" : "ltr";

/** True when the language changed: the page must be loaded anew. @param {string} language "sv", "en", "fi" or "ar" */
export function speak(language) {
  if (!language || language === root.lang) return false;
  localStorage.setItem(NAME, language);
  return true;
}

/** How dates are written in the language of the page. */
export function locale() {
  return LOCALES[root.lang] ?? "sv-SE";
}
