/**
 * Proves one way through a relay by sending something through it: two peer connections of this page, which may reach
 * each other only over that server. No DOM, no camera.
 */

/** @typedef {"relays" | "silent" | "refused" | "stuck"} Found */

const PATIENCE = 10_000;
/** What a TURN server says of a credential that it does not take. */
const REFUSED = new Set([401, 403, 431, 438, 441]);

/** @param {RTCIceServer} server with one address @returns {Promise<{found: Found, ms: number | null}>} */
export async function prove(server) {
  const isStun = String(server.urls).startsWith("stun:");
  const began = performance.now();
  /** @type {RTCConfiguration} */
  const configuration = { iceServers: [server], iceTransportPolicy: isStun ? "all" : "relay" };
  const [here, there] = [new RTCPeerConnection(configuration), new RTCPeerConnection(configuration)];
  try {
    const found = await within(isStun ? asks(here) : sends(here, there));
    return { found, ms: found === "relays" ? Math.round(performance.now() - began) : null };
  } finally {
    here.close();
    there.close();
  }
}

/**
 * STUN tells what we look like from outside. Where that is what we are, no candidate comes of it, and no error either.
 * @param {RTCPeerConnection} peer @returns {Outcome}
 */
function asks(peer) {
  let failed = false;
  /** @type {Promise<Found>} */
  const done = new Promise((resolve) => {
    peer.onicecandidateerror = () => (failed = true);
    peer.onicecandidate = ({ candidate }) => {
      if (candidate?.type === "srflx") resolve("relays");
      else if (!candidate) resolve(failed ? "silent" : "relays");
    };
  });
  peer.createDataChannel("samtid");
  void peer.setLocalDescription();
  return { done, late: () => "silent" };
}

/** @param {RTCPeerConnection} here @param {RTCPeerConnection} there @returns {Outcome} */
function sends(here, there) {
  let isRefused = false;
  let candidates = 0;
  const late = () => (candidates > 0 ? "stuck" : isRefused ? "refused" : "silent");
  /** @type {Promise<Found>} */
  const done = new Promise((resolve) => {
    for (const [mine, other] of /** @type {const} */ ([[here, there], [there, here]])) {
      mine.onicecandidate = ({ candidate }) => {
        if (candidate) {
          candidates += 1;
          void other.addIceCandidate(candidate);
        } else if (candidates === 0) resolve(late());
      };
      mine.onicecandidateerror = ({ errorCode }) => {
        if (REFUSED.has(errorCode)) isRefused = true;
      };
    }
    there.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => channel.send(data);
    };
    const channel = here.createDataChannel("samtid");
    channel.onopen = () => channel.send("samtid");
    channel.onmessage = () => resolve("relays");
  });
  void (async () => {
    await here.setLocalDescription();
    await there.setRemoteDescription(/** @type {RTCSessionDescription} */ (here.localDescription));
    await there.setLocalDescription();
    await here.setRemoteDescription(/** @type {RTCSessionDescription} */ (there.localDescription));
  })();
  return { done, late };
}

/** `late`: what it is when nothing has come. @typedef {{done: Promise<Found>, late: () => Found}} Outcome */

/** @param {Outcome} outcome @returns {Promise<Found>} */
function within({ done, late }) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(late()), PATIENCE);
    void done.then((found) => {
      clearTimeout(timer);
      resolve(found);
    });
  });
}
