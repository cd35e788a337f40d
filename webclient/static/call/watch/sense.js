/**
 * What can be sensed of one side at a moment: figures from the browser's statistics and what its devices say.
 * Gathered without ever keeping a sound or a picture.
 *
 * @typedef {object} Sense
 * @property {number} at milliseconds
 * @property {number} gap milliseconds since the sense before
 * @property {number} openedAt when camera and microphone were opened, or the path last came
 * @property {boolean} isVisible
 * @property {boolean} isNight
 * @property {boolean} isConnected
 * @property {Microphone | null} microphone null: there is none to send with
 * @property {Camera | null} camera null: there is none to send with
 * @property {Hearing} hearing
 *
 * @typedef {object} Microphone
 * @property {boolean} isLive false when the device has gone
 * @property {boolean} isMuted by the one who speaks
 * @property {boolean} isMutedByDevice by a key, a switch or the system
 * @property {number | null} energy summed so far, as `totalAudioEnergy`
 * @property {number | null} seconds of sound measured so far
 *
 * @typedef {object} Camera
 * @property {boolean} isLive
 * @property {boolean} isDarkened by the one who is seen
 * @property {boolean} isMutedByDevice
 * @property {number | null} frames taken so far
 * @property {Look | null} look the last look at the picture
 *
 * @typedef {object} Look a picture of 16 × 12 points, read and thrown away
 * @property {number} at
 * @property {number} light mean, 0–255
 * @property {number} contrast between the lightest and the darkest point, 0–255
 * @property {number} change mean difference from the look before, 0–255; -1 at the first
 *
 * @typedef {object} Hearing
 * @property {boolean} isExpected the other side says that it sends sound
 * @property {number} packets of sound that have come
 * @property {number | null} played samples given to the loudspeaker so far
 * @property {number | null} energy of what came, summed
 * @property {number | null} seconds of what came
 * @property {"playing" | "blocked" | "off"} loudspeaker "off": paused, muted or turned down to nothing
 */

const WIDE = 16;
const HIGH = 12;

/**
 * The figures of a peer connection.
 * @param {RTCStatsReport} report
 */
export function readReport(report) {
  /** @type {{spoken: number | null, spokenSeconds: number | null, frames: number | null, packets: number,
   *   played: number | null, heard: number | null, heardSeconds: number | null}} */
  const found = {
    spoken: null, spokenSeconds: null, frames: null, packets: 0, played: null, heard: null, heardSeconds: null,
  };
  for (const entry of report.values()) {
    if (entry.type === "media-source" && entry.kind === "audio") {
      found.spoken = entry.totalAudioEnergy ?? null;
      found.spokenSeconds = entry.totalSamplesDuration ?? null;
    } else if (entry.type === "media-source" && entry.kind === "video") {
      found.frames = entry.frames ?? null;
    } else if (entry.type === "inbound-rtp" && entry.kind === "audio") {
      found.packets += entry.packetsReceived ?? 0;
      found.played = (found.played ?? 0) + (entry.totalSamplesReceived ?? 0);
      found.heard = (found.heard ?? 0) + (entry.totalAudioEnergy ?? 0);
      found.heardSeconds = (found.heardSeconds ?? 0) + (entry.totalSamplesDuration ?? 0);
    }
  }
  return found;
}

/** Looks at one's own picture now and then. Where the browser cannot, it says nothing. */
export class Eye {
  /** @type {Look | null} */ look = null;
  /** @type {Uint8Array | null} */ #before = null;
  #isLooking = false;
  /** @type {MediaStreamTrack | null} */ #track = null;
  #canvas = typeof OffscreenCanvas === "undefined" ? null : new OffscreenCanvas(WIDE, HIGH);

  /** @param {MediaStreamTrack | null} track @param {number} at */
  async see(track, at) {
    if (track !== this.#track) {
      this.#track = track;
      this.#before = this.look = null;
    }
    const Capture = /** @type {any} */ (globalThis).ImageCapture;
    const context = this.#canvas?.getContext("2d", { willReadFrequently: true });
    if (!track || track.readyState !== "live" || track.muted || !Capture || !context || this.#isLooking) return;
    this.#isLooking = true;
    try {
      /** @type {ImageBitmap} */
      const picture = await new Capture(track).grabFrame();
      context.drawImage(picture, 0, 0, WIDE, HIGH);
      picture.close();
      if (track === this.#track) this.#weigh(context.getImageData(0, 0, WIDE, HIGH).data, at);
    } catch {
      // The track is being exchanged, or gives no picture: the count of frames tells that.
    } finally {
      this.#isLooking = false;
    }
  }

  /** @param {Uint8ClampedArray} points @param {number} at */
  #weigh(points, at) {
    const now = new Uint8Array(WIDE * HIGH);
    let sum = 0;
    let change = 0;
    for (let point = 0; point < now.length; point++) {
      const [red = 0, green = 0, blue = 0] = points.subarray(point * 4, point * 4 + 3);
      now[point] = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      sum += now[point] ?? 0;
      change += Math.abs((now[point] ?? 0) - (this.#before?.[point] ?? 0));
    }
    this.look = {
      at, light: sum / now.length, contrast: Math.max(...now) - Math.min(...now),
      change: this.#before ? change / now.length : -1,
    };
    this.#before = now;
  }
}
