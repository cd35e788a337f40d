/** Building what stands on the screen, in a few words. */

/** @typedef {string | number | boolean | null | undefined | (() => void)} Value */
/** @typedef {Node | string | null | undefined | false} Child */

const SPRITE = new URL("../lib/icons.svg", import.meta.url).pathname;

/**
 * An element. `on…` sets a listener, true an empty attribute; false, null and undefined leave it out.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, Value>} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A drawing from the sprite; always beside a word, so it is hidden from screen readers. @param {string} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** @typedef {{first_name: string, portrait?: string | null}} Person */

/**
 * A face: the portrait, or the first letter of the name. The name always stands beside it in words.
 *
 * @param {Person} person
 * @param {string} size "s", "m" or "l"
 */
export function face(person, size) {
  const letter = element("span", { class: "face", "data-size": size, "data-tone": person.first_name.length % 5, "aria-hidden": "true" },
    person.first_name.slice(0, 1));
  if (!person.portrait) return letter;
  const picture = element("img", { class: "face", "data-size": size, src: person.portrait, alt: "" });
  // A portrait that is not to be had must not leave a hole.
  picture.addEventListener("error", () => picture.replaceWith(letter), { once: true });
  return picture;
}

/** The faces of one or two. @param {Person[]} people @param {string} size */
export function faces(people, size) {
  return element("span", { class: "faces" }, ...people.map((person) => face(person, size)));
}

/**
 * A big button with its word and perhaps an icon.
 *
 * @param {string} words
 * @param {() => void} act
 * @param {{kind?: string, symbol?: string}} [look]
 */
export function button(words, act, { kind = "primary", symbol = "" } = {}) {
  return element("button", { type: "button", class: `button ${kind}`, onclick: act }, symbol ? icon(symbol) : null, element("span", {}, words));
}
