/** Reads what the browser measures of a peer connection. No DOM. */

/**
 * What flows at one moment.
 *
 * @typedef {object} Flow
 * @property {number} frames remote video frames decoded
 * @property {number} sounds remote audio packets received
 * @property {number} bytesIn
 * @property {number} packetsIn
 * @property {number} lost packets lost on the way here
 * @property {number} freezes
 * @property {number | null} jitter ms
 * @property {number | null} roundTrip ms
 * @property {"host" | "srflx" | "prflx" | "relay" | null} path
 * @property {number | null} available bits a second that the line is believed to carry from here
 * @property {number | null} lostAway share of the packets from here that were lost on the way, as the other side says
 */

/** @param {RTCPeerConnection} peer @returns {Promise<Flow>} */
export async function readFlow(peer) {
  return flowOf(await peer.getStats());
}

/** @param {RTCStatsReport} report @returns {Flow} */
export function flowOf(report) {
  /** @type {Flow} */
  const flow = {
    frames: 0, sounds: 0, bytesIn: 0, packetsIn: 0, lost: 0, freezes: 0, jitter: null, roundTrip: null, path: null,
    available: null, lostAway: null,
  };
  /** @type {any} */
  let pair = null;
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp") {
      flow.bytesIn += entry.bytesReceived ?? 0;
      flow.packetsIn += entry.packetsReceived ?? 0;
      flow.lost += Math.max(0, entry.packetsLost ?? 0);
      if (entry.kind === "video") {
        flow.frames += entry.framesDecoded ?? 0;
        flow.freezes += entry.freezeCount ?? 0;
      } else {
        flow.sounds += entry.packetsReceived ?? 0;
        if (entry.jitter !== undefined) flow.jitter = entry.jitter * 1000;
      }
    } else if (entry.type === "remote-inbound-rtp") {
      if (entry.fractionLost !== undefined) flow.lostAway = Math.max(flow.lostAway ?? 0, entry.fractionLost);
    } else if (entry.type === "transport" && entry.selectedCandidatePairId) {
      pair = report.get(entry.selectedCandidatePairId);
    }
  }
  if (pair) {
    if (pair.currentRoundTripTime !== undefined) flow.roundTrip = pair.currentRoundTripTime * 1000;
    flow.available = pair.availableOutgoingBitrate ?? null;
    flow.path = report.get(pair.localCandidateId)?.candidateType ?? null;
  }
  return flow;
}

/** Gathers moments into the figures of a whole call, over every peer connection it has had. */
export class Figures {
  #first = 0;
  #last = 0;
  /** Sums of peer connections that are gone. */
  #before = { bytesIn: 0, packetsIn: 0, lost: 0, freezes: 0 };
  /** @type {Flow | null} */ #now = null;
  /** @type {number[]} */ #roundTrips = [];
  /** @type {number[]} */ #jitters = [];

  /** @param {Flow} flow @param {number} at milliseconds */
  add(flow, at) {
    this.#first ||= at;
    this.#last = at;
    this.#now = flow;
    if (flow.roundTrip !== null) this.#roundTrips.push(flow.roundTrip);
    if (flow.jitter !== null) this.#jitters.push(flow.jitter);
  }

  /** The peer connection is replaced: counting begins anew there. */
  renew() {
    if (!this.#now) return;
    for (const name of /** @type {const} */ (["bytesIn", "packetsIn", "lost", "freezes"])) {
      this.#before[name] += this.#now[name];
    }
    this.#now = { ...this.#now, bytesIn: 0, packetsIn: 0, lost: 0, freezes: 0 };
  }

  /** The fields of the message `quality`, without what could not be measured. @returns {Record<string, unknown>} */
  summary() {
    const now = this.#now;
    if (!now) return {};
    const lost = now.lost + this.#before.lost;
    const packets = now.packetsIn + this.#before.packetsIn;
    const milliseconds = this.#last - this.#first;
    const all = {
      round_trip_ms: median(this.#roundTrips),
      loss_percent: packets + lost > 0 ? (100 * lost) / (packets + lost) : null,
      jitter_ms: median(this.#jitters),
      freezes: now.freezes + this.#before.freezes,
      // Bytes over milliseconds, times 8, is kilobits a second.
      kilobits: milliseconds > 1000 ? ((now.bytesIn + this.#before.bytesIn) * 8) / milliseconds : null,
      path: now.path,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  }
}

/** @param {number[]} values @returns {number | null} */
function median(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
