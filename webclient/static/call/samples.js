/** Tells the server every five seconds how the call goes, as this side receives it (docs/protocol.md, `sample`). No DOM. */

import { flowOf } from "./figures.js";

/** @typedef {import("./peer.js").Peer} Peer */
/** @typedef {import("./protocol.js").Connection} Connection */
/** @typedef {import("./figures.js").Flow} Flow */

const EVERY = 5_000;

export class Samples {
  #connection;
  /** @type {Peer | null} */ #peer = null;
  /** @type {Flow | null} */ #before = null;
  #at = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;

  /** @param {Connection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /** The call is answered. @param {Peer} peer */
  start(peer) {
    if (this.#peer === peer) return;
    this.stop();
    this.#peer = peer;
    this.#at = performance.now();
    this.#clock = setInterval(() => void this.#tell(), EVERY);
  }

  stop() {
    clearInterval(this.#clock);
    this.#peer = this.#before = null;
  }

  async #tell() {
    const peer = this.#peer;
    const report = await peer?.report();
    if (!peer || !report || peer !== this.#peer) return;
    const [flow, now] = [flowOf(report), performance.now()];
    const fields = sample(flow, this.#before, now - this.#at);
    this.#before = flow;
    this.#at = now;
    this.#connection.send({ type: "sample", call: peer.call, ...fields, ...protocolOf(report), ...peer.phases.fields });
  }
}

/**
 * What has come between two looks. A peer connection that was made anew counts from nothing again.
 *
 * @param {Flow} now @param {Flow | null} before @param {number} long milliseconds between them
 * @returns {Record<string, unknown>} the fields of `sample`, without what could not be measured
 */
export function sample(now, before, long) {
  const isNew = !before || now.packetsIn < before.packetsIn || now.bytesIn < before.bytesIn;
  const [bytes, packets, lost, freezes] = /** @type {const} */ (["bytesIn", "packetsIn", "lost", "freezes"])
    .map((name) => Math.max(0, now[name] - (isNew ? 0 : (before?.[name] ?? 0))));
  const all = {
    round_trip_ms: now.roundTrip,
    loss_percent: (packets ?? 0) + (lost ?? 0) > 0 ? (100 * (lost ?? 0)) / ((packets ?? 0) + (lost ?? 0)) : null,
    jitter_ms: now.jitter, freezes, kilobits: long > 0 ? ((bytes ?? 0) * 8) / long : null, path: now.path,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== undefined));
}

/** What the path runs on: to the relay, where there is one. @param {RTCStatsReport} report @returns {{protocol?: string}} */
function protocolOf(report) {
  for (const entry of report.values()) {
    if (entry.type !== "transport" || !entry.selectedCandidatePairId) continue;
    const local = report.get(report.get(entry.selectedCandidatePairId)?.localCandidateId);
    const protocol = local?.relayProtocol ?? local?.protocol;
    if (["udp", "tcp", "tls"].includes(protocol)) return { protocol };
  }
  return {};
}
