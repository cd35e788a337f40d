/**
 * Watches one side of a call for as long as it goes on: the microphone, the camera, what is played, and echo. Each
 * watch knows when not to trust itself (trust.js). No DOM: the page says what it shows and how its sound stands.
 */

import { CameraWatch } from "./camera.js";
import { EchoWatch } from "./echo.js";
import { HearingWatch } from "./hearing.js";
import { MicrophoneWatch } from "./microphone.js";
import { PathWatch } from "./path.js";
import { Eye, readReport } from "./sense.js";

/** @typedef {import("./sense.js").Sense} Sense */

/** How often it is felt and looked, in milliseconds. */
const EVERY = 500;
const LOOK_EVERY = 3_000;

/**
 * What the page lends.
 *
 * @typedef {object} Lent
 * @property {() => Promise<RTCStatsReport | null>} report the figures of the present peer connection
 * @property {() => boolean} isConnected
 * @property {() => MediaStream | null} stream own camera and microphone; null before they are sent
 * @property {() => {audio: boolean, video: boolean}} theirs what the other side says it sends
 * @property {() => "playing" | "blocked" | "off"} loudspeaker
 * @property {() => boolean} [isVisible] true where there is no page
 * @property {() => boolean} [isNight]
 */

/** Events: `found` and `over` (detail {what}), in docs/calls.md's words for what may be wrong. */
export class Watch extends EventTarget {
  /** What is wrong now. @type {Set<string>} */ found = new Set();
  #lent;
  #eye = new Eye();
  /** @type {Record<string, {feed: (sense: Sense) => string | null | undefined, forget: () => void}>} */
  #watches = {
    microphone: new MicrophoneWatch(), camera: new CameraWatch(), hearing: new HearingWatch(), echo: new EchoWatch(),
    path: new PathWatch(),
  };
  /** What each watch last found. @type {Record<string, string>} */ #said = {};
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;
  #isFeeling = false;
  #openedAt = 0;
  #feltAt = 0;
  #lookedAt = 0;
  /** @type {MediaStream | null} */ #stream = null;
  #wasConnected = false;

  /** @param {Lent} lent */
  constructor(lent) {
    super();
    this.#lent = lent;
  }

  start() {
    if (this.#clock !== undefined) return;
    this.#openedAt = this.#feltAt = performance.now();
    this.#clock = setInterval(() => void this.#feel(), EVERY);
  }

  stop() {
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  /** Something was done about it: judge afresh. */
  again() {
    this.#openedAt = performance.now();
    for (const watch of Object.values(this.#watches)) watch.forget();
  }

  async #feel() {
    if (this.#isFeeling) return;
    this.#isFeeling = true;
    try {
      const sense = await this.#sense();
      if (sense && this.#clock !== undefined) this.judge(sense);
    } catch (error) {
      // A connection that is just being replaced has no figures.
      if (!(error instanceof DOMException)) throw error;
    } finally {
      this.#isFeeling = false;
    }
  }

  /** What is found of it; for the page's clock, and for tests. @param {Sense} sense */
  judge(sense) {
    for (const [name, watch] of Object.entries(this.#watches)) {
      const what = watch.feed(sense);
      if (what === undefined) continue;
      const before = this.#said[name];
      if (before && before !== what) {
        delete this.#said[name];
        this.found.delete(before);
        this.dispatchEvent(new CustomEvent("over", { detail: { what: before } }));
      }
      if (what === null || what === before) continue;
      this.#said[name] = what;
      this.found.add(what);
      this.dispatchEvent(new CustomEvent("found", { detail: { what } }));
    }
  }

  /** @returns {Promise<Sense | null>} */
  async #sense() {
    const { report, isConnected, stream, theirs, loudspeaker, isVisible, isNight } = this.#lent;
    const figures = await report();
    if (!figures) return null;
    const at = performance.now();
    const own = stream();
    if (own !== this.#stream || isConnected() !== this.#wasConnected) {
      this.#stream = own;
      this.#wasConnected = isConnected();
      this.again();
    }
    const [microphone = null] = own?.getAudioTracks() ?? [];
    const [camera = null] = own?.getVideoTracks() ?? [];
    if (at - this.#lookedAt >= LOOK_EVERY && camera?.enabled) {
      this.#lookedAt = at;
      // Not waited for: a camera that gives no picture must not stop the other watches.
      void this.#eye.see(camera, at);
    }
    const read = readReport(figures);
    const gap = at - this.#feltAt;
    this.#feltAt = at;
    return {
      at, gap, openedAt: this.#openedAt, isVisible: isVisible?.() ?? true, isNight: isNight?.() ?? false,
      isConnected: isConnected(),
      microphone: microphone && {
        isLive: microphone.readyState === "live", isMuted: !microphone.enabled, isMutedByDevice: microphone.muted,
        energy: read.spoken, seconds: read.spokenSeconds,
      },
      camera: camera && {
        isLive: camera.readyState === "live", isDarkened: !camera.enabled, isMutedByDevice: camera.muted,
        frames: read.frames, look: this.#eye.look,
      },
      hearing: {
        isExpected: theirs().audio, packets: read.packets, played: read.played, energy: read.heard,
        seconds: read.heardSeconds, loudspeaker: loudspeaker(),
      },
    };
  }
}
