/** How long a way between the two sides took to find (ICE), and then to seal (DTLS). No DOM. */

export class Phases {
  /** Milliseconds; null until it is there. @type {number | null} */ ice = null;
  /** @type {number | null} */ dtls = null;
  #began = 0;

  /** @param {RTCPeerConnection} peer the first of a call: what is mended later is no set-up */
  constructor(peer) {
    peer.addEventListener("iceconnectionstatechange", () => {
      const now = performance.now();
      if (peer.iceConnectionState === "checking") this.#began ||= now;
      else if (["connected", "completed"].includes(peer.iceConnectionState) && this.#began) this.ice ??= now - this.#began;
    });
    peer.addEventListener("connectionstatechange", () => {
      if (peer.connectionState !== "connected" || this.ice === null) return;
      this.dtls ??= performance.now() - this.#began - this.ice;
    });
  }

  /** The fields of `sample`. @returns {Record<string, number>} */
  get fields() {
    const all = { ice_ms: this.ice, dtls_ms: this.dtls };
    return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, Math.round(Math.max(0, value))]])));
  }
}
