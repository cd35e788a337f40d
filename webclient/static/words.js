/**
 * Words for people in scripts. The sentence in Swedish is its own key; other languages come from the
 * server once, before the first script that needs them runs (this module waits for them).
 *
 *     import { t, tn } from "../words.js";
 *     t("Söker %(name)s skärm…", { name: "Ingrids" });
 *     tn("%(n)s minut kvar", "%(n)s minuter kvar", minutes);
 */

/** @typedef {Record<string, string | string[]>} Catalogue */
/** @typedef {Record<string, string | number>} Values */

const language = document.documentElement.lang || "sv";

/** @returns {Promise<Catalogue>} */
async function load() {
  if (language === "sv") return {};
  try {
    const answer = await fetch(`/ord/${encodeURIComponent(language)}.json`);
    return answer.ok ? await answer.json() : {};
  } catch {
    // Without cover the Swedish words still stand; nobody is left without words.
    return {};
  }
}

const catalogue = await load();

const rules = new Intl.PluralRules(language);
/** The kinds of number that the language tells apart, in the order of a catalogue's forms. */
const kinds = ["zero", "one", "two", "few", "many", "other"].filter((kind) =>
  rules.resolvedOptions().pluralCategories.some((known) => known === kind));

/**
 * @param {string} text
 * @param {Values} values
 */
function fill(text, values) {
  return text.replace(/%\((\w+)\)[sd]|%%/g, (whole, name) =>
    name === undefined ? "%" : String(values[name] ?? whole),
  );
}

/**
 * The sentence in the language of the page, with `%(name)s` filled in.
 *
 * @param {string} sentence in Swedish
 * @param {Values} [values]
 * @returns {string}
 */
export function t(sentence, values = {}) {
  const found = catalogue[sentence];
  return fill(typeof found === "string" ? found : (found?.[0] ?? sentence), values);
}

/**
 * One or many, in as many forms as the language has: two in Swedish, six in Arabic. `%(n)s` is the number.
 *
 * @param {string} one
 * @param {string} many
 * @param {number} n
 * @param {Values} [values]
 * @returns {string}
 */
export function tn(one, many, n, values = {}) {
  const found = catalogue[one];
  const forms = Array.isArray(found) ? found : [one, many];
  // Without its catalogue the page stands in Swedish, whatever its language.
  const form = Array.isArray(found) ? kinds.indexOf(rules.select(n)) : Number(n !== 1);
  return fill(forms[form] ?? forms.at(-1) ?? many, { n, ...values });
}
