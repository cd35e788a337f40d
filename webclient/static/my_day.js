/**
 * Min dag by itself: the list is fetched anew when the server says that a row has changed, and when time
 * alone changes how it looks; a call that is due is said in words, in the title and, if wanted, by a sound.
 * Without this script the page still works: it is then as old as its last reload.
 */

import { carry, deeds, heard, lost, register, said, send } from "./carried.js";
import { t, tn } from "./words.js";

const WAIT = 150;
const TRY_AGAIN = 5000;
const SOUND = "samtid.sound";
const title = document.title;

/** htmx is an ordinary script beside this module. */
const htmx = /** @type {{ process: (element: Element) => void }} */ (
  /** @type {any} */ (window).htmx
);

/** @type {number | undefined} */
let soon;
/** @type {number | undefined} */
let later;
/** @type {AudioContext | undefined} */
let audio;

/** @returns {HTMLElement | null} */
const day = () => document.getElementById("day");

/** Somebody is in the middle of something in the list. */
const isBusy = () => Boolean(day()?.querySelector("dialog[open], .htmx-request"));

/** Fetch the list anew, a little later, so that many changes are one fetch. @param {number} [wait] */
function refreshSoon(wait = WAIT) {
  clearTimeout(soon);
  soon = setTimeout(() => void refresh(), wait);
}

async function refresh() {
  const before = day();
  if (!before) return;
  if (isBusy()) {
    refreshSoon(1000);
    return;
  }
  let answer;
  try {
    answer = await fetch("/min-dag", { headers: { "HX-Request": "true" } });
  } catch {
    refreshSoon(TRY_AGAIN);
    return;
  }
  if (answer.headers.has("HX-Redirect")) {
    signInAgain();
    return;
  }
  if (!answer.ok) {
    refreshSoon(TRY_AGAIN);
    return;
  }
  const text = await answer.text();
  if (isBusy()) {
    refreshSoon(1000);
    return;
  }
  replace(before, text);
  void carry();
}

/** The sign-in has ended: by time or elsewhere, unless this page is signing out just now. */
function signInAgain() {
  if (!("leaving" in document.documentElement.dataset)) location.reload();
}

/** Tell what was done without cover, take the day along anew, and say what came of it. */
async function follow() {
  const sent = await send();
  if (sent === "ended" || sent === "out") {
    signInAgain();
    return;
  }
  await carry();
  const waiting = (await deeds()).length;
  const gone = await lost();
  const words = await said();
  showCarried(waiting, gone, words);
  if (sent === "sent" && words.length) refreshSoon();
}

/** @param {number} waiting @param {number} gone @param {import("./carried.js").Word[]} words */
function showCarried(waiting, gone, words) {
  const place = document.getElementById("day-carried");
  if (!place) return;
  const lines = [];
  if (waiting) lines.push(paragraph(tn("%(n)s sak sparas när du har täckning.", "%(n)s saker sparas när du har täckning.", waiting)));
  if (gone) {
    lines.push(
      paragraph(
        tn(
          "%(n)s sak hann inte skickas inom tolv timmar och är borttagen. Skriv in den i efterhand.",
          "%(n)s saker hann inte skickas inom tolv timmar och är borttagna. Skriv in dem i efterhand.",
          gone,
        ),
      ),
    );
  }
  for (const { sentence, contact } of words) {
    const line = paragraph(sentence);
    if (contact) {
      const link = document.createElement("a");
      link.href = `/kontakt/${encodeURIComponent(contact)}`;
      link.textContent = t("Se vad som gäller");
      line.append(" ", link);
    }
    lines.push(line);
  }
  if (words.length) {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button quiet";
    close.textContent = t("Jag har läst");
    close.addEventListener("click", () => void heard().then(() => showCarried(waiting, 0, [])));
    lines.push(close);
  }
  place.hidden = !lines.length;
  place.querySelector(".grow")?.replaceChildren(...lines);
}

/** @param {string} text */
function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

/** @param {HTMLElement} before @param {string} text */
function replace(before, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("day");
  if (!fresh) return;
  const place = focusPlace(before);
  before.replaceWith(fresh);
  htmx.process(fresh);
  if (place) focusAgain(fresh, place);
  watchTime();
}

/**
 * What has the focus: the row, and which link or button in it.
 *
 * @param {HTMLElement} list
 * @returns {{ contact: string, number: number, inCard: boolean } | null}
 */
function focusPlace(list) {
  const held = document.activeElement;
  const row = held instanceof HTMLElement && list.contains(held) ? held.closest("[data-contact]") : null;
  if (!(row instanceof HTMLElement) || !held) return null;
  const number = [...row.querySelectorAll("a, button")].indexOf(held);
  return { contact: row.dataset.contact ?? "", number, inCard: row.tagName === "SECTION" };
}

