/**
 * Does one's own microphone send back what the loudspeaker plays? Pure.
 *
 * Loudness of both over the last half minute, half a second at a time: where the microphone follows what is played,
 * by at most half a second, and is silent when nothing is played, it is the loudspeaker that it hears. Two people who
 * talk take turns, which pulls the other way. With too little speech, or with none of the silence between, nothing
 * is said.
 */

import { doubt } from "./trust.js";

/** @typedef {import("./sense.js").Sense} Sense */

/** Half a minute in steps of half a second. */
const KEPT = 60;
/** So many steps with speech, without it, and so many beginnings of speech are needed. */
const LEAST = 8;
const LEAST_ONSETS = 4;
/** Played this loud (mean square) is speech: -46 dB; under it by twelve decibels is a pause. */
const SPEECH = 2.5e-5;
const PAUSE = SPEECH / 16;
/** The microphone must be this much louder (ten decibels) while there is speech than in the pauses. */
const LOUDER = 10;
/** And follow so closely. */
const ALIKE = 0.8;
const DECIBEL_FLOOR = 1e-9;

export class EchoWatch {
  /** @type {Array<{played: number, spoken: number}>} */ #steps = [];
  /** @type {{spoken: number, spokenSeconds: number, heard: number, heardSeconds: number} | null} */ #before = null;

  forget() {
    this.#steps = [];
    this.#before = null;
  }

  /** @param {Sense} sense @returns {string | null | undefined} what is wrong; null: nothing; undefined: cannot tell */
  feed(sense) {
    const step = this.#step(sense);
    if (doubt("echo", sense) !== null) {
      this.#steps = [];
      return undefined;
    }
    if (step) this.#steps.push(step);
    this.#steps.splice(0, this.#steps.length - KEPT);
    return judge(this.#steps);
  }

  /** @param {Sense} sense */
  #step({ microphone, hearing }) {
    const before = this.#before;
    if (!microphone || microphone.energy === null || microphone.seconds === null || hearing.energy === null ||
      hearing.seconds === null) return null;
    const now = {
      spoken: microphone.energy, spokenSeconds: microphone.seconds, heard: hearing.energy, heardSeconds: hearing.seconds,
    };
    if (!before) {
      this.#before = now;
      return null;
    }
    const spokenFor = now.spokenSeconds - before.spokenSeconds;
    const heardFor = now.heardSeconds - before.heardSeconds;
    this.#before = now;
    // A track or a connection that was exchanged begins anew.
    if (spokenFor <= 0 || heardFor <= 0 || now.spoken < before.spoken || now.heard < before.heard) return null;
    return { spoken: (now.spoken - before.spoken) / spokenFor, played: (now.heard - before.heard) / heardFor };
  }
}

/** @param {Array<{played: number, spoken: number}>} steps @returns {string | null | undefined} */
export function judge(steps) {
  const speech = steps.filter(({ played }) => played > SPEECH).length;
  const pauses = steps.filter(({ played }) => played < PAUSE).length;
  const onsets = steps.filter(({ played }, at) => played > SPEECH && (steps[at - 1]?.played ?? played) < SPEECH).length;
  if (speech < LEAST || pauses < LEAST || onsets < LEAST_ONSETS) return undefined;
  for (const late of [0, 1]) {
    const pairs = steps.slice(0, steps.length - late).map(({ played }, at) => ({ played, spoken: steps[at + late]?.spoken ?? 0 }));
    const during = mean(pairs.filter(({ played }) => played > SPEECH).map(({ spoken }) => spoken));
    const between = mean(pairs.filter(({ played }) => played < PAUSE).map(({ spoken }) => spoken));
    if (during > LOUDER * Math.max(between, DECIBEL_FLOOR) && likeness(pairs) > ALIKE) return "echo";
  }
  return null;
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);

/** How alike two courses of loudness are, in decibels: -1 to 1. @param {Array<{played: number, spoken: number}>} pairs */
function likeness(pairs) {
  const decibels = (/** @type {number} */ power) => 10 * Math.log10(Math.max(power, DECIBEL_FLOOR));
  const played = pairs.map((pair) => decibels(pair.played));
  const spoken = pairs.map((pair) => decibels(pair.spoken));
  const [a, b] = [mean(played), mean(spoken)];
  let [both, one, other] = [0, 0, 0];
  played.forEach((value, at) => {
    const second = (spoken[at] ?? 0) - b;
    both += (value - a) * second;
    one += (value - a) ** 2;
    other += second ** 2;
  });
  return one > 0 && other > 0 ? both / Math.sqrt(one * other) : 0;
}
