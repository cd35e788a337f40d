/**
 * A report that the system does not work: kept in the browser at once, told when the server is there again.
 * A report bears a key of its own, so that it is noted once however often it is told.
 */

import { t } from "./words.js";

/** @typedef {{key: string, at: string, what: string}} Report */

const KEPT = "samtid.reports";
const TRY_AGAIN = 30_000;
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("report"));
const said = document.getElementById("said");
let isTelling = false;

/** @returns {Report[]} */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {Report[]} reports */
function keep(reports) {
  localStorage.setItem(KEPT, JSON.stringify(reports));
}

/** @param {string} words */
function tell(words) {
  if (said) said.textContent = words;
}

/** Tell what is kept, in order; what is not heard stays. */
async function send() {
  if (isTelling) return;
  isTelling = true;
  try {
    let count = 0;
    for (let report = kept()[0]; report; report = kept()[0]) {
      const answer = await fetch("/fel", { method: "POST", body: new URLSearchParams({ ...report }) });
      if (!answer.ok) throw new Error(String(answer.status));
      const { key } = report;
      keep(kept().filter((one) => one.key !== key));
      count += 1;
    }
    if (count) tell(t("Rapporten är skickad. Tack!"));
  } catch {
    tell(t("Rapporten är sparad här och skickas när det går. Lämna gärna sidan öppen."));
  } finally {
    isTelling = false;
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const what = String(new FormData(form).get("what") ?? "").trim();
  if (!what) return;
  keep([...kept(), { key: crypto.randomUUID(), at: new Date().toISOString(), what }]);
  form.reset();
  void send();
});
addEventListener("online", () => void send());
setInterval(() => {
  if (kept().length) void send();
}, TRY_AGAIN);
if (kept().length) void send();
void navigator.serviceWorker?.register("/fel/arbetare.js", { scope: "/fel" }).catch(() => {});
