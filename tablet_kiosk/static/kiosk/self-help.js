/**
 * The tablet watches itself during a call, mends what it can, and tells the worker (docs/calls.md). Nobody in the
 * home has to do anything, and nothing of it is said on the screen.
 */

import { closedBy, reopen } from "../call/reopen.js";
import { Watch } from "../call/watch/watch.js";

/** @typedef {import("../call/protocol.js").Connection} Connection */
/** @typedef {import("../call/peer.js").Peer} Peer */
/** @typedef {import("../call/reopen.js").Kind} Kind */

/** What the screen of the call knows of its sound. @typedef {{state: () => "playing" | "blocked" | "off", listen: () => void, quieter: () => void}} Ears */

/** What opening a device again may mend. @type {Record<string, Kind>} */
const REOPENS = {
  microphone_silent: "audio", microphone_muted: "audio", microphone_gone: "audio", microphone_refused: "audio",
  camera_still: "video", camera_gone: "video", camera_refused: "video",
};
/** Pauses before each try, in milliseconds: a device that has gone may come back by itself. */
const TRIES = [1_000, 10_000, 30_000];
const GONE = [6_000, 20_000, 60_000];

export class SelfHelp {
  #connection;
  #call;
  #peer;
  #stream;
  #changed;
  #watch;
  #isOver = false;
  /** @type {Ears | null} */ #ears = null;
  /** @type {Map<string, number>} How often something was tried. */ #tried = new Map();
  /** @type {Set<string>} What has been told and is not over. */ #told = new Set();
  /** @type {Set<ReturnType<typeof setTimeout>>} */ #waits = new Set();

  /**
   * @param {{connection: Connection, call: string, peer: Peer, stream: MediaStream,
   *   ears: () => Ears | null, missing: {audio: boolean, video: boolean, why: string | null}, changed: () => void}} options
   */
  constructor({ connection, call, peer, stream, ears, missing, changed }) {
    this.#connection = connection;
    this.#call = call;
    this.#peer = peer;
    this.#stream = stream;
    this.#changed = changed;
    this.#watch = new Watch({
      report: () => peer.report(), isConnected: () => peer.path === "connected", stream: () => stream,
      theirs: () => peer.theirs, loudspeaker: () => ears()?.state() ?? "playing",
      isVisible: () => document.visibilityState === "visible",
      isNight: () => document.documentElement.hasAttribute("data-night"),
    });
    this.#watch.addEventListener("found", (event) => {
      this.#ears = ears();
      this.#found(/** @type {CustomEvent<{what: string}>} */ (event).detail.what);
    });
    this.#watch.addEventListener("over", (event) => this.#over(/** @type {CustomEvent<{what: string}>} */ (event).detail.what));
    // A worker's page that was read again knows nothing of it.
    peer.addEventListener("back", () => {
      for (const what of this.#told) this.#tell(what, "found");
    });
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      if (missing[kind]) this.#found(closedBy(kind, missing.why));
    }
    this.#watch.start();
  }

  stop() {
    this.#isOver = true;
    this.#watch.stop();
    for (const wait of this.#waits) clearTimeout(wait);
    this.#told.clear();
  }

  /** @param {string} what */
  #found(what) {
    this.#told.add(what);
    this.#tell(what, "found");
    const kind = REOPENS[what];
    if (kind) this.#tryLater(what, kind);
    else if (what === "sound_off") this.#ears?.listen();
    else if (what === "echo" && !this.#tried.has(what)) {
      this.#tried.set(what, 1);
      this.#ears?.quieter();
    }
  }

  /** @param {string} what */
  #over(what) {
    if (!this.#told.delete(what)) return;
    this.#tell(what, this.#tried.has(what) || what === "sound_off" ? "mended" : "over");
  }

  /** @param {string} what @param {Kind} kind */
  #tryLater(what, kind) {
    const times = this.#tried.get(what) ?? 0;
    const pause = (/_gone$|_refused$/.test(what) ? GONE : TRIES)[times];
    if (pause === undefined) return;
    const wait = setTimeout(async () => {
      this.#waits.delete(wait);
      if (!this.#told.has(what)) return;
      this.#tried.set(what, times + 1);
      await this.#open(what, kind);
    }, pause);
    this.#waits.add(wait);
  }

  /** @param {string} what @param {Kind} kind */
  async #open(what, kind) {
    const stream = this.#stream;
    if (this.#isBack(stream, what, kind)) return;
    const why = await reopen(stream, kind);
    if (this.#isOver) {
      // Whose stream it is closes it when the call has ended.
      this.#changed();
      return;
    }
    if (why !== null) {
      this.#tryLater(what, kind);
      return;
    }
    await this.#peer.show(stream);
    this.#changed();
    this.#watch.again();
    // What was missing from the start is seen by no watch: it is there now.
    if (!this.#watch.found.has(what)) this.#over(what);
    else this.#tryLater(what, kind);
  }

  /** A device that had gone is there again by itself. @param {MediaStream} stream @param {string} what @param {Kind} kind */
  #isBack(stream, what, kind) {
    if (!/_gone$|_refused$/.test(what)) return false;
    const isThere = stream.getTracks().some((track) => track.kind === kind && track.readyState === "live");
    if (isThere) this.#over(what);
    return isThere;
  }

  /** @param {string} what @param {"found" | "mended" | "over"} state */
  #tell(what, state) {
    this.#connection.send({ type: "trouble", call: this.#call, what, state });
  }
}
