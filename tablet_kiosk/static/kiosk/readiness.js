/**
 * Whether this tablet can be rung, seen and heard. Only "Starta" opens camera and microphone, for a moment and with
 * the person before the screen; every later check reads permissions and opens nothing.
 */

import { hasVoice } from "./voice.js";

/** @typedef {"granted" | "denied" | "prompt" | "missing" | "unknown"} Permission */
/** @typedef {"ok" | "denied" | "unsupported" | "unknown"} WakeLockState */
/** @typedef {{camera: Permission, microphone: Permission, sound: "ok" | "blocked", wake_lock: WakeLockState}} Report */

/** What "Starta" asks for, in this order. */
export const PARTS = /** @type {const} */ (["camera", "microphone", "sound", "wake_lock"]);

const BATTERY_STEP = 0.05;

/** Keeps the screen lit. The browser lets go whenever the page is hidden; it is taken again. */
export class WakeLock {
  /** @type {WakeLockState} */ state = "unknown";
  /** @type {WakeLockSentinel | null} */ #held = null;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.state !== "unsupported") void this.take();
    });
  }

  /** @returns {Promise<WakeLockState>} */
  async take() {
    if (!("wakeLock" in navigator)) return (this.state = "unsupported");
    if (this.#held && !this.#held.released) return this.state;
    try {
      this.#held = await navigator.wakeLock.request("screen");
      this.state = "ok";
    } catch {
      this.state = "denied";
    }
    return this.state;
  }
}

/**
 * The permission as it stands. @param {"camera" | "microphone"} what
 * @returns {Promise<Permission>}
 */
async function permission(what) {
  const kind = what === "camera" ? "videoinput" : "audioinput";
  if (!navigator.mediaDevices) return "missing";
  const devices = await navigator.mediaDevices.enumerateDevices();
  if (!devices.some((device) => device.kind === kind)) return "missing";
  try {
    const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (what) });
    return status.state;
  } catch {
    // This browser does not tell.
    return "unknown";
  }
}

/**
 * Open it, see that it gives something, and close it at once. @param {"camera" | "microphone"} what
 * @returns {Promise<Permission>}
 */
export async function tryOut(what) {
  if (!navigator.mediaDevices) return "missing";
  try {
    const stream = await navigator.mediaDevices.getUserMedia(what === "camera" ? { video: true } : { audio: true });
    for (const track of stream.getTracks()) track.stop();
    return "granted";
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
    // NotReadableError: it is there, but another program holds it.
    return name === "NotAllowedError" || name === "SecurityError" ? "denied" : "unknown";
  }
}

/** @returns {Promise<Pick<Report, "camera" | "microphone">>} */
export async function permissions() {
  const [camera, microphone] = await Promise.all([permission("camera"), permission("microphone")]);
  return { camera, microphone };
}

/** @returns {Promise<{level: number, charging: boolean} | null>} */
async function battery() {
  const asked = /** @type {any} */ (navigator).getBattery;
  if (typeof asked !== "function") return null;
  try {
    const { level, charging } = await asked.call(navigator);
    return { level: Math.round(level / BATTERY_STEP) * BATTERY_STEP, charging };
  } catch {
    return null;
  }
}

/**
 * The fields of `health`. @param {{sound: "ok" | "blocked", wakeLock: WakeLockState, touchNeeded: boolean,
 *   started: string | null, language: string, shows: string, volume: number,
 *   condition: import("./condition.js").Condition}} known
 */
export async function health({ sound, wakeLock, touchNeeded, started, language, shows, volume, condition }) {
  const [power, itself] = await Promise.all([battery(), condition.read()]);
  return {
    ...itself,
    shows,
    volume,
    ...(await permissions()),
    sound,
    wake_lock: wakeLock,
    voice: hasVoice(language),
    touch_needed: touchNeeded,
    screen: { width: screen.width, height: screen.height },
    ...(started ? { started } : {}),
    ...(power ? { battery: power } : {}),
  };
}
