/** The day: the time, what comes next, and at most four rows. And the night, when there is nothing to do. */

import { t } from "../words.js";
import { CallRequestPlace } from "./call-request.js";
import { isNight, partOfDay, view, wall } from "./day.js";
import { element, faces, icon } from "./element.js";
import { locale } from "./language.js";
import { fits, Screen } from "./screens.js";

/** @typedef {import("./day.js").Day} Day */
/** @typedef {import("./day.js").Row} Row */

/** Steps in which the clock, and at last the rows, give way to large text (day.css). */
const MOST_TIGHT = 4;

/** So long before a call somebody may be asked to put in a hearing aid. */
const SOON = 15 * 60_000;

const SYMBOLS = { physical: "house", video: "video", phone: "phone", prompt: "bell" };

/** @param {string} time HH:MM */
function dotted(time) {
  return time.replace(":", ".");
}

/** @param {number} now @param {string} zone */
function dateInWords(now, zone) {
  const words = new Intl.DateTimeFormat(locale(),
    { weekday: "long", day: "numeric", month: "long", timeZone: zone }).format(now);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {number} now @param {string} zone */
function localDay(now, zone) {
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone: zone }).format(now);
}

/** @param {string} time */
function partInWords(time) {
  return {
    morning: t("Det är morgon"),
    forenoon: t("Det är förmiddag"),
    afternoon: t("Det är eftermiddag"),
    evening: t("Det är kväll"),
    night: t("Det är natt"),
  }[partOfDay(time)];
}

/** Word and place: "Pratstund här på skärmen". @param {Row} row */
function place(row) {
  if (row.channel === "video") return row.state === "was" ? row.word : t("%(word)s här på skärmen", { word: row.word });
  if (row.channel === "prompt") return row.word === t("Påminnelse") ? t("Här på skärmen") : t("Påminnelse här på skärmen");
  return row.word;
}

/** Nobody comes or calls with a reminder, whoever looks after it. @param {Row} row */
function hasFaces(row) {
  return row.people.length > 0 && row.channel !== "prompt";
}

/** The heading over the next contact. @param {Row} row @param {number} now @param {boolean} isNow @param {boolean} isToday */
function heading(row, now, isNow, isToday) {
  // Later than planned: the time it was planned for says it without a reproach.
  if (isNow) return now < Date.parse(row.end) ? t("Just nu") : t("Klockan %(time)s", { time: row.time });
  if (!isToday) return t("I morgon kl. %(time)s", { time: row.time });
  return {
    physical: t("Nästa besök kl. %(time)s", { time: row.time }),
    video: t("Nästa samtal kl. %(time)s", { time: row.time }),
    phone: t("Nästa samtal kl. %(time)s", { time: row.time }),
    prompt: t("Nästa påminnelse kl. %(time)s", { time: row.time }),
  }[row.channel];
}

/** Figures in their own face, the rest in the letters'. @param {string} words */
function withFigures(words) {
  return words.split(/(\d{1,2}[.:]\d{2})/).map((part, number) =>
    number % 2 ? element("span", { class: "figures" }, part) : part);
}

export class DayScreen extends Screen {
  /** What stands there now: nothing is drawn anew while it is the same. */ #drawn = "";
  #clock = element("p", { class: "clock", role: "timer", "aria-live": "off" });
  #date = element("p", { class: "date" });
  #part = element("p", { class: "part" });
  #next = element("section", { class: "next" });
  #rows = element("ol", { class: "rows" });
  #contact = element("p", { class: "no-contact", role: "status" });
  #touch = element("button", { type: "button", class: "touch", hidden: true });
  #ask = new CallRequestPlace();
  #watch = new ResizeObserver(() => this.fit());

