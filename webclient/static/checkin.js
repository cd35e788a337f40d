/**
 * The page of a weekly check-in: the clock that all see alike, what others write, and forms that do not leave the
 * page. Without this script all of it is plain forms.
 */

import { Connection } from "./call/protocol.js";
import { say } from "./page.js";
import { t } from "./words.js";

const page = document.getElementById("checkin");
const gathering = page?.dataset["checkin"] ?? "";

export const connection = new Connection("/socket/personal", { hello: async () => ({}) });

// The clock

const SECOND = 1000;

/** 7:32 @param {number} seconds */
function figure(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function tick() {
  const clock = document.getElementById("clock");
  const started = clock?.dataset["started"];
  const whole = Number(clock?.dataset["minutes"]) * 60;
  const time = clock?.querySelector("[data-clock-time]");
  const word = clock?.querySelector("[data-clock-word]");
  const bar = clock?.querySelector("progress");
  if (!clock || !time || !word || !bar) return;
  if (!started) {
    time.textContent = figure(whole);
    return;
  }
  const gone = Math.max(0, Math.floor((connection.now().getTime() - Date.parse(started)) / SECOND));
  const isOver = gone >= whole;
  clock.dataset["over"] = isOver ? "yes" : "no";
  bar.value = Math.min(gone, whole);
  time.textContent = figure(isOver ? gone - whole : whole - gone);
  word.textContent = isOver ? t("över tiden. Avsluta i lugn och ro.") : t("kvar");
}

setInterval(tick, SECOND / 4);
tick();

// What others have changed

/** What somebody is in the middle of is left as it is. @param {Element} element */
function isBusy(element) {
  return element.contains(document.activeElement) || element.matches("[data-touched]");
}

/**
 * Take over everything with `data-live`. @param {Document} fresh @param {boolean} mine after one's own deed: also
 * what has the focus
 */
function take(fresh, mine) {
  const focused = document.activeElement?.id;
  for (const element of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(element.id);
    if (!other || (!mine && isBusy(element)) || other.isEqualNode(element)) continue;
    element.replaceWith(document.adoptNode(other));
  }
  tick();
  // The button that was pressed may be another one now, or gone.
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
}

let isFetching = false;
let isStale = false;

async function refresh() {
  if (isFetching) {
    isStale = true;
    return;
  }
  isFetching = true;
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) take(read(await answer.text()), false);
  } catch {
    // Without a line it is fetched when there is one again: see "open" below.
  } finally {
    isFetching = false;
    if (isStale) {
      isStale = false;
      void refresh();
    }
  }
}

/** @param {string} html */
function read(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

connection.on("changed", (message) => {
  // Very many changes at once are told by their topic only.
  if (message["topic"] === "gathering.changed" && (message["gathering"] ?? gathering) === gathering) void refresh();
});
let wasOpen = false;
connection.addEventListener("open", () => {
  if (wasOpen) void refresh();
  wasOpen = true;
});
connection.open();

// One's own deeds

document.addEventListener("change", (event) => {
  if (event.target instanceof Element) event.target.closest("form[data-live]")?.setAttribute("data-touched", "");
});

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, submitter)) body.append(name, String(value));
  const answer = await fetch(location.pathname, { method: "POST", body, headers: { "HX-Request": "true" } });
  const fresh = read(await answer.text());
  if (!fresh.getElementById("checkin")) {
    // Refused, in a sentence; or signed out, and then the page itself says so.
    const words = fresh.body.textContent?.trim();
    if (answer.redirected || answer.headers.has("HX-Redirect") || !words) location.reload();
    else say(words, "needs");
    return;
  }
  form.removeAttribute("data-touched");
  take(fresh, true);
  const again = form.id && !form.hasAttribute("data-live") ? fresh.getElementById(form.id) : null;
  if (!again) return;
  form.replaceWith(document.adoptNode(again));
  const text = again.querySelector("input:not([type=hidden])");
  if (text instanceof HTMLInputElement) text.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-live-form]")) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  form.setAttribute("aria-busy", "true");
  send(form, event.submitter)
    .catch(() => say(t("Det gick inte. Försök igen om en stund."), "needs"))
    .finally(() => form.removeAttribute("aria-busy"));
});
