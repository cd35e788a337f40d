/**
 * What every staff page needs beside htmx: menus that close, dialogs that open, print buttons, and a
 * plain sentence when a request fails. Pages work without it, only less smoothly.
 */

import { t, tn } from "./words.js";

/** @param {EventTarget | null} target @param {string} selector @returns {HTMLElement | null} */
function nearest(target, selector) {
  return target instanceof Element ? target.closest(selector) : null;
}

/** Close every open menu but the one the event happened in. @param {EventTarget | null} target */
function closeMenus(target) {
  const inside = nearest(target, "details.menu");
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== inside) menu.removeAttribute("open");
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const opener = nearest(event.target, "[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog ?? "");
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
  }
  if (nearest(event.target, "[data-close]")) {
    nearest(event.target, "dialog")?.closest("dialog")?.close();
  }
  if (nearest(event.target, "[data-print]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  open.removeAttribute("open");
  open.querySelector("summary")?.focus();
});

/** "Select all" for a table of ticks: <input type="checkbox" data-all="change">, named rows follow. */
document.addEventListener("change", (event) => {
  const all = nearest(event.target, "input[data-all]");
  if (!(all instanceof HTMLInputElement)) return;
  for (const box of document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.all ?? "")}"]`)) {
    if (box instanceof HTMLInputElement && !box.disabled) box.checked = all.checked;
  }
});

/**
 * Put a sentence where the page shows messages.
 *
 * @param {string} text
 * @param {"good" | "info" | "needs"} kind
 */
export function say(text, kind = "info") {
  const place = document.getElementById("messages");
  if (!place) return;
  const notice = document.createElement("p");
  notice.className = `notice ${kind}`;
  notice.textContent = text;
  place.replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

// No answer at all. Answers that say an error are swapped into #messages: see hx-status on <body>.
document.addEventListener("htmx:error", () => {
  say(
    navigator.onLine
      ? t("Det gick inte. Försök igen om en stund.")
      : t("Du har ingen täckning just nu. Försök igen när du är tillbaka."),
    "needs",
  );
});

/**
 * What the phone carries of a worker's day goes with the sign-in: it is told if it can be, and erased, before
 * somebody signs out; and where nobody is signed in the server is asked whether the sign-in was ended.
 *
 * @param {HTMLFormElement} form
 */
async function leave(form) {
  const { day, deeds, erase, send } = await import("./carried.js");
  try {
    if (await day()) await send();
    const left = (await deeds()).length;
    const question = tn(
      "%(n)s sak är inte skickad än. Loggar du ut försvinner den. Vill du logga ut ändå?",
      "%(n)s saker är inte skickade än. Loggar du ut försvinner de. Vill du logga ut ändå?",
      left,
    );
    if (left && !window.confirm(question)) return;
    await erase();
  } catch (error) {
    // A browser that keeps nothing has nothing to erase.
    console.warn("nothing carried", error);
  }
  // What hears that the sign-in has ended must not take the page elsewhere before the answer is here.
  document.documentElement.dataset["leaving"] = "";
  form.submit();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || new URL(form.action).pathname !== "/logga-ut") return;
  event.preventDefault();
  void leave(form);
});

if (location.pathname === "/logga-in") void import("./carried.js").then(({ check }) => check()).catch(() => {});

/** A table wider than its place is scrolled by keys too. */
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth;
    if (scrolls) {
      target.setAttribute("tabindex", "0");
      target.setAttribute("role", "group");
      target.setAttribute("aria-label", t("Tabell som går att dra i sidled"));
    } else {
      target.removeAttribute("tabindex");
      target.removeAttribute("role");
      target.removeAttribute("aria-label");
    }
  }
});

function watchTables() {
  for (const wrap of document.querySelectorAll(".table-wrap")) wide.observe(wrap);
}

watchTables();

/** Where the keyboard is nowhere: on to the first field that is wrong, or to what an answer put in the form's place. */
function land() {
  if (document.activeElement && document.activeElement !== document.body) return;
  const wrong = document.querySelector("main [aria-invalid=true]");
  const place = wrong instanceof HTMLFieldSetElement ? wrong.querySelector("input") : wrong;
  const next = place ?? document.querySelector("main [data-land]");
  if (next instanceof HTMLElement) next.focus();
}

land();

document.addEventListener("htmx:after:swap", () => {
  watchTables();
  land();
  const said = document.querySelector("#messages > :first-child");
  if (said instanceof HTMLElement && !said.dataset.seen) {
    said.dataset.seen = "yes";
    said.scrollIntoView({ block: "nearest" });
  }
});

// What to do when nothing works is kept while everything does.
void navigator.serviceWorker?.register("/fel/arbetare.js", { scope: "/fel" }).catch(() => {});
