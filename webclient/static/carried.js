/**
 * What the phone carries for Min dag: the day of one worker, and what was done without cover until it is told.
 * It goes at sign-out, when the server says that the sign-in was ended, and after twelve hours.
 *
 * A deed bears a key of its own, so that the server enters it once however often it is told, and the time that the
 * phone's clock showed with how wrong that clock was when it last had contact.
 */

/**
 * @typedef {{ id: string, service: string, goal: string, is_health_care: boolean, is_barred: boolean,
 *   is_receipted: boolean }} Line
 * @typedef {{ id: string, time: string, end: string, channel: string, channel_word: string, who: string,
 *   what: string, status: string, state: string, kind: string, notes: string[], may_check: boolean,
 *   elsewhere?: string, is_open: boolean, lines: Line[], important?: string, is_choking?: boolean, address?: string, door?: string,
 *   person?: string, phone?: string }} Row
 * @typedef {{ account: string, zone: string, day: string, now: number, until: number, read: string, rows: Row[],
 *   ask_pulse: boolean, saved: number, offset: number }} Day
 * @typedef {{ line: string, result: string, note: string, follow_up: boolean }} Said
 * @typedef {{ key: string, account: string, kind: string, at: number, contact?: string, offset?: number,
 *   lines?: Said[], answer?: string }} Deed
 * @typedef {{ sentence: string, contact?: string }} Word what the server said of a deed that is not simply entered
 * @typedef {"sent" | "away" | "out" | "ended"} Sent
 */

const NAME = "samtid-day";
const THINGS = "things";
const DEEDS = "deeds";
const LONGEST = 12 * 3600 * 1000;
const ADDRESS = "/min-dag/med";

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(THINGS);
      request.result.createObjectStore(DEEDS, { keyPath: "key" });
    };
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
 * @param {string} name
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function within(name, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode);
    const request = act(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

/** @param {number} since whether it is more than twelve hours ago, or in a future that no clock has */
const isOld = (since) => Math.abs(Date.now() - since) > LONGEST;

/** The day that the phone carries; too old, it is erased. @returns {Promise<Day | undefined>} */
export async function day() {
  const found = /** @type {Day | undefined} */ (await within(THINGS, "readonly", (store) => store.get("day")));
  if (!found || !isOld(found.saved)) return found;
  await within(THINGS, "readwrite", (store) => store.delete("day"));
  return undefined;
}

/**
 * What waits to be told, the oldest first. What has waited too long is erased, and that it was is remembered.
 *
 * @param {string} [account] whose; without one, that of the day
 * @returns {Promise<Deed[]>}
 */
export async function deeds(account) {
  const whose = account ?? (await day())?.account;
  /** @type {Deed[]} */
  const all = await within(DEEDS, "readonly", (store) => store.getAll());
  const old = all.filter((deed) => isOld(deed.at));
  for (const deed of old) await within(DEEDS, "readwrite", (store) => store.delete(deed.key));
  if (old.length) {
    const lost = (await within(THINGS, "readonly", (store) => store.get("lost"))) ?? 0;
    await within(THINGS, "readwrite", (store) => store.put(lost + old.length, "lost"));
  }
  return all.filter((deed) => !old.includes(deed) && deed.account === whose).sort((a, b) => a.at - b.at);
}

/** How many deeds went because nobody had cover for twelve hours; told once. @returns {Promise<number>} */
export async function lost() {
  const count = (await within(THINGS, "readonly", (store) => store.get("lost"))) ?? 0;
  if (count) await within(THINGS, "readwrite", (store) => store.delete("lost"));
  return count;
}

/**
 * Keep a deed until it can be told. False when the phone carries no day, and so nobody is known to have done it.
 *
 * @param {Omit<Deed, "key" | "account" | "at" | "offset">} deed
 */
export async function keep(deed) {
  const own = await day();
  if (!own) return false;
  const whole = { ...deed, key: crypto.randomUUID(), account: own.account, at: Date.now(), offset: own.offset };
  await within(DEEDS, "readwrite", (store) => store.put(whole));
  return true;
}

/** What the server has said of deeds that met something else. @returns {Promise<Word[]>} */
export async function said() {
  return (await within(THINGS, "readonly", (store) => store.get("said"))) ?? [];
}

/** Those words have been read. */
export async function heard() {
  await within(THINGS, "readwrite", (store) => store.delete("said"));
}

/** Everything that is carried, of everybody. */
export async function erase() {
  await within(THINGS, "readwrite", (store) => store.clear());
  await within(DEEDS, "readwrite", (store) => store.clear());
}

/** Take the day along as it is now. @returns {Promise<Sent>} */
export async function carry() {
  const before = Date.now();
  const answer = await ask(ADDRESS, {});
  if (!answer) return "away";
  if (!answer.ok) return refused(answer);
  const own = await answer.json();
  const now = (before + Date.now()) / 2;
  const carried = await day();
  if (carried && carried.account !== own.account) await within(THINGS, "readwrite", (store) => store.clear());
  const kept = { ...own, saved: Date.now(), offset: Math.round(own.now - now) };
  await within(THINGS, "readwrite", (store) => store.put(kept, "day"));
  return "sent";
}

/** Tell what waits. Two pages of the same phone take turns. @returns {Promise<Sent>} */
export async function send() {
  return navigator.locks.request(NAME, async () => {
    const own = await day();
    const waiting = own ? await deeds(own.account) : [];
    if (!own || !waiting.length) return "sent";
    const told = waiting.map(({ account: _account, ...deed }) => deed);
    const body = JSON.stringify({ account: own.account, sent: Date.now(), deeds: told.slice(0, 200) });
    const answer = await ask(ADDRESS, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (!answer) return "away";
    if (!answer.ok) return refused(answer);
    await settle((await answer.json()).results);
    return "sent";
  });
}

/** @param {{ key: string, outcome: string, sentence: string, contact?: string }[]} results */
async function settle(results) {
  const words = await said();
  for (const { key, sentence, contact } of results) {
    if (sentence) words.push(contact ? { sentence, contact } : { sentence });
    await within(DEEDS, "readwrite", (store) => store.delete(key));
  }
  await within(THINGS, "readwrite", (store) => store.put(words, "said"));
}

/** @param {string} address @param {RequestInit} init @returns {Promise<Response | null>} null without an answer */
async function ask(address, init) {
  try {
    const headers = { Accept: "application/json", ...init.headers };
    return await fetch(address, { ...init, headers, cache: "no-store", signal: AbortSignal.timeout(15_000) });
  } catch {
    return null;
  }
}

/** @param {Response} answer @returns {Promise<Sent>} */
async function refused(answer) {
  return answer.status === 401 ? check() : "away";
}

/**
 * Nobody is signed in here: ask whether the sign-in was ended, in which case everything goes, or has only run out.
 *
 * @returns {Promise<Sent>}
 */
export async function check() {
  const answer = await ask("/min-dag/galler", {});
  if (!answer?.ok) return "away";
  const { standing } = await answer.json();
  if (standing === "ended") await erase();
  return standing === "in" ? "sent" : standing;
}

/** The page that shows the day without cover is kept by workers of its own. */
export async function register() {
  if (!("serviceWorker" in navigator)) return;
  try {
    const places = [
      ["/min-dag/worker.js", "/min-dag"],
      ["/kontakt/worker.js", "/kontakt/"],
    ];
    for (const [file, scope] of places) {
      const registration = await navigator.serviceWorker.register(file ?? "", { scope: scope ?? "" });
      registration.active?.postMessage("fresh");
    }
  } catch (error) {
    console.warn("no service worker", error);
  }
}
