/**
 * How loud the caller is, in per cent of the ordinary. Up to a hundred it is the loudness of the picture's own sound;
 * beyond that an amplifier with a limiter stands between, up to the cap that the home has chosen. No page can turn
 * up the tablet itself.
 */

const STEP = 25;
const LEAST = 50;

export class Loudness {
  level = 100;
  #most;
  #video;
  /** @type {AudioContext | null} */ #context = null;
  /** @type {GainNode | null} */ #gain = null;
  /** @type {MediaStreamAudioSourceNode | null} */ #source = null;
  /** @type {MediaStream | null} */ #stream = null;

  /** @param {HTMLVideoElement} video @param {number} most the cap, per cent */
  constructor(video, most) {
    this.#video = video;
    this.#most = most;
  }

  get most() {
    return this.#most;
  }

  /** The amplifier plays: that the picture itself is silent is then as it should be. */
  get isAmplified() {
    return this.#source !== null && this.#context?.state === "running";
  }

  /** Be so loud, or as near as one may. @param {number} level */
  async set(level) {
    this.level = Math.max(0, Math.min(level, this.#most));
    await this.#apply();
  }

  /** One step down, as long as one is heard at all. */
  async quieter() {
    await this.set(Math.max(LEAST, this.level - STEP));
  }

  /** The caller's sound comes from here now. @param {MediaStream} stream */
  async hear(stream) {
    this.#stream = stream;
    this.#source?.disconnect();
    this.#source = null;
    await this.#apply();
  }

  stop() {
    this.#source?.disconnect();
    this.#source = null;
    void this.#context?.close();
    this.#context = null;
  }

  async #apply() {
    if (this.level > 100 && (await this.#amplify())) {
      this.#video.volume = 0;
      return;
    }
    this.#source?.disconnect();
    this.#source = null;
    this.#video.volume = Math.min(this.level, 100) / 100;
  }

  /** @returns {Promise<boolean>} false where the browser wants a touch first */
  async #amplify() {
    const stream = this.#stream;
    if (!stream || stream.getAudioTracks().length === 0) return false;
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      // Louder, never harsh: what would be too much is held back.
      const limiter = new DynamicsCompressorNode(this.#context, { threshold: -9, knee: 6, ratio: 12, attack: 0.003 });
      this.#gain = new GainNode(this.#context);
      this.#gain.connect(limiter).connect(this.#context.destination);
    }
    const context = this.#context;
    if (context.state !== "running") {
      await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 400))]);
    }
    if (context.state !== "running" || !this.#gain || context !== this.#context) return false;
    this.#gain.gain.value = this.level / 100;
    if (!this.#source) {
      this.#source = context.createMediaStreamSource(stream);
      this.#source.connect(this.#gain);
    }
    return true;
  }
}
