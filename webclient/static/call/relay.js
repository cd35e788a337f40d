/**
 * The servers that help to find a way through, with credentials that last shorter than a call may: they are asked for
 * again before they end (docs/protocol.md, `renew`). No DOM.
 */

/** @typedef {import("./protocol.js").Connection} Connection */

/** Credentials that end within so long are old. Milliseconds. */
const OLD = 150_000;
/** How often they are looked at. */
const LOOK = 30_000;

export class Relay {
  /** @type {RTCConfiguration} */ configuration = { bundlePolicy: "max-bundle" };
  #connection;
  #call;
  #taken;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #looking;

  /**
   * @param {Connection} connection @param {() => string | null} call its id
   * @param {(configuration: RTCConfiguration) => void} taken there are fresh ones
   */
  constructor(connection, call, taken) {
    this.#connection = connection;
    this.#call = call;
    this.#taken = taken;
  }

  /** @param {RTCIceServer[]} iceServers @param {boolean} relayOnly */
  serve(iceServers, relayOnly) {
    this.configuration = { ...this.configuration, iceServers, iceTransportPolicy: relayOnly ? "relay" : "all" };
    this.#taken(this.configuration);
  }

  /** When they end, milliseconds since 1970 by the server's clock; Infinity without any. */
  get ends() {
    const ends = (this.configuration.iceServers ?? []).map(({ username }) => (username ? parseInt(username, 10) : Infinity));
    return 1000 * Math.min(Infinity, ...ends.map((one) => (Number.isNaN(one) ? Infinity : one)));
  }

  /** Ask for fresh ones if these are old. Without a line nothing happens: it is tried again. */
  async freshen() {
    const call = this.#call();
    if (!call || this.ends - this.#connection.now().getTime() > OLD) return;
    try {
      const fresh = await this.#connection.ask({ type: "renew", call });
      this.serve(fresh["ice_servers"], fresh["relay_only"]);
    } catch {
      // No line, or the call is over: the old ones are all there is.
    }
  }

  /** Keep them fresh until `stop`. */
  keep() {
    this.#looking ??= setInterval(() => void this.freshen(), LOOK);
  }

  stop() {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }
}