  constructor() {
    super();
    this.said = () => [this.#part, ...this.#next.querySelectorAll("p")].map((line) => line.textContent?.trim()).filter(Boolean).join(". ");
  }

  connectedCallback() {
    // The words grow with the reader's text size even when the screen stays as it is.
    for (const one of [this, this.#date, this.#next]) this.#watch.observe(one);
  }

  disconnectedCallback() {
    this.#watch.disconnect();
  }

  /** @param {{touch: () => void, ask: () => void}} acts */
  show({ touch, ask }) {
    this.#ask.pressed = ask;
    this.#drawn = "";
    this.#touch.addEventListener("click", touch);
    this.fill(
      "day",
      element("h1", { class: "visually-hidden" }, t("Din dag")),
      element("div", { class: "left" },
        element("div", { class: "time-and-date" }, this.#clock, this.#date, this.#part),
        element("div", { class: "below" }, this.#touch, this.#next)),
      element("section", { class: "right", "aria-labelledby": "today" },
        element("h2", { id: "today" }, t("I dag")), this.#rows, this.#contact, this.#ask),
    );
  }

  /**
   * @param {{day: Day | null, now: number, zone: string, isOnline: boolean, touchNeeded: boolean,
   *   asking: ReturnType<import("./call-request.js").CallRequest["state"]>, phone: {label: string, number: string} | null}} given
   */
  update({ day, now, zone, isOnline, touchNeeded, asking, phone }) {
    const time = wall(now, zone);
    this.#clock.textContent = dotted(time);
    this.#date.textContent = dateInWords(now, zone);
    this.#part.textContent = day && isNight(day, now) ? t("Det är natt") : partInWords(time);
    const start = Date.parse(day && view(day, now).focus?.start || "");
    const hearingAid = (day?.settings?.hearing_aid ?? false) && start - now < SOON;
    const seen = day ? view(day, now) : { last: null, focus: null, isNow: false, after: [] };
    const drawn = JSON.stringify([seen, seen.focus && now < Date.parse(seen.focus.end), isOnline, touchNeeded, localDay(now, zone), day === null,
      asking, day?.request?.words, hearingAid]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#ask.update({ state: asking, day });
    this.#touch.hidden = !touchNeeded;
    this.#touch.replaceChildren(icon("volume-2"), element("span", { class: "grow" },
      element("strong", {}, t("Tryck på skärmen")), element("span", {}, t("Då hörs det när någon ringer."))));
    this.#drawNext(seen, now, zone, day === null, hearingAid);
    this.#drawRows(seen, now, zone);
    this.#contact.hidden = isOnline;
    this.#contact.replaceChildren(icon("wifi-off"), element("span", {},
      t("Ingen kontakt just nu – personalen vet det"),
      !isOnline && phone ? element("span", { class: "number" }, `${phone.label}: `, element("span", { class: "figures" }, phone.number)) : null));
    this.fit();
  }

  /** @param {import("./day.js").View} seen @param {number} now @param {string} zone @param {boolean} isUnknown @param {boolean} hearingAid */
  #drawNext({ focus, isNow }, now, zone, isUnknown, hearingAid) {
    if (!focus) {
      const words = isUnknown ? t("Dagen visas när kontakten är tillbaka.") : t("Inget mer är planerat i dag");
      this.#next.className = "next nothing";
      this.#next.replaceChildren(element("p", { class: "who" }, words));
      return;
    }
    const isToday = localDay(Date.parse(focus.start), zone) === localDay(now, zone);
    this.#next.className = `next ${focus.channel}`;
    this.#next.replaceChildren(
      hasFaces(focus) ? faces(focus.people, "l") : element("span", { class: "round" }, icon(SYMBOLS[focus.channel])),
      element("div", { class: "grow" },
        element("p", { class: "when" }, ...withFigures(heading(focus, now, isNow, isToday))),
        element("p", { class: "who" }, focus.line),
        element("p", { class: "what" }, icon(SYMBOLS[focus.channel]), place(focus)),
        hearingAid && focus.channel === "video" ? element("p", { class: "what" }, icon("ear"), t("Sätt gärna i hörapparaten.")) : null),
    );
  }

  /** @param {import("./day.js").View} seen @param {number} now @param {string} zone */
  #drawRows({ last, focus, isNow, after }, now, zone) {
    const today = localDay(now, zone);
    let day = today;
    /** @type {Node[]} */
    const items = [];
    for (const row of [last, focus, ...after]) {
      if (!row) continue;
      const itsDay = localDay(Date.parse(row.start), zone);
      if (itsDay !== day) {
        day = itsDay;
        items.push(element("li", { class: "day-change" }, t("I morgon")));
      }
      const kind = row === focus ? "focus" : row === last ? "was" : "coming";
      items.push(element("li", { class: `row ${kind} ${row.channel}`, "aria-current": row === focus && isNow ? "time" : null },
        element("span", { class: "figures time" }, row.time),
        hasFaces(row) ? faces(row.people, "m") : element("span", { class: "round s" }, icon(SYMBOLS[row.channel])),
        element("span", { class: "grow" }, element("span", { class: "line" }, row.line),
          element("span", { class: "word" }, place(row)))));
    }
    if (items.length === 0) items.push(element("li", { class: "day-change" }, t("Inget är planerat just nu")));
    this.#rows.replaceChildren(...items);
  }

  /**
   * Nothing scrolls. With large text the rows that matter least give way, first what was, then what is far off; if that
   * is not enough the clock becomes smaller, step by step.
   *
   * @override
   */
  fit() {
    for (let tight = 0; tight <= MOST_TIGHT; tight++) {
      this.dataset["tight"] = String(tight);
      if (this.#rowsFit(tight) && fits(this) && fits(this.firstElementChild?.nextElementSibling)) return;
    }
  }

  /**
   * Hide rows until the rest fits.
   *
   * @param {number} tight while there are smaller sizes to try, a day of which nothing more is told has not fitted
   * @returns {boolean} whether it does
   */
  #rowsFit(tight) {
    const rows = /** @type {HTMLElement[]} */ ([...this.#rows.children]);
    for (const row of rows) row.hidden = false;
    // What was first, then the next one, which stands large in its card already, then what is far off.
    const are = (/** @type {string} */ kind) => rows.filter((row) => row.classList.contains(kind));
    const yields = [...are("was"), ...are("focus"), ...rows.filter((row) => !row.matches(".was, .focus")).reverse()];
    for (const row of yields) {
      if (fits(this.#rows.parentElement)) break;
      row.hidden = true;
    }
    // A day without any of its rows left says nothing.
    const last = rows.findLast((row) => !row.hidden);
    if (last?.classList.contains("day-change") && rows.length > 1) last.hidden = true;
    const isSilent = rows.every((row) => row.hidden || row.matches(".focus, .was"));
    this.#rows.classList.toggle("silent", rows.every((row) => row.hidden));
    if (isSilent && tight < MOST_TIGHT - 1 && rows.some((row) => row.matches(".coming"))) return false;
    return fits(this.#rows.parentElement);
  }
}

/** Dim, and nothing to do but to ask for somebody. */
export class NightScreen extends Screen {
  #clock = element("p", { class: "clock", role: "timer", "aria-live": "off" });
  #next = element("p", { class: "then" });
  #touch = element("p", { class: "then" });
  #ask = new CallRequestPlace();

  constructor() {
    super();
    this.said = () => t("Det är natt");
  }

  /** @param {{ask: () => void}} acts */
  show({ ask }) {
    this.#ask.pressed = ask;
    this.fill("night", this.#clock, element("h1", {}, t("Det är natt")), this.#next, this.#touch, this.#ask);
  }

  /**
   * @param {{day: Day, now: number, isOnline: boolean, touchNeeded: boolean,
   *   asking: ReturnType<import("./call-request.js").CallRequest["state"]>}} given
   */
  update({ day, now, isOnline, touchNeeded, asking }) {
    this.#ask.update({ state: asking, day });
    this.#clock.textContent = dotted(wall(now, day.zone));
    const { focus } = view(day, now);
    const isToday = focus && localDay(Date.parse(focus.start), day.zone) === localDay(now, day.zone);
    const time = focus?.time ?? "";
    this.#next.textContent = !focus ? ""
      : `${isToday ? t("Klockan %(time)s", { time }) : t("I morgon kl. %(time)s", { time })}: ${focus.line}`;
    const words = !isOnline ? t("Ingen kontakt just nu – personalen vet det") : touchNeeded ? t("Tryck på skärmen") : "";
    if (this.#touch.textContent !== words) this.#touch.textContent = words;
  }
}

customElements.define("kiosk-day", DayScreen);
customElements.define("kiosk-night", NightScreen);
