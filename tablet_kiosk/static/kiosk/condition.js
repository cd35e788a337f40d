/**
 * How the page itself fares: is it seen and painted, was it put to sleep, does the clock go right, what network, does
 * the browser keep what is remembered. Nothing listens and nothing looks; what cannot be known is not said.
 */

/** The page notes so often that it is awake; longer than a browser holds back the timers of a page behind another. */
const BEAT = 5_000;
const SLEPT = 90_000;
/** A picture that is not painted within this time is not painted at all. */
const PAINTS = 2_000;
/** Something may lie over the page for a moment. */
const HIDDEN = 45_000;
/** Seconds: a clock that is so little more wrong than before is not worth telling. */
const SKEW_STEP = 10;
const NETWORKS = new Set(["wifi", "cellular", "ethernet"]);

/** @typedef {{wall: number, steady: number, server: number}} Moment in milliseconds */

/**
 * Whether the time between two beats was slept through, and for how long. A clock that was set is no sleep: the
 * server's clock tells them apart. @param {Moment} last the last beat @param {Moment} now with contact
 * @returns {number} milliseconds, 0 when awake
 */
export function slept(last, now) {
  const gap = Math.max(now.steady - last.steady, now.server - last.server);
  return gap > SLEPT ? gap : 0;
}

export class Condition {
  #serverNow;
  #isOnline;
  /** @type {Moment} */ #last;
  /** The last beat before the timers jumped, until it is known why. @type {Moment | null} */ #before = null;
  /** @type {{at: string, seconds: number} | null} */ #slept = null;
  /** @type {number | null} */ #hiddenSince = null;

  /** @param {() => number} serverNow the server's time in milliseconds @param {() => boolean} isOnline it is known now */
  constructor(serverNow, isOnline) {
    this.#serverNow = serverNow;
    this.#isOnline = isOnline;
    this.#last = this.#moment();
    setInterval(() => this.#beat(), BEAT);
  }

  /** What `health` says of it. @returns {Promise<Record<string, unknown>>} */
  async read() {
    this.#beat();
    const isHidden = this.#hiddenSince !== null && performance.now() - this.#hiddenSince > HIDDEN;
    return {
      // Behind something else nothing is painted, and that is no fault of its own.
      painted: document.visibilityState === "visible" ? await painted() : "unknown",
      visible: !isHidden,
      ...(this.#isOnline() ? { skew_s: skew(Date.now() - this.#serverNow()) } : {}),
      storage: await storage(),
      network: network(),
      ...(this.#slept ? { slept: this.#slept } : {}),
    };
  }

  #moment() {
    return { wall: Date.now(), steady: performance.now(), server: this.#serverNow() };
  }

  #beat() {
    const now = this.#moment();
    if (document.visibilityState === "visible") this.#hiddenSince = null;
    else this.#hiddenSince ??= now.steady;
    // The machine's own clocks say that something jumped; why is judged when the server's is known again.
    const gap = Math.max(now.wall - this.#last.wall, now.steady - this.#last.steady);
    if (gap > SLEPT) this.#before ??= this.#last;
    else if (this.#before && this.#isOnline()) this.#judge(this.#before, now);
    this.#last = now;
  }

  /** @param {Moment} before @param {Moment} now */
  #judge(before, now) {
    this.#before = null;
    const long = slept(before, now);
    if (long) this.#slept = { at: new Date(now.server).toISOString(), seconds: Math.round(long / 1000) };
  }
}

/** Does the browser paint? @returns {Promise<"ok" | "stopped">} */
function painted() {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve("stopped"), PAINTS);
    requestAnimationFrame(() => {
      clearTimeout(late);
      resolve("ok");
    });
  });
}

/** @param {number} ahead milliseconds @returns {number} seconds, in steps */
function skew(ahead) {
  return Math.round(ahead / 1000 / SKEW_STEP) * SKEW_STEP;
}

/** Does the browser promise to keep what is remembered? */
async function storage() {
  try {
    return (await navigator.storage.persisted()) ? "kept" : "may_go";
  } catch {
    return "unknown";
  }
}

function network() {
  const type = /** @type {any} */ (navigator).connection?.type;
  if (!type || type === "unknown" || type === "none") return "unknown";
  return NETWORKS.has(type) ? type : "other";
}
