/**
 * Is anything heard of one's own microphone? Pure.
 *
 * A real microphone in a still room is never quite silent, but the browser's noise suppression may make it so: what
 * has been heard before in this call may be silent for long, what never has been for a short while only. Energy of
 * exactly nothing is what counts, not quiet.
 */

import { Span } from "./span.js";
import { doubt } from "./trust.js";

/** @typedef {import("./sense.js").Sense} Sense */

/** Digital silence for so long is a fault: of a microphone that was never heard, and of one that was. */
export const NEVER_HEARD = 8_000;
export const WAS_HEARD = 60_000;
/** A device that mutes itself for a moment (another program rings) is left alone. */
export const MUTED_FOR = 3_000;
/** Mean square of a full-scale signal below which there is nothing: -100 dB, less than the last bit of 16. */
const NOTHING = 1e-10;
/** Heard as a voice is: -50 dB. */
const VOICE = 1e-5;

export class MicrophoneWatch {
  #silent = new Span();
  #muted = new Span();
  #gone = new Span();
  #wasHeard = false;
  #energy = 0;
  #seconds = 0;

  /** The microphone was opened anew. */
  forget() {
    this.#silent.forget();
    this.#muted.forget();
    this.#wasHeard = false;
    this.#energy = this.#seconds = 0;
  }

  /** @param {Sense} sense @returns {string | null | undefined} what is wrong; null: nothing; undefined: cannot tell */
  feed(sense) {
    const { microphone, at } = sense;
    if (microphone === null) return undefined;
    if (this.#gone.feed(!microphone.isLive, at) > 0 || !microphone.isLive) return "microphone_gone";
    const power = this.#power(microphone);
    if (power !== null && power > VOICE) this.#wasHeard = true;
    const doubts = doubt("microphone", sense);
    if (doubts !== null) {
      this.#silent.forget();
      this.#muted.forget();
      // What was found before is nobody's worry while it is muted on purpose.
      return doubts === "muted_by_hand" ? null : undefined;
    }
    if (this.#muted.feed(microphone.isMutedByDevice, at) >= MUTED_FOR) return "microphone_muted";
    if (microphone.isMutedByDevice || power === null) return undefined;
    const silent = this.#silent.feed(power < NOTHING, at);
    return silent >= (this.#wasHeard ? WAS_HEARD : NEVER_HEARD) ? "microphone_silent" : silent > 0 ? undefined : null;
  }

  /** Mean square since the sense before, null when nothing was measured. @param {import("./sense.js").Microphone} microphone */
  #power({ energy, seconds }) {
    if (energy === null || seconds === null) return null;
    const long = seconds - this.#seconds;
    const power = long > 0 ? (energy - this.#energy) / long : null;
    this.#energy = energy;
    this.#seconds = seconds;
    return power === null || power < 0 ? null : power;
  }
}
