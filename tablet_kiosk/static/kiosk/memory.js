/**
 * What the tablet remembers: its key (which cannot be read out, only used), its id, the day for at most 24
 * hours, and what it has not yet been able to tell. All of it goes when the tablet is revoked.
 */

const NAME = "samtid-kiosk";
const STORE = "things";
/** Portraits that have been shown, kept by the service worker. */
export const FACES = "kiosk-faces";

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => {
      request.result.onclose = () => (opening = undefined);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function within(mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

/** @param {string} name @returns {Promise<any>} undefined when there is none */
export function recall(name) {
  return within("readonly", (store) => store.get(name));
}

/** @param {string} name @param {unknown} value anything that can be cloned, a key too */
export async function remember(name, value) {
  await within("readwrite", (store) => store.put(value, name));
}

/** @param {string} name */
export async function forget(name) {
  await within("readwrite", (store) => store.delete(name));
}

/** Of the faces and spoken sentences only these stay. @param {string[]} addresses */
export async function keepOnly(addresses) {
  if (!("caches" in globalThis) || !(await caches.has(FACES))) return;
  const cache = await caches.open(FACES);
  const kept = await cache.keys();
  await Promise.all(kept.filter(({ url }) => !addresses.includes(new URL(url).pathname)).map((one) => cache.delete(one)));
}

/** The day, and with it who was to come. */
export async function forgetDay() {
  await forget("day");
  await keepOnly([]);
}

/** Everything: key, id, day, what was to be told, the faces, and the language that was spoken here. */
export async function forgetAll() {
  await within("readwrite", (store) => store.clear());
  if ("caches" in globalThis) await caches.delete(FACES);
  localStorage.clear();
}