/** @param {HTMLElement} list @param {{ contact: string, number: number, inCard: boolean }} place */
function focusAgain(list, place) {
  const rows = [...list.querySelectorAll(`[data-contact="${CSS.escape(place.contact)}"]`)];
  const row = rows.find((one) => (one.tagName === "SECTION") === place.inCard) ?? rows[0];
  const choices = [...(row?.querySelectorAll("a, button") ?? [])];
  const held = choices[place.number] ?? choices[0];
  if (held instanceof HTMLElement) held.focus({ preventScroll: true });
}

/** The next instant at which the list looks different without anybody doing anything. */
function watchTime() {
  clearTimeout(later);
  const seconds = Number(day()?.dataset.next);
  // A timer holds 24 days at most; a list never looks further.
  if (seconds > 0) later = setTimeout(() => refreshSoon(), Math.min(seconds, 86_400) * 1000);
}

/** @param {string} contact */
function nameOf(contact) {
  const row = day()?.querySelector(`li[data-contact="${CSS.escape(contact)}"]`);
  return {
    name: row?.querySelector(".who")?.textContent?.trim() ?? "",
    time: row?.querySelector(".time")?.textContent?.trim() ?? "",
    isCall: row?.hasAttribute("data-call") ?? false,
  };
}

/** @param {string} text */
function announce(text) {
  const place = document.getElementById("day-said");
  if (place) place.textContent = text;
}

/** @param {string} contact */
function remind(contact) {
  const { name, time, isCall } = nameOf(contact);
  if (!name) return;
  if (isCall) {
    announce(t("Snart dags att ringa %(name)s, %(time)s.", { name, time }));
    // No name in the title: browsers keep titles in their history.
    if (document.hidden) document.title = `● ${t("Dags att ringa")}`;
    chime();
  } else {
    announce(t("Snart dags: %(name)s, %(time)s.", { name, time }));
  }
}

/** Two soft tones. Browsers let a page sound only after a touch; the switch is one. */
function chime() {
  if (!audio || audio.state !== "running") return;
  for (const [hertz, at] of [
    [659, 0],
    [880, 0.22],
  ]) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const start = audio.currentTime + (at ?? 0);
    tone.frequency.value = hertz ?? 659;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.18, start + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 1);
  }
}

function offerSound() {
  const box = document.querySelector("input[name=sound]");
  if (!(box instanceof HTMLInputElement)) return;
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.checked = localStorage.getItem(SOUND) === "yes";
  const wake = () => {
    if (!box.checked) return;
    audio ??= new AudioContext();
    void audio.resume();
  };
  box.addEventListener("change", () => {
    localStorage.setItem(SOUND, box.checked ? "yes" : "no");
    wake();
    if (box.checked) setTimeout(chime, 100);
  });
  document.addEventListener("pointerdown", wake, { once: true });
}

function listen() {
  const address = day()?.dataset.news;
  if (!address) return;
  const source = new EventSource(address);
  source.addEventListener("open", () => refreshSoon());
  source.addEventListener("changed", (event) => {
    const { contacts } = JSON.parse(event.data);
    const before = new Set([...document.querySelectorAll("li[data-contact]")].map((row) => row.outerHTML));
    void refresh().then(() => {
      const news = contacts.map((/** @type {string} */ one) => nameOf(one).name).filter(Boolean);
      const isSeen = [...document.querySelectorAll("li[data-contact]")].every((row) => before.has(row.outerHTML));
      if (!isSeen) announce(news.length ? t("Ändrat: %(names)s.", { names: news.join(", ") }) : t("Listan är ändrad."));
    });
  });
  source.addEventListener("due", (event) => {
    const { contact } = JSON.parse(event.data);
    void refresh().then(() => remind(contact));
  });
  source.addEventListener("wish", (event) => {
    const { new: isNew } = JSON.parse(event.data);
    void refresh().then(() => {
      const said = isNew && day()?.querySelector(".my-day-wish:last-of-type h2")?.textContent?.trim();
      if (!said) return;
      announce(said);
      // No name in the title: browsers keep titles in their history.
      const what = t("Någon vill bli uppringd");
      if (document.hidden) document.title = `● ${what}`;
      chime();
    });
  });
  source.addEventListener("error", () => {
    // The browser opens it again by itself, unless the answer was no stream: signed out, or the server is new.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      refreshSoon(0);
      listen();
    }, TRY_AGAIN);
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  document.title = title;
  // Timers sleep in a hidden page.
  refreshSoon();
});

window.addEventListener("online", () => void follow());
void register();
void follow();
offerSound();
watchTime();
listen();
