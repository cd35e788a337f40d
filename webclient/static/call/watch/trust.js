/**
 * When a watch must not trust itself: one place for all of them (docs/calls.md says the same in words, and a test
 * compares the two). A watch that does not trust itself says neither that something is wrong nor that it is well.
 */

/** @typedef {import("./sense.js").Sense} Sense */
/** @typedef {"microphone" | "camera" | "hearing" | "echo"} Watch */

/** A device that was just opened is still finding its level or its light, and so is a path. Milliseconds. */
export const JUST_BEGUN = 4_000;

/** @type {Record<string, {watches: Watch[], is: (sense: Sense) => boolean}>} */
export const DOUBTS = {
  just_begun: {
    watches: ["microphone", "camera", "hearing", "echo"],
    is: ({ at, openedAt }) => at - openedAt < JUST_BEGUN,
  },
  page_hidden: {
    // A hidden page is given neither pictures nor a steady clock.
    watches: ["camera", "hearing", "echo"],
    is: ({ isVisible }) => !isVisible,
  },
  clock_jumped: {
    // The machine has slept or been too busy: a long gap says nothing about what was in it.
    watches: ["microphone", "camera", "hearing", "echo"],
    is: ({ gap }) => gap > 3_000,
  },
  muted_by_hand: {
    watches: ["microphone", "echo"],
    is: ({ microphone }) => microphone !== null && microphone.isMuted,
  },
  darkened_by_hand: {
    watches: ["camera"],
    is: ({ camera }) => camera !== null && camera.isDarkened,
  },
  night: {
    // A dark room at night is as it should be.
    watches: ["camera"],
    is: ({ isNight }) => isNight,
  },
  other_side_silent: {
    // Nothing is to be heard from whoever has muted: silence is right.
    watches: ["hearing", "echo"],
    is: ({ hearing }) => !hearing.isExpected,
  },
  not_connected: {
    // Without a path nothing comes; that is told by itself, as a lost picture.
    watches: ["hearing", "echo"],
    is: ({ isConnected }) => !isConnected,
  },
};

/** The first reason for `watch` to doubt itself now, or null. @param {Watch} watch @param {Sense} sense @returns {string | null} */
export function doubt(watch, sense) {
  for (const [name, { watches, is }] of Object.entries(DOUBTS)) {
    if (watches.includes(watch) && is(sense)) return name;
  }
  return null;
}
