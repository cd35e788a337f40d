/**
 * The service worker of Min dag and the contact cards: where there is no cover it answers with one page that the
 * phone keeps. It keeps the program's files and that empty page, never anything about people; the day itself is in
 * the page's own store (carried.js). It stands for the pages it was registered for, never for the tablets'.
 *
 * The server puts the version into the first line of this file, so a new version is a new worker.
 */

const pages = /** @type {any} */ (self);
const KEPT = "day-files-";
const EMPTY_DAY = "/min-dag/utan-tackning";
/** A network that is there in name only: after so long the kept page is better than waiting. Milliseconds. */
const PATIENCE = 8000;
/** A proxy that stands while the server behind it does not. */
const AWAY = [502, 503, 504];

pages.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(keepFiles()));

async function keepFiles() {
  const answer = await fetch("/min-dag/filer.json", { cache: "no-store" });
  const { version, files } = await answer.json();
  const cache = await caches.open(KEPT + version);
  await cache.addAll([...files, EMPTY_DAY].map((/** @type {string} */ file) => new Request(file, { cache: "no-cache" })));
  for (const name of await caches.keys()) {
    if (name.startsWith(KEPT) && name !== KEPT + version) await caches.delete(name);
  }
  // Pages come from the network as long as there is one: nobody is in the middle of an older version.
  await pages.skipWaiting();
}

pages.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(pages.clients.claim()));

/** The reader has another language now. */
pages.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "fresh") event.waitUntil(freshen());
});

async function freshen() {
  const answer = await fetch(EMPTY_DAY, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(KEPT)) await (await caches.open(name)).put(EMPTY_DAY, answer.clone());
  }
}

pages.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== pages.location.origin) return;
  if (request.mode === "navigate") event.respondWith(pageOf(request));
  else if (pathname.startsWith("/static/") || pathname.startsWith("/ord/")) event.respondWith(fileOf(request));
});

/** @param {Request} request */
async function pageOf(request) {
  const kept = await caches.match(EMPTY_DAY, { ignoreVary: true });
  if (!kept) return fetch(request);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE);
  try {
    const answer = await fetch(request, { signal: late.signal });
    return AWAY.includes(answer.status) ? kept : answer;
  } catch {
    return kept;
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Request} request */
async function fileOf(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
