/**
 * The test of the way for picture and sound (docs/protocol.md section 5): a picture that is drawn in memory and a tone
 * that no loudspeaker plays go to the server, and others come back. Camera and microphone are never opened, nothing is
 * seen or heard, and a call ends it at once.
 */

/** @typedef {import("../call/protocol.js").Connection} Connection */
/** @typedef {import("../call/protocol.js").Message} Message */
/** @typedef {"call" | "sound" | "picture" | "webrtc"} Problem */

const WIDTH = 160;
const HEIGHT = 120;
/** Milliseconds between two pictures. */
const PACE = 100;
/** Red, green and blue of the left and the right field: what is sent, and what comes. */
const UP = [[40, 160, 40], [160, 40, 160]];
const DOWN = [[200, 40, 40], [40, 40, 200]];
/** So far from the colour, of 255, a coded and decoded field may be. */
const NEAR = 60;
/** Hertz: what is sent, and what comes. */
const UP_HERTZ = 660;
const DOWN_HERTZ = 440;
const LOUD = 0.3;
/** The tone is heard from this level (dB), so far above what lies around it. */
const HEARD_FROM = -70;
const ABOVE = 15;
/** Right pictures until it counts as come. */
const ENOUGH = 5;
/** Milliseconds to wait for all of one's own addresses. */
const GATHERED = 2_000;
/** All has come, but the other side may still need a moment of ours. */
const STAY = 600;

/** Listens for tests and runs one at a time. */
export class PathTests {
  #connection;
  #isFree;
  /** @type {PathTest | null} */ #going = null;

  /** @param {Connection} connection @param {() => boolean} isFree no call goes on or rings */
  constructor(connection, isFree) {
    this.#connection = connection;
    this.#isFree = isFree;
    connection.on("path_test", (message) => void this.#begin(message));
    connection.on("path_answer", (message) => void this.#own(message)?.answered(message["sdp"]));
    connection.on("path_end", (message) => this.#own(message)?.close());
    connection.addEventListener("lost", () => this.#going?.close());
  }

  /** A call comes, and goes first. */
  callComes() {
    this.#going?.leave("call");
  }

  /** @param {Message} message */
  #own(message) {
    return this.#going?.run === message["run"] ? this.#going : null;
  }

  /** @param {Message} message */
  async #begin(message) {
    this.#going?.close();
    const test = new PathTest(this.#connection, message);
    this.#going = test;
    if (!this.#isFree()) {
      test.leave("call");
      return;
    }
    await test.begin();
  }
}

class PathTest {
  run;
  #connection;
  #relayOnly;
  #iceServers;
  #ends;
  #began = performance.now();
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** @type {AudioContext | null} */ #context = null;
  /** @type {AnalyserNode | null} */ #ear = null;
  #video = document.createElement("video");
  #looked = document.createElement("canvas");
  /** @type {ReturnType<typeof setInterval> | undefined} */ #painting;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #watching;
  #pictures = 0;
  #right = 0;
  #tone = -200;
  #isHeard = false;
  /** @type {number | null} */ #connectedMs = null;
  /** @type {number | null} */ #wholeSince = null;
  #told = false;

  /** @param {Connection} connection @param {Message} message the `path_test` */
  constructor(connection, message) {
    this.#connection = connection;
    this.run = /** @type {string} */ (message["run"]);
    this.#relayOnly = message["relay_only"] === true;
    this.#iceServers = message["ice_servers"] ?? [];
    this.#ends = this.#began + (message["seconds"] - 3) * 1_000;
    // A stream is only played, and so only decoded and heard by the analyser, where an element plays it: muted.
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#looked.width = 16;
    this.#looked.height = 12;
  }

  async begin() {
    try {
      const stream = await this.#stream();
      if (!stream || this.#told) return;
      const peer = (this.#peer = new RTCPeerConnection({
        iceServers: this.#iceServers, iceTransportPolicy: this.#relayOnly ? "relay" : "all", bundlePolicy: "max-bundle",
      }));
      const remote = new MediaStream();
      peer.addEventListener("track", ({ track }) => {
        remote.addTrack(track);
        this.#receive(remote, track);
      });
      peer.addEventListener("connectionstatechange", () => {
        if (peer.connectionState === "connected") this.#connectedMs ??= Math.round(performance.now() - this.#began);
      });
      for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: "sendrecv", streams: [stream] });
      await peer.setLocalDescription();
      await gathered(peer);
      if (this.#told) return;
      this.#connection.send({ type: "path_offer", run: this.run, sdp: peer.localDescription?.sdp ?? "" });
      this.#watching = setInterval(() => void this.#watch(), PACE);
    } catch (error) {
      console.warn("the path test could not begin", error);
      this.leave("webrtc");
    }
  }

  /** @param {string} sdp */
  async answered(sdp) {
    try {
      await this.#peer?.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      console.warn("the server's description could not be used", error);
      this.leave("webrtc");
    }
  }

  /** Say why there is nothing to tell, and stop. @param {Problem} problem */
  leave(problem) {
    if (!this.#told) {
      this.#told = true;
      this.#connection.send({ type: "path_seen", run: this.run, problem });
    }
    this.close();
  }

  close() {
    this.#told = true;
    clearInterval(this.#painting);
    clearInterval(this.#watching);
    this.#peer?.close();
    this.#peer = null;
    this.#video.srcObject = null;
    if (this.#context?.state !== "closed") void this.#context?.close();
  }

  /** The made-up picture and tone. Neither reaches a screen or a loudspeaker. @returns {Promise<MediaStream | null>} */
  async #stream() {
    const context = (this.#context = new AudioContext());
    // Without a touch `resume` may never settle.
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 500))]);
    if (context.state !== "running") {
      this.leave("sound");
      return null;
    }
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const tone = new OscillatorNode(context, { frequency: UP_HERTZ });
    tone.connect(new GainNode(context, { gain: LOUD })).connect(out);
    tone.start();
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const paper = canvas.getContext("2d");
    if (!paper || typeof canvas.captureStream !== "function") {
      this.leave("picture");
      return null;
    }
    const paint = () => {
      UP.forEach((colour, side) => {
        paper.fillStyle = `rgb(${colour.join(" ")})`;
        paper.fillRect((side * WIDTH) / 2, 0, WIDTH / 2, HEIGHT);
      });
    };
    paint();
    this.#painting = setInterval(paint, PACE);
    return new MediaStream([...canvas.captureStream(1000 / PACE).getTracks(), ...out.stream.getAudioTracks()]);
  }

