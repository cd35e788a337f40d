/**
 * How much picture a line carries: sound first. From what the browser measures it goes down in steps, off at the last,
 * and up again when the line has been good for a while. Pure: numbers in, a step out. No DOM, no WebRTC.
 */

/**
 * What one moment tells; null where the browser does not know.
 *
 * @typedef {object} Reading
 * @property {number} at milliseconds
 * @property {number | null} available what the line is believed to carry from here, bits a second, sound and picture
 * @property {number | null} loss share of the packets from here that were lost on the way, 0–1
 * @property {number | null} roundTrip ms
 */

/**
 * `picture`: bits a second, 0 is none; `rate`: frames a second; `shrink`: the picture is so many times smaller;
 * `sound`: bits a second; `least`: with less than this available the step does not hold; `enough`: with this much
 * available the step above may be tried. A browser believes in about half as much again as is sent, so `enough` stays
 * below that, and from nothing the picture comes back by trying alone.
 *
 * @typedef {{picture: number, rate: number, shrink: number, sound: number, least: number, enough: number}} Step
 */

/** @type {readonly Step[]} */
export const STEPS = [
  { picture: 500_000, rate: 15, shrink: 1, sound: 32_000, least: 380_000, enough: Infinity },
  { picture: 280_000, rate: 15, shrink: 1.5, sound: 32_000, least: 220_000, enough: 330_000 },
  { picture: 120_000, rate: 10, shrink: 2, sound: 24_000, least: 150_000, enough: 170_000 },
  { picture: 0, rate: 10, shrink: 2, sound: 20_000, least: 0, enough: 0 },
];

/** The step without a picture. */
export const NO_PICTURE = STEPS.length - 1;

/** A new way through is believed in before it is judged: the browser's own guess begins low. Milliseconds. */
const SETTLES = 6_000;
/** So long it must be poor before a step down. */
const HOLD = 3_000;
/** So long it must be good before a step up; twice as long after each try that failed soon. */
const REST = 8_000;
const LONGEST_REST = 64_000;
/** A step up that does not hold for so long has failed. */
const PROVEN = 15_000;

/** Loss that repair by repeating no longer keeps up with; less where repeating takes long. */
const LOSS = 0.25;
const FAR_LOSS = 0.1;
const FAR = 400;
/** A round trip that no talk survives: the queue on the way is full. */
const SLOW = 1_500;
/** Good enough for a step up. */
const CLEAN = 0.05;
const QUICK = 600;

export class Line {
  /** Index in `STEPS`. */ step = 0;
  /** @type {number | null} */ #begunAt = null;
  /** Since when, and how far down it wants to at the least. @type {{at: number, step: number} | null} */ #poor = null;
  /** @type {number | null} */ #goodSince = null;
  #rest = REST;
  /** When the last step up was taken, until it has failed. @type {number | null} */ #raisedAt = null;

  /** There is a new way through: what was measured says nothing of it. The step stays. */
  renew() {
    this.#begunAt = this.#goodSince = this.#poor = null;
  }

  /** @param {Reading} reading @returns {number} the step from now on */
  take(reading) {
    const { at } = reading;
    this.#begunAt ??= at;
    if (at - this.#begunAt < SETTLES) return this.step;
    const wanted = wants(reading, this.step);
    if (wanted > this.step) {
      this.#goodSince = null;
      this.#poor = { at: this.#poor?.at ?? at, step: Math.min(wanted, this.#poor?.step ?? wanted) };
      if (at - this.#poor.at >= HOLD) this.#lower(this.#poor.step, at);
      return this.step;
    }
    this.#poor = null;
    if (this.#raisedAt !== null && at - this.#raisedAt > 2 * PROVEN) this.#rest = REST;
    if (this.step === 0 || !isGood(reading, this.step)) {
      this.#goodSince = null;
      return this.step;
    }
    this.#goodSince ??= at;
    if (at - this.#goodSince >= this.#rest) this.#raise(at);
    return this.step;
  }

  /** @param {number} step @param {number} at */
  #lower(step, at) {
    if (this.#raisedAt !== null && at - this.#raisedAt < PROVEN) this.#rest = Math.min(2 * this.#rest, LONGEST_REST);
    this.#raisedAt = null;
    this.step = step;
    this.#poor = null;
  }

  /** @param {number} at */
  #raise(at) {
    this.step -= 1;
    this.#raisedAt = at;
    this.#goodSince = null;
  }
}

/** The step that the moment asks for; never above `step`. @param {Reading} reading @param {number} step */
function wants({ available, loss, roundTrip }, step) {
  let wanted = step;
  if (available !== null) while (available < (STEPS[wanted]?.least ?? 0)) wanted += 1;
  const isLossy = (loss ?? 0) > LOSS || ((loss ?? 0) > FAR_LOSS && (roundTrip ?? 0) > FAR);
  if (isLossy || (roundTrip ?? 0) > SLOW) wanted = Math.max(wanted, step + 1);
  return Math.min(wanted, NO_PICTURE);
}

/** @param {Reading} reading @param {number} step */
function isGood({ available, loss, roundTrip }, step) {
  const isEnough = available === null || available >= (STEPS[step]?.enough ?? Infinity);
  return isEnough && (loss ?? 0) < CLEAN && (roundTrip ?? 0) < QUICK;
}
