/**
 * Does one's own camera give a picture? Pure.
 *
 * A dim room is no fault: something is seen there, and the noise of the sensor moves. Only a picture that is black
 * all over counts as dark, and only one that is the same to the point for long counts as still.
 */

import { Span } from "./span.js";
import { doubt } from "./trust.js";

/** @typedef {import("./sense.js").Sense} Sense */

export const NO_FRAMES_FOR = 5_000;
export const MUTED_FOR = 3_000;
export const DARK_FOR = 9_000;
export const STILL_FOR = 30_000;
/** Mean light and contrast (0–255) under which a picture is black all over: a covered lens, or a dead one. */
const BLACK = 10;
const FLAT = 12;
/** A look older than this says nothing about now. */
const OLD_LOOK = 8_000;

export class CameraWatch {
  #stands = new Span();
  #muted = new Span();
  #dark = new Span();
  #same = new Span();
  /** @type {number | null} */ #frames = null;

  /** The camera was opened anew. */
  forget() {
    for (const span of [this.#stands, this.#muted, this.#dark, this.#same]) span.forget();
    this.#frames = null;
  }

  /** @param {Sense} sense @returns {string | null | undefined} what is wrong; null: nothing; undefined: cannot tell */
  feed(sense) {
    const { camera, at } = sense;
    if (camera === null) return undefined;
    if (!camera.isLive) return "camera_gone";
    const doubts = doubt("camera", sense);
    if (doubts !== null) {
      this.forget();
      // What was found before is nobody's worry while it is off on purpose.
      return doubts === "darkened_by_hand" ? null : undefined;
    }
    const isMuted = this.#muted.feed(camera.isMutedByDevice, at) >= MUTED_FOR;
    const stands = this.#stands.feed(camera.frames !== null && camera.frames === this.#frames, at);
    this.#frames = camera.frames;
    if (isMuted || stands >= NO_FRAMES_FOR) return "camera_still";
    const { look } = camera;
    if (look === null || at - look.at > OLD_LOOK) return undefined;
    const isBlack = look.light < BLACK && look.contrast < FLAT;
    if (this.#dark.feed(isBlack, at) >= DARK_FOR) return "camera_dark";
    if (this.#same.feed(look.change === 0 && !isBlack, at) >= STILL_FOR) return "camera_still";
    return isBlack || look.change === 0 ? undefined : null;
  }
}
