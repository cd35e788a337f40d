/**
 * The screens that are words and buttons. Each is a native custom element that is filled once when it comes up and
 * told of changes by `update`. They decide nothing: they say what was pressed.
 */

import { t } from "../words.js";
import { button, element, icon } from "./element.js";

/** Steps in which a screen gives way to large text (kiosk.css). */
const MOST_TIGHT = 3;

/** @param {Element | null | undefined} place */
export function fits(place) {
  return !place || (place.scrollHeight <= place.clientHeight + 1 && place.scrollWidth <= place.clientWidth + 1);
}

/** What is common: a name for styles, a sentence for screen readers, and the button that Enter and Space press. */
export class Screen extends HTMLElement {
  /** @type {() => string} What a screen reader is told when the screen comes up. */ said = () => "";
  /** @type {(words: string) => void} Tells a screen reader what changes while the screen stands; the stage gives it. */ tell = () => {};
  /** @type {HTMLElement | null} */ first = null;
  #size = new ResizeObserver(() => this.fit());
  /** Told at once instead of when the reader is done. */ isUrgent = false;

  /** @param {string} name @param {...(Node | null | false)} children */
  fill(name, ...children) {
    this.className = `screen ${name}`;
    this.replaceChildren(...children.filter((child) => child instanceof Node));
    // The words grow with the reader's text size even when the screen stays as it is.
    this.#size.disconnect();
    for (const one of [this, ...this.children]) this.#size.observe(one);
  }

  /** Nothing scrolls: with large text on a small screen what only adorns gives way, step by step (kiosk.css). */
  fit() {
    for (let tight = 0; tight <= MOST_TIGHT; tight++) {
      this.dataset["tight"] = String(tight);
      if (fits(this)) return;
    }
  }
}

/** @param {string} words @param {string} kind */
function line(words, kind) {
  return element("p", { class: kind }, words);
}

/** As the server says it (server/tablets/wording.py), for a reminder that comes without contact. @param {string} word */
export function promptText(word) {
  const [kind = ""] = word.split(",");
  return [t("Påminnelse"), t("Samtal"), t("Besök")].includes(kind)
    ? t("Nu är det dags.") : t("Nu är det dags för %(word)s.", { word: word.charAt(0).toLowerCase() + word.slice(1) });
}

/** A reminder: what it is time for, read aloud as well. */
export class PromptScreen extends Screen {
  /** @param {import("./day.js").Prompt} prompt @param {{done: () => void, later: () => void}} acts */
  show(prompt, { done, later }) {
    const yes = button(t("Klart"), done, { symbol: "check" });
    this.first = yes;
    this.said = () => prompt.text;
    this.fill(
      "prompt",
      element("div", { class: "words" }, element("span", { class: "round sun" }, icon("bell")),
        element("h1", {}, prompt.title), line(prompt.text, "lead")),
      element("div", { class: "choices" }, yes, button(t("Inte nu"), later, { kind: "second" })),
    );
  }
}

/** A change of plan: told once, standing until touched. */
export class NoticeScreen extends Screen {
  /** @param {import("./day.js").Notice} notice @param {() => void} read */
  show(notice, read) {
    const yes = button(t("Jag har läst"), read, { symbol: "check" });
    this.first = yes;
    this.said = () => notice.text;
    this.fill(
      "notice-screen",
      element("div", { class: "words" }, element("span", { class: "round pine" }, icon("calendar-clock")),
        element("h1", {}, t("Det har blivit en ändring")), line(notice.text, "lead")),
      element("div", { class: "choices" }, yes),
    );
  }
}

const FACES = /** @type {const} */ ([["happy", "smile"], ["so_so", "meh"], ["unhappy", "frown"]]);

/** "Är du nöjd i dag?" Silence is no data. */
export class PulseScreen extends Screen {
  /** @param {(face: string) => void} answer @param {string} name who is asked, where two live together */
  show(answer, name) {
    const question = name ? t("%(name)s, är du nöjd i dag?", { name }) : t("Är du nöjd i dag?");
    const words = { happy: t("Nöjd"), so_so: t("Sådär"), unhappy: t("Inte nöjd") };
    const choices = FACES.map(([name, symbol]) =>
      element("button", { type: "button", class: `mood ${name}`, onclick: () => answer(name) },
        icon(symbol), element("span", {}, words[name])));
    this.first = null;
    this.said = () => question;
    this.fill(
      "pulse",
      element("h1", {}, question),
      element("div", { class: "moods" }, ...choices),
      line(t("Du behöver inte svara."), "quiet"),
    );
  }
}

/** After "Inte nöjd": is somebody to ring? The face that was pressed stays nobody's; only the wish is told. */
export class WishScreen extends Screen {
  /** @param {{yes: () => void, no: () => void}} acts */
  show({ yes, no }) {
    const ring = button(t("Ja"), yes, { symbol: "phone" });
    this.first = ring;
    this.said = () => t("Vill du att någon ringer?");
    this.fill(
      "wish",
      element("div", { class: "words" }, element("span", { class: "round pine" }, icon("phone")),
        element("h1", {}, t("Vill du att någon ringer?"))),
      element("div", { class: "choices" }, ring, button(t("Nej"), no, { kind: "second" })),
    );
  }
}

/** A few words that go away by themselves. */
export class WordsScreen extends Screen {
  /** @param {string} words @param {string} more @param {string} symbol */
  show(words, more = "", symbol = "heart") {
    this.said = () => `${words} ${more}`;
    this.fill(
      "few-words",
      element("div", { class: "words" }, element("span", { class: "round pine" }, icon(symbol)),
        element("h1", {}, words), more ? line(more, "lead") : null),
    );
  }
}

/** A worker tries the screen from afar. Camera and microphone stay closed. */
export class TestScreen extends Screen {
  show() {
    this.said = () => t("Personalen provar skärmen.");
    const bars = ["pine", "sky", "sun", "brick", "ink"].map((tone) => element("span", { class: tone }));
    this.fill(
      "test",
      element("div", { class: "bars", "aria-hidden": "true" }, ...bars),
      element("div", { class: "words" }, element("h1", {}, t("Personalen provar skärmen")),
        line(t("Du behöver inte göra något."), "lead"),
        line(t("Kameran och mikrofonen är av."), "quiet")),
    );
  }
}

/** The same tablet is open in another window. */
export class ReplacedScreen extends Screen {
  /** @param {() => void} here */
  show(here) {
    const yes = button(t("Visa här"), here);
    this.first = yes;
    this.said = () => t("Skärmen är öppen i ett annat fönster.");
    this.fill(
      "few-words",
      element("div", { class: "words" }, element("h1", {}, t("Skärmen är öppen i ett annat fönster"))),
      element("div", { class: "choices" }, yes),
    );
  }
}

customElements.define("kiosk-prompt", PromptScreen);
customElements.define("kiosk-notice", NoticeScreen);
customElements.define("kiosk-pulse", PulseScreen);
customElements.define("kiosk-wish", WishScreen);
customElements.define("kiosk-words", WordsScreen);
customElements.define("kiosk-test", TestScreen);
customElements.define("kiosk-replaced", ReplacedScreen);
