/**
 * A picture through the data path of the call, from one side to the other and kept nowhere (docs/protocol.md section 6).
 * No DOM.
 */

/** The label of the channel, the largest picture and the largest piece, in bytes. */
export const LABEL = "picture";
export const LARGEST = 2 * 1024 * 1024;
const PIECE = 16 * 1024;
/** No more than this waits to be sent at once. */
const WAITING = 256 * 1024;
/** A picture that has not gone through by then is given up. Milliseconds. */
const PATIENCE = 15_000;
const TYPES = new Set(["image/jpeg", "image/webp"]);

/**
 * @param {RTCDataChannel} channel just made, with `LABEL` @param {number} number @param {Blob} picture
 * @returns {Promise<boolean>} true when all of it has been handed to the other side
 */
export async function sendPicture(channel, number, picture) {
  channel.binaryType = "arraybuffer";
  channel.bufferedAmountLowThreshold = WAITING / 2;
  const late = AbortSignal.timeout(PATIENCE);
  try {
    if (channel.readyState !== "open") await heard(channel, "open", late);
    const bytes = await picture.arrayBuffer();
    channel.send(JSON.stringify({ number, type: picture.type, bytes: bytes.byteLength }));
    for (let at = 0; at < bytes.byteLength; at += PIECE) {
      if (channel.bufferedAmount > WAITING) await heard(channel, "bufferedamountlow", late);
      channel.send(bytes.slice(at, at + PIECE));
    }
    return true;
  } catch {
    // No path, closed meanwhile, or too slow: the caller says so.
    channel.close();
    return false;
  }
}

/**
 * Hear one picture. What is too large, of another kind or never whole is let go.
 *
 * @param {RTCDataChannel} channel @param {(number: number, picture: Blob | null) => void} take null: it did not arrive
 */
export function receivePicture(channel, take) {
  channel.binaryType = "arraybuffer";
  /** @type {{number: number, type: string, bytes: number} | null} */ let head = null;
  /** @type {ArrayBuffer[]} */ let pieces = [];
  let come = 0;
  const end = (/** @type {Blob | null} */ picture) => {
    clearTimeout(late);
    if (head) take(head.number, picture);
    head = null;
    pieces = [];
    channel.onmessage = null;
    channel.close();
  };
  const late = setTimeout(() => end(null), PATIENCE);
  channel.addEventListener("close", () => head && end(null));
  channel.onmessage = ({ data }) => {
    if (typeof data === "string") {
      head = readHead(data);
      if (!head) end(null);
      return;
    }
    if (!head) return;
    pieces.push(data);
    come += data.byteLength;
    if (come > head.bytes) end(null);
    else if (come === head.bytes) end(new Blob(pieces, { type: head.type }));
  };
}

/** @param {string} text */
function readHead(text) {
  try {
    const { number, type, bytes } = JSON.parse(text);
    const isGood = Number.isInteger(number) && number >= 0 && TYPES.has(type) && Number.isInteger(bytes) && bytes > 0 &&
      bytes <= LARGEST;
    return isGood ? { number, type, bytes } : null;
  } catch {
    return null;
  }
}

/** @param {RTCDataChannel} channel @param {string} what @param {AbortSignal} late */
function heard(channel, what, late) {
  return new Promise((resolve, reject) => {
    channel.addEventListener(what, resolve, { once: true });
    for (const end of ["close", "error"]) channel.addEventListener(end, reject, { once: true });
    late.addEventListener("abort", reject, { once: true });
  });
}
