/** "Starta": asks once for all that a call needs, and says in words what it was given. */

import { t } from "../words.js";
import { button, element, icon } from "./element.js";
import { PARTS, tryOut } from "./readiness.js";
import { Screen } from "./screens.js";

/** @typedef {import("./readiness.js").Report} Report */

const SYMBOLS = { camera: "camera", microphone: "mic", sound: "volume-2", wake_lock: "sun" };
/** Milliseconds that a good report stands before the day comes by itself. */
const READ = 6_000;

/** @returns {Record<string, Record<string, string>>} */
function sentences() {
  return {
    camera: {
      granted: t("Kameran fungerar"), denied: t("Kameran är inte tillåten"), missing: t("Det finns ingen kamera"),
      unknown: t("Kameran används av något annat"), waiting: t("Kameran: tryck på Tillåt"),
    },
    microphone: {
      granted: t("Mikrofonen fungerar"), denied: t("Mikrofonen är inte tillåten"), missing: t("Det finns ingen mikrofon"),
      unknown: t("Mikrofonen används av något annat"), waiting: t("Mikrofonen: tryck på Tillåt"),
    },
    sound: { ok: t("Ljudet är på"), blocked: t("Ljudet är blockerat"), waiting: t("Ljudet provas…") },
    wake_lock: {
      ok: t("Skärmen hålls tänd"), denied: t("Skärmen kan slockna"), unsupported: t("Skärmen kan slockna"),
      unknown: t("Skärmen kan slockna"), waiting: t("Skärmen provas…"),
    },
  };
}

export class StartScreen extends Screen {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #going;
  #whose = element("p", { class: "lead" });

  /**
   * @param {{sound: import("./sound.js").Sound, wakeLock: import("./readiness.js").WakeLock,
   *   done: (report: Report) => void, leave: () => void}} given
   */
  show(given) {
    const start = button(t("Starta"), () => void this.#run(given), { symbol: "check" });
    this.first = start;
    this.said = () => t("Tryck på Starta och svara Tillåt när skärmen frågar.");
    this.fill(
      "start",
      element("div", { class: "words" },
        element("h1", {}, t("Nu kan skärmen startas")),
        this.#whose,
        element("p", { class: "lead" }, t("Tryck på Starta och svara Tillåt när skärmen frågar."))),
      element("ul", { class: "asked" }, ...PARTS.map((part) => this.#item(part, {
        camera: t("Kamera"), microphone: t("Mikrofon"), sound: t("Ljud"), wake_lock: t("Tänd skärm"),
      }[part], ""))),
      element("div", { class: "choices" }, start),
    );
  }

  /** Whose it is, as soon as that is known. @param {string[]} names */
  update(names) {
    const [first, second] = names;
    const who = first && second ? t("%(first)s och %(second)s", { first, second }) : first;
    const words = who ? t("Skärmen är till för %(who)s.", { who }) : "";
    if (this.#whose.textContent !== words) this.#whose.textContent = words;
  }

  disconnectedCallback() {
    clearTimeout(this.#going);
  }

  /** @param {typeof PARTS[number]} part @param {string} words @param {string} state */
  #item(part, words, state) {
    const symbol = state === "good" ? "circle-check" : state === "bad" ? "triangle-alert" : SYMBOLS[part];
    return element("li", { class: state, "data-part": part }, icon(symbol), element("span", {}, words));
  }

  /** @param {Parameters<StartScreen["show"]>[0]} given */
  async #run(given) {
    clearTimeout(this.#going);
    const words = sentences();
    const list = element("ul", { class: "asked" },
      ...PARTS.map((part) => this.#item(part, words[part]?.["waiting"] ?? "", "")));
    const heading = element("h1", {}, t("Skärmen frågar om lov"));
    const choices = element("div", { class: "choices" });
    this.fill("start", element("div", { class: "words" }, heading), element("div", { class: "report", role: "status" }, list), choices);
    /** @type {Report} */
    const report = { camera: "unknown", microphone: "unknown", sound: "blocked", wake_lock: "unknown" };
    const tests = {
      // Sound first: the touch that started this is what lets it be heard.
      sound: async () => (report.sound = await given.sound.wake()),
      camera: async () => (report.camera = await tryOut("camera")),
      microphone: async () => (report.microphone = await tryOut("microphone")),
      wake_lock: async () => (report.wake_lock = await given.wakeLock.take()),
    };
    for (const [part, test] of Object.entries(tests)) {
      const state = await test();
      const isGood = state === "granted" || state === "ok";
      const old = list.querySelector(`[data-part="${part}"]`);
      old?.replaceWith(this.#item(/** @type {typeof PARTS[number]} */ (part), words[part]?.[state] ?? "", isGood ? "good" : "bad"));
    }
    if (report.sound === "ok") given.sound.chime();
    given.done(report);
    const isWell = report.camera === "granted" && report.microphone === "granted" && report.sound === "ok";
    heading.textContent = isWell ? t("Skärmen är klar") : t("Något saknas");
    const onward = button(t("Visa dagen"), given.leave, { kind: isWell ? "primary" : "second" });
    if (isWell) {
      choices.replaceChildren(onward);
      this.#going = setTimeout(given.leave, READ);
    } else {
      list.after(element("p", { class: "lead" },
        t("Tillåt kamera och mikrofon för den här sidan i webbläsaren, och prova igen.")));
      choices.replaceChildren(button(t("Prova igen"), () => void this.#run(given), { symbol: "rotate-cw" }), onward);
    }
    choices.querySelector("button")?.focus();
  }
}

customElements.define("kiosk-start", StartScreen);
