/** How this home has set up its screen: the page is told once, and CSS and keys follow. */

/**
 * @typedef {{reach: "both" | "left" | "right", text_size: number, switch: "keyboard" | "one" | "two", flash: boolean,
 *   hearing_aid: boolean, loudest: number, plain_voice: boolean}} Settings
 */

/** @type {Settings} A tablet that belongs to nobody, and a day that was kept by an older page. */
export const ORDINARY = { reach: "both", text_size: 100, switch: "keyboard", flash: false, hearing_aid: false, loudest: 150, plain_voice: false };

let applied = "";

/**
 * Let the page follow. @param {Settings} settings
 * @returns {boolean} whether anything has changed
 */
export function apply({ reach, text_size, switch: keys }) {
  const said = JSON.stringify([reach, text_size, keys]);
  if (said === applied) return false;
  applied = said;
  const { dataset } = document.documentElement;
  dataset["reach"] = reach;
  dataset["text"] = String(text_size);
  dataset["switch"] = keys;
  return true;
}

/** At night every screen that may come up is dark (tokens.css), and a ring dimmer still (call.css). @param {boolean} isNight */
export function dim(isNight) {
  document.documentElement.toggleAttribute("data-night", isNight);
}
