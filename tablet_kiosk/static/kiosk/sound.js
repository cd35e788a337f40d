/**
 * The sounds of the tablet, made on the spot: a kind chime that grows from quiet, a tick, two soft notes for a
 * message. Nothing is fetched, so they work without cover.
 */

/** @typedef {"ok" | "blocked"} SoundState */

/** Hertz: a major sixth, a fifth and the octave, as a door bell that means well. */
const CHIME = [523.25, 659.25, 783.99, 1046.5];
const NOTICE = [659.25, 880];
const GOODBYE = [783.99, 523.25];
/** Seconds between two chimes, and until the loudest. */
const EVERY = 3.2;
const GROWS = 14;
/** Seconds before a spoken sentence, so that the chime is heard first. */
const AFTER_CHIME = 1.4;
const QUIETEST = 0.08;
const LOUDEST = 0.9;

/**
 * Events: `change` (it can be heard, or not any more); for whoever does not hear: `begins` and `ends` (a ring), and
 * `sounds` (once).
 */
export class Sound extends EventTarget {
  /** @type {AudioBufferSourceNode | null} What staff have spoken and is heard now. */ #spoken = null;
  /** @type {AudioContext | null} */ #context = null;
  /** @type {GainNode | null} */ #out = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #ringing;

  /** "blocked": the browser wants a touch first. @returns {SoundState} */
  get state() {
    return this.#context?.state === "running" ? "ok" : "blocked";
  }

  /** Our own loudness, 0 to 1; that of the tablet itself no page may read. */
  get volume() {
    return Math.min(this.#out?.gain.value ?? 1, 1);
  }

  /** Open the way to the loudspeaker; after a touch it always succeeds. Fires `change`. @returns {Promise<SoundState>} */
  async wake() {
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      this.#context.onstatechange = () => this.dispatchEvent(new Event("change"));
      const limiter = new DynamicsCompressorNode(this.#context);
      this.#out = new GainNode(this.#context, { gain: 1 });
      this.#out.connect(limiter).connect(this.#context.destination);
    }
    if (this.#context.state !== "running") {
      // Without a touch `resume` may never settle.
      await Promise.race([this.#context.resume(), new Promise((done) => setTimeout(done, 400))]);
    }
    return this.state;
  }

  /** Ring until `stop`. */
  ring() {
    this.stop();
    const began = performance.now();
    this.dispatchEvent(new Event("begins"));
    const once = () => {
      const share = Math.min((performance.now() - began) / 1000 / GROWS, 1);
      this.#play(CHIME, 0.28, QUIETEST + (LOUDEST - QUIETEST) * share);
    };
    once();
    this.#ringing = setInterval(once, EVERY * 1000);
  }

  stop() {
    if (this.#ringing !== undefined) this.dispatchEvent(new Event("ends"));
    clearInterval(this.#ringing);
    this.#ringing = undefined;
  }

  /** A second of the countdown. */
  tick() {
    this.#note(1318.5, 0, 0.09, 0.22);
  }

  /** Something to read. */
  notice() {
    this.dispatchEvent(new Event("sounds"));
    this.#play(NOTICE, 0.32, 0.6);
  }

  /** The call is over. */
  goodbye() {
    this.#play(GOODBYE, 0.26, 0.4);
  }

  /** The test of the loudspeaker. */
  chime() {
    this.dispatchEvent(new Event("sounds"));
    this.#play(CHIME, 0.24, 0.6);
  }

  /** Play a sentence from our own server after the chime, if it can be had and heard. @param {string} address */
  async play(address) {
    const context = this.#context;
    if (!context || !this.#out || context.state !== "running") return;
    this.hush();
    const source = (this.#spoken = new AudioBufferSourceNode(context));
    try {
      const answer = await fetch(address);
      if (!answer.ok) return;
      source.buffer = await context.decodeAudioData(await answer.arrayBuffer());
    } catch (error) {
      console.warn("a spoken sentence could not be played", error);
      return;
    }
    // Something else has come up meanwhile.
    if (this.#spoken !== source) return;
    source.connect(this.#out);
    source.start(context.currentTime + AFTER_CHIME);
  }

  /** Be quiet with what staff have spoken. */
  hush() {
    if (this.#spoken?.buffer) this.#spoken.stop();
    this.#spoken = null;
  }

  /** @param {number[]} notes @param {number} apart seconds @param {number} loud 0–1 */
  #play(notes, apart, loud) {
    notes.forEach((hertz, number) => this.#note(hertz, number * apart, 1.5, loud));
  }

  /** A struck bell: a tone and its octave, dying away. @param {number} hertz @param {number} after @param {number} long @param {number} loud */
  #note(hertz, after, long, loud) {
    const context = this.#context;
    if (!context || !this.#out || context.state !== "running") return;
    const start = context.currentTime + after;
    for (const [times, share] of /** @type {const} */ ([[1, 0.5], [2, 0.16], [3, 0.05]])) {
      const tone = new OscillatorNode(context, { frequency: hertz * times });
      const shape = new GainNode(context, { gain: 0 });
      shape.gain.setValueAtTime(0, start);
      shape.gain.linearRampToValueAtTime(loud * share, start + 0.012);
      shape.gain.exponentialRampToValueAtTime(0.0001, start + long);
      tone.connect(shape).connect(this.#out);
      tone.start(start);
      tone.stop(start + long + 0.05);
    }
  }
}
