/**
 * Min dag without cover: the shift's list as the phone carries it, and what is done meanwhile, kept until it can be
 * told. As soon as the server answers it is told, and the page becomes Min dag again.
 */

import { carry, day as carriedDay, deeds as carriedDeeds, keep, lost, send } from "./carried.js";
import { t, tn } from "./words.js";

/** @typedef {import("./carried.js").Row} Row */
/** @typedef {import("./carried.js").Deed} Deed */
/** @typedef {import("./carried.js").Said} Said */

const TRY_EVERY = 10_000;
const HERE = "/min-dag/utan-tackning";

/** @param {string} id @returns {HTMLElement} */
function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

/** @param {string} id @returns {HTMLElement} */
function copy(id) {
  const template = part(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`);
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/** @param {Element} within @param {string} selector @returns {HTMLElement} */
function inside(within, selector) {
  const found = within.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`no ${selector}`);
  return found;
}

/** Words into a place that is hidden where there are none. @param {Element} row @param {string} selector @param {string} text */
function put(row, selector, text) {
  const place = inside(row, selector);
  place.hidden = !text;
  (place.querySelector(".words") ?? place).textContent = text;
}

/** 14.30 in the municipality, put right by how wrong the phone's clock was. @param {Deed} deed @param {string} zone */
function clock({ at, offset = 0 }, zone) {
  const parts = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  return parts.format(at + offset).replace(":", ".");
}

/** @param {Row} row @param {Deed[]} deeds @param {string} zone */
function standing(row, deeds, zone) {
  const own = deeds.filter((deed) => deed.contact === row.id);
  /** @param {string} kind */
  const at = (kind) => own.find((deed) => deed.kind === kind);
  const came = at("check_in");
  const left = at("check_out");
  const receipt = at("receipt");
  const status = left ? "done" : came ? "underway" : row.status;
  const waits = t("sparas när du har täckning");
  const word = receipt
    ? t("Kvitterad %(time)s, %(waits)s", { time: clock(receipt, zone), waits })
    : left
      ? t("Utcheckad %(time)s, %(waits)s", { time: clock(left, zone), waits })
      : came
        ? t("Incheckad %(time)s, %(waits)s", { time: clock(came, zone), waits })
        : "";
  return { status, word, isReceipted: Boolean(receipt) };
}

/** @param {Row} row @param {Deed[]} deeds @param {boolean} isOpen @param {string} zone */
function drawRow(row, deeds, isOpen, zone) {
  const { status, word, isReceipted } = standing(row, deeds, zone);
  const drawn = copy("offline-row");
  drawn.dataset.contact = row.id;
  inside(drawn, "details").toggleAttribute("open", isOpen);
  inside(drawn, ".time").textContent = row.time;
  inside(drawn, ".who").textContent = row.who;
  inside(drawn, ".what").textContent = row.what;
  const mark = document.querySelector(`template[data-channel-mark="${CSS.escape(row.channel)}"]`);
  if (mark instanceof HTMLTemplateElement) inside(drawn, ".mark").replaceWith(mark.content.cloneNode(true));
  const state = inside(drawn, "summary .state");
  state.textContent = word ? "" : row.state;
  if (row.kind && !word) state.classList.add(row.kind);
  put(drawn, ".more", word);
  put(drawn, ".offline-notes", row.notes.join(" · "));
  put(drawn, ".offline-important", row.important ?? "");
  inside(drawn, ".offline-choking").hidden = !row.is_choking;
  put(drawn, ".offline-address", row.address ?? "");
  put(drawn, ".offline-door", row.door ?? "");
  put(drawn, ".offline-elsewhere", row.elsewhere ?? "");
  drawPhone(drawn, row);
  inside(drawn, ".offline-call").hidden = row.channel !== "video" || !row.is_open;
  const mayIn = row.may_check && ["planned", "due", "awaiting"].includes(status);
  const mayOut = row.may_check && status === "underway";
  inside(drawn, ".offline-in").hidden = !mayIn;
  inside(drawn, ".offline-out").hidden = !mayOut;
  inside(drawn, ".offline-in").addEventListener("click", () => void enter({ kind: "check_in", contact: row.id }));
  inside(drawn, ".offline-out").addEventListener("click", () => void enter({ kind: "check_out", contact: row.id }));
  drawReceipt(drawn, row, status, isReceipted);
  return drawn;
}

/** @param {Element} drawn @param {Row} row */
function drawPhone(drawn, row) {
  const place = inside(drawn, ".offline-phone");
  place.hidden = !row.phone;
  inside(place, ".words").textContent = row.person ?? "";
  const link = inside(place, "a");
  link.textContent = row.phone ?? "";
  link.setAttribute("href", `tel:${(row.phone ?? "").replace(/[ -]/g, "")}`);
}

/** @param {HTMLElement} drawn @param {Row} row @param {string} status @param {boolean} isReceipted */
function drawReceipt(drawn, row, status, isReceipted) {
  const form = /** @type {HTMLFormElement} */ (inside(drawn, ".offline-receipt"));
  const own = row.lines.filter((line) => !line.is_barred && !line.is_receipted);
  // Of a visit that another system registers nobody says here that it has begun.
  const hasBegun = ["underway", "done", "done_phone"].includes(status) || (Boolean(row.elsewhere) && status !== "planned");
  form.hidden = isReceipted || !own.length || !hasBegun;
  for (const line of own) {
    const part = copy("offline-line");
    inside(part, "h3").textContent = line.service;
    inside(part, "p").textContent = line.goal;
    // Names and ids of their own: several lines stand on one page.
    for (const field of part.querySelectorAll("[name]")) field.setAttribute("name", `${field.getAttribute("name")}-${line.id}`);
    for (const held of part.querySelectorAll("[id]")) held.id += `-${line.id}`;
    for (const label of part.querySelectorAll("[for]")) label.setAttribute("for", `${label.getAttribute("for")}-${line.id}`);
    for (const field of part.querySelectorAll("[aria-describedby]")) {
      const ids = (field.getAttribute("aria-describedby") ?? "").trim().split(/\s+/);
      field.setAttribute("aria-describedby", ids.map((id) => `${id}-${line.id}`).join(" "));
    }
    inside(part, "legend").textContent = line.service;
    inside(form, ".offline-lines").append(part);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const lines = own.map((line) => said(fields, line.id));
    if (lines.some((one) => !one.result)) {
      inside(form, ".offline-error").textContent = t("Välj hur det gick.");
      const missing = form.querySelector("fieldset:not(:has(:checked)) input");
      if (missing instanceof HTMLElement) missing.focus();
      return;
    }
    void enter({ kind: "receipt", contact: row.id, lines });
  });
}

/** @param {FormData} fields @param {string} line @returns {Said} */
function said(fields, line) {
  return {
    line,
    result: String(fields.get(`result-${line}`) ?? ""),
    note: String(fields.get(`note-${line}`) ?? "").trim(),
    follow_up: fields.has(`follow_up-${line}`),
  };
}

/** @param {Parameters<typeof keep>[0]} deed */
async function enter(deed) {
  await keep(deed);
  await draw(deed.contact);
  await tryAgain();
}

/** @param {string} [held] the row where somebody is */
async function draw(held) {
  const day = await carriedDay();
  const deeds = await carriedDeeds();
  part("offline-none").hidden = Boolean(day);
  part("offline-day").textContent = day?.day ?? "";
  part("offline-read").textContent = day ? t("Listan är läst %(time)s.", { time: day.read }) : "";
  const gone = await lost();
  const waiting = deeds.length
    ? tn("%(n)s sak sparas när du har täckning.", "%(n)s saker sparas när du har täckning.", deeds.length)
    : "";
  const late = gone
    ? tn(
        "%(n)s sak hann inte skickas inom tolv timmar och är borttagen. Skriv in den i efterhand.",
        "%(n)s saker hann inte skickas inom tolv timmar och är borttagna. Skriv in dem i efterhand.",
        gone,
      )
    : "";
  part("offline-waiting").textContent = [waiting, late].filter(Boolean).join(" ");
  const rows = part("offline-rows");
  const open = new Set([...rows.querySelectorAll("details[open]")].map((one) => one.closest("li")?.dataset.contact));
  const asked = held ?? /^\/kontakt\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];
  // What somebody has begun to write in another row stays as it is.
  const isOnly = Boolean(held) && rows.childElementCount > 0;
  const drawn = (day?.rows ?? []).filter((row) => !isOnly || row.id === held);
  const made = drawn.map((row) => drawRow(row, deeds, row.id === asked || open.has(row.id), day?.zone ?? ""));
  if (isOnly) rows.querySelector(`li[data-contact="${CSS.escape(held ?? "")}"]`)?.replaceWith(...made);
  else rows.replaceChildren(...made);
  const place = asked ? rows.querySelector(`li[data-contact="${CSS.escape(asked)}"] summary`) : null;
  if (place instanceof HTMLElement) place.focus();
  const pulse = part("offline-pulse");
  const isOver = Boolean(day) && (day?.rows ?? []).every((row) => !row.is_open || standing(row, deeds, day?.zone ?? "").status === "done");
  pulse.hidden = !day?.ask_pulse || !isOver || !day.rows.length || deeds.some((deed) => deed.kind === "pulse");
}

/** Somebody is writing: the page must not go away under their hands. */
function isBusy() {
  return [...document.querySelectorAll(".offline-receipt")].some(
    (form) => form instanceof HTMLFormElement && [...new FormData(form).values()].some((value) => String(value) !== ""),
  );
}

let isTrying = false;

async function tryAgain() {
  if (isTrying) return;
  isTrying = true;
  try {
    const sent = await send();
    if (sent === "ended") location.assign("/logga-in");
    else if (sent === "out") leave();
    else if (sent === "sent" && (await isThere())) leave();
  } finally {
    isTrying = false;
  }
}

/** Nothing waited, so nothing has been asked of the server yet. */
async function isThere() {
  const answer = await carry();
  if (answer === "ended") location.assign("/logga-in");
  return answer === "sent" || answer === "out";
}

function leave() {
  if (isBusy()) return;
  if (location.pathname === HERE) location.assign("/min-dag");
  else location.reload();
}

for (const button of part("offline-pulse").querySelectorAll("button")) {
  button.addEventListener("click", () => void enter({ kind: "pulse", answer: button.value }));
}
part("offline-again").addEventListener("click", () => void tryAgain());
window.addEventListener("online", () => void tryAgain());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !isBusy()) void draw().then(tryAgain);
});
setInterval(() => void tryAgain(), TRY_EVERY);

await draw();
await tryAgain();