  /** @param {MediaStream} remote @param {MediaStreamTrack} track */
  #receive(remote, track) {
    this.#video.srcObject = remote;
    void this.#video.play().catch(() => {});
    if (track.kind === "video" || !this.#context) return;
    this.#ear = new AnalyserNode(this.#context, { fftSize: 4096, smoothingTimeConstant: 0 });
    // Not connected any further: it is measured and not played.
    new MediaStreamAudioSourceNode(this.#context, { mediaStream: new MediaStream([track]) }).connect(this.#ear);
  }

  async #watch() {
    const peer = this.#peer;
    if (!peer || this.#told) return;
    this.#look();
    this.#listen();
    const now = performance.now();
    if (this.#right >= ENOUGH && this.#isHeard) this.#wholeSince ??= now;
    const isWhole = this.#wholeSince !== null && now - this.#wholeSince >= STAY;
    if (!isWhole && now < this.#ends) return;
    this.#told = true;
    const fields = await figures(peer);
    this.#connection.send({
      type: "path_seen", run: this.run, ...fields, right_pictures: this.#right, tone_heard: this.#isHeard,
      tone_db: Math.max(-200, Math.round(this.#tone)),
      ...(this.#connectedMs === null ? {} : { connected_ms: this.#connectedMs }),
    });
  }

  /** Is what is shown to nobody the server's picture? */
  #look() {
    const paper = this.#looked.getContext("2d", { willReadFrequently: true });
    const shown = this.#video.getVideoPlaybackQuality().totalVideoFrames;
    if (!paper || this.#video.videoWidth === 0 || shown === this.#pictures) return;
    this.#pictures = shown;
    paper.drawImage(this.#video, 0, 0, 16, 12);
    const isRight = DOWN.every((colour, side) => {
      const found = paper.getImageData(side === 0 ? 4 : 11, 6, 1, 1).data;
      return colour.every((value, part) => Math.abs(value - (found[part] ?? 0)) < NEAR);
    });
    if (isRight) this.#right += 1;
  }

  /** Is the server's tone there, and does it stand out? */
  #listen() {
    if (!this.#ear || !this.#context) return;
    const levels = new Float32Array(this.#ear.frequencyBinCount);
    this.#ear.getFloatFrequencyData(levels);
    const place = Math.round(DOWN_HERTZ / (this.#context.sampleRate / this.#ear.fftSize));
    const level = Math.max(...levels.slice(place - 1, place + 2));
    const around = [...levels.slice(place + 20, place + 220)].sort((one, other) => one - other)[100] ?? -200;
    this.#tone = Math.max(this.#tone, Number.isFinite(level) ? level : -200);
    if (level > HEARD_FROM && level - around > ABOVE) this.#isHeard = true;
  }
}

/** All of one's own addresses, or those that were found in time. @param {RTCPeerConnection} peer */
async function gathered(peer) {
  if (peer.iceGatheringState === "complete") return;
  await Promise.race([
    new Promise((done) => peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState === "complete") done(null);
    })),
    new Promise((done) => setTimeout(done, GATHERED)),
  ]);
}

/** What the browser has counted. @param {RTCPeerConnection} peer @returns {Promise<Record<string, unknown>>} */
async function figures(peer) {
  /** @type {Record<string, unknown>} */ const found = {};
  const stats = await peer.getStats();
  for (const entry of stats.values()) {
    if (entry.type === "inbound-rtp" && entry.kind === "video") found["pictures"] = entry.framesDecoded ?? 0;
    if (entry.type !== "transport" || !entry.selectedCandidatePairId) continue;
    const pair = stats.get(entry.selectedCandidatePairId);
    const own = pair && stats.get(pair.localCandidateId);
    if (own) found["path"] = own.candidateType;
    if (pair?.currentRoundTripTime !== undefined) found["round_trip_ms"] = Math.round(pair.currentRoundTripTime * 1000);
  }
  return found;
}
