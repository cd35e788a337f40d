import { readFile } from "node:fs/promises";
import { Avatar, Style } from "@dicebear/core";

/**
 * Drawn portraits for the demo's made-up people: never photographs of anybody.
 *
 * The same number always gives the same face. Within each set of 120 the first 80 are drawn as
 * women and the last 40 as men, about the shares of home care; whoever seeds people picks by that.
 */
export const COUNT = 120;
export const WOMEN = 80;

const SKIN = ["#f9c9b6", "#f6d0bd", "#eab897", "#d99f7e", "#ac6651", "#77311d"];
/** Most people in the demo municipality are pale, some are not: weights for SKIN, by repetition. */
const SKIN_OF = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5];
const BACKGROUND = ["#c9e4de", "#d7e0f2", "#fbe3d6", "#f7e7b4", "#e6def0", "#dbe8cf"];
const SHIRT = ["#6db5a4", "#8aa9d6", "#f4d150", "#e58f7b", "#9287c9", "#e8eef0", "#4f7f96", "#c98a9a"];
/** From this SKIN on, hair is one of the first three colours. */
const DARK_SKIN = 4;
const HAIR = ["#2a211d", "#1d1d22", "#4a3426", "#6f4b2f", "#8d5f3a", "#c08a3e", "#d9b36a", "#8f3d24"];
const GREY = ["#f1f0ec", "#dcdcd8", "#c4c5c4", "#a9acad", "#e6e1d3"];
const FRAME = ["#2b2b2b", "#4b3a2b", "#6a7fb0", "#8a3b35"];

const MOUTHS = ["smile", "smile", "laughing", "smirk"];
/** Which hair shapes read as what; the style has eight and we leave out the loudest two. */
const LOOKS = {
  woman: {
    worker: { hair: ["full", "pixie", "full", "pixie", "full"], brows: ["eyelashesUp", "eyelashesDown"] },
    elder: { hair: ["pixie", "pixie", "full"], brows: ["eyelashesUp", "up"] },
  },
  man: {
    worker: { hair: ["fonze", "dannyPhantom", "fonze", "fonze", "mrClean"], brows: ["up", "down"] },
    elder: { hair: ["mrClean", "fonze", "fonze", "dougFunny"], brows: ["up", "down"] },
  },
};

/** @typedef {"worker" | "elder"} Kind */

/**
 * A pick that looks random and never changes: a small integer hash of number and trait.
 *
 * @template T
 * @param {readonly T[]} choices
 * @param {number} number
 * @param {string} trait
 * @returns {T}
 */
function pick(choices, number, trait) {
  let hash = 2166136261 ^ number;
  for (const letter of `${trait}:${number}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  return /** @type {T} */ (choices[((hash ^ (hash >>> 13)) >>> 0) % choices.length]);
}

/**
 * @param {Style<any>} style
 * @param {Kind} kind
 * @param {number} number 0 … COUNT - 1
 * @returns {string} the SVG
 */
function portrait(style, kind, number) {
  const elder = kind === "elder";
  const sex = number < WOMEN ? "woman" : "man";
  const look = LOOKS[sex][kind];
  const skin = pick(elder ? SKIN_OF.slice(0, 9) : SKIN_OF, number, "skin");
  const hair = pick(elder ? GREY : skin < DARK_SKIN ? HAIR : HAIR.slice(0, 3), number, "hair colour");
  const svg = new Avatar(style, {
    seed: `${kind}-${number}`,
    size: 160,
    baseColor: SKIN[skin],
    backgroundColor: pick(BACKGROUND, number, "background"),
    hairColor: hair,
    facialHairColor: hair,
    eyebrowsColor: "#000000",
    shirtColor: pick(SHIRT, number, "shirt"),
    glassesColor: pick(FRAME, number, "frame"),
    hairVariant: pick(look.hair, number, "hair shape"),
    hairProbability: 100,
    eyebrowsVariant: pick(look.brows, number, "brows"),
    eyesVariant: pick(["eyes", "round", "smiling", "eyes"], number, "eyes"),
    mouthVariant: pick(MOUTHS, number, "mouth"),
    clothesVariant: pick(["collared", "crew", "open"], number, "clothes"),
    facialHairVariant: pick(["beard", "scruff"], number, "beard"),
    facialHairProbability: sex === "man" && pick([true, false], number, "bearded") ? 100 : 0,
    glassesVariant: pick(["round", "square"], number, "glasses"),
    glassesProbability: pick(elder ? [100, 100, 0] : [100, 0, 0, 0], number, "wears glasses"),
    earringsProbability: sex === "woman" && pick([true, false, false], number, "earrings") ? 100 : 0,
  }).toString();
  // Blend modes are inline style, which our CSP forbids wherever the file is opened by itself; the
  // blended shapes are black shadows and white glints, which look the same without.
  return svg.replaceAll('style="mask-type:alpha"', 'mask-type="alpha"').replace(/ style="mix-blend-mode:[a-z-]+"/g, "");
}

/**
 * All portraits as [file name, SVG] pairs.
 *
 * @param {string} definition path of the style definition
 * @returns {Promise<[string, string][]>}
 */
export async function portraits(definition) {
  const style = new Style(JSON.parse(await readFile(definition, "utf8")));
  /** @type {[string, string][]} */
  const drawn = [];
  for (const kind of /** @type {const} */ (["worker", "elder"])) {
    for (let number = 0; number < COUNT; number += 1) {
      drawn.push([`${kind}-${String(number).padStart(3, "0")}.svg`, portrait(style, kind, number)]);
    }
  }
  return drawn;
}
