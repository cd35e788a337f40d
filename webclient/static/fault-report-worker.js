/* The service worker of "Systemet fungerar inte": that one page, kept for when there is no server. */

const faultWorker = /** @type {any} */ (self);
const FAULT_PAGE = "/fel";
/** The server puts these before the first line. @type {{version: string, files: string[]}} */
const faultFiles = faultWorker.faultFiles;
const FAULT_CACHE = `fault-report-${faultFiles.version}`;

faultWorker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(
  caches.open(FAULT_CACHE).then((cache) => cache.addAll([FAULT_PAGE, ...faultFiles.files]))));

faultWorker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith("fault-report-") && name !== FAULT_CACHE).map((name) => caches.delete(name))))));

faultWorker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { pathname } = new URL(request.url);
  // The page as the server has it now, else as it was; files of a version never change.
  if (pathname === FAULT_PAGE) event.respondWith(fetch(request).catch(() => caches.match(FAULT_PAGE)));
  else event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
});
