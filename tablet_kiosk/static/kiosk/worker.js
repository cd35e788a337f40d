/**
 * The kiosk's service worker: keeps the pages of one version in the tablet, so that the day is shown without cover.
 * It never keeps anything about people but the faces that the day has shown; the page erases those.
 *
 * The server puts the version into the first line of this file, so a new version is a new worker.
 */

const worker = /** @type {any} */ (self);
const SHELL = "kiosk-shell-";
const FACES = "kiosk-faces";
const PAGE = "/kiosk";

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(fill()));

async function fill() {
  const answer = await fetch("/kiosk/shell.json", { cache: "no-store" });
  const { version, files } = await answer.json();
  const cache = await caches.open(SHELL + version);
  await cache.addAll(files.map((/** @type {string} */ file) => new Request(file, { cache: "no-cache" })));
}

worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(settle()));

/** Only the newest version is kept. */
async function settle() {
  const names = (await caches.keys()).filter((name) => name.startsWith(SHELL));
  const answer = await fetch("/kiosk/shell.json", { cache: "no-store" }).catch(() => null);
  const version = answer?.ok ? (await answer.json()).version : null;
  if (version) await Promise.all(names.filter((name) => name !== SHELL + version).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

worker.addEventListener("message", (/** @type {MessageEvent} */ event) => {
  if (event.data === "take over") worker.skipWaiting();
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(fromShell(new Request(PAGE), request));
  else if (pathname.startsWith("/static/") || pathname.startsWith("/ord/")) event.respondWith(fromShell(request, request));
  else if (pathname.startsWith("/kiosk/face/") || pathname.startsWith("/kiosk/fras/")) event.respondWith(keptOf(request));
});

/** @param {Request} kept @param {Request} request */
async function fromShell(kept, request) {
  const found = await caches.match(kept, { ignoreSearch: true });
  return found ?? fetch(request);
}

/** A face, or a sentence that staff have spoken: what stands under an address never changes. @param {Request} request */
async function keptOf(request) {
  const cache = await caches.open(FACES);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
