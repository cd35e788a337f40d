/**
 * Check-in, check-out and the receipt when there turns out to be no cover as they are sent: they are kept in the
 * phone and the day without cover is shown. Sent twice they are one: the server sees what stands already.
 */

import { keep } from "./carried.js";

const DEEDS = /\/kontakt\/([0-9a-f-]{36})\/(in|ut|kvittens)$/;
const KINDS = { in: "check_in", ut: "check_out", kvittens: "receipt" };

/** @param {HTMLFormElement} form @returns {Parameters<typeof keep>[0] | null} */
function deedOf(form) {
  const [, contact, word] = DEEDS.exec(new URL(form.action).pathname) ?? [];
  if (!contact || !word) return null;
  const kind = KINDS[/** @type {keyof typeof KINDS} */ (word)];
  if (kind !== "receipt") return { kind, contact };
  const fields = new FormData(form);
  const lines = [];
  for (const [name, result] of fields) {
    if (!name.startsWith("result-")) continue;
    const line = name.slice("result-".length);
    const note = String(fields.get(`note-${line}`) ?? "").trim();
    lines.push({ line, result: String(result), note, follow_up: fields.has(`follow_up-${line}`) });
  }
  // What is not filled in is asked for when there is an answer; half a receipt is none.
  return lines.length === form.querySelectorAll(".receipt-line fieldset").length ? { kind, contact, lines } : null;
}

document.addEventListener("htmx:error", (event) => {
  const form = /** @type {CustomEvent} */ (event).detail?.ctx?.sourceElement;
  if (!(form instanceof HTMLFormElement)) return;
  // A phone row's button rings by the number that the answer shows: without an answer nobody has been rung.
  if (form.closest("[data-call]") || form.dataset.carry === "no") return;
  const deed = deedOf(form);
  if (!deed || !navigator.serviceWorker?.controller) return;
  event.stopImmediatePropagation();
  void keep(deed).then((isKept) => {
    if (isKept) location.assign("/min-dag");
  });
}, true);
