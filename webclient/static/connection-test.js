/** The page /connection-test: tries each way through the relay, one after the other, and shows what came of it. */

import { prove } from "./call/relaying.js";

const page = /** @type {HTMLElement} */ (document.getElementById("connection-test"));
const again = /** @type {HTMLButtonElement} */ (document.getElementById("try-again"));
/** @type {RTCIceServer[]} */
const servers = JSON.parse(page.dataset["servers"] ?? "[]");
const rows = [...page.querySelectorAll("li")];

/** @param {HTMLElement} row @param {string} found @param {number | null} ms */
function show(row, found, ms) {
  row.dataset["found"] = found;
  const isFailed = found !== "relays" && found !== "trying";
  for (const part of row.querySelectorAll("[data-when]")) {
    if (!(part instanceof HTMLElement)) continue;
    const when = part.dataset["when"];
    part.hidden = !(when === found || (when === "fails" && isFailed));
  }
  const took = row.querySelector("[data-took]");
  if (took) took.textContent = ms === null ? "" : `${ms} ms`;
}

/** @param {string} outcome */
function conclude(outcome) {
  for (const part of page.querySelectorAll("[data-outcome]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset["outcome"] !== outcome;
  }
  page.dataset["outcome"] = outcome;
}

async function tryAll() {
  again.disabled = true;
  conclude("trying");
  for (const row of rows) show(row, "trying", null);
  /** @type {boolean[]} Ways through the relay: STUN alone carries nothing. */
  const ways = [];
  let isAll = true;
  for (const [at, row] of rows.entries()) {
    const server = servers[at];
    if (!server) continue;
    const { found, ms } = await prove(server);
    show(row, found, ms);
    if (row.dataset["transport"] !== "stun") ways.push(found === "relays");
    isAll &&= found === "relays";
  }
  conclude(isAll ? "all" : ways.includes(true) ? "some" : "none");
  again.disabled = false;
}

// The credentials of the page are good for ten minutes; a later try asks for new ones.
again.addEventListener("click", () => location.reload());
void tryAll();
