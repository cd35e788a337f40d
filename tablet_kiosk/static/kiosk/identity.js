/** Who this tablet is: a key that it made itself, and how it is let in (docs/protocol.md sections 2 and 3). */

import { recall, remember } from "./memory.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };

/** @typedef {{state: "paired"} | {state: "confirm", number: string} | {state: "refused", code: string, sentence: string, again: boolean}} Progress */

/** @returns {Promise<CryptoKeyPair>} the key of this tablet, made the first time it is asked for */
async function ownKey() {
  const kept = await recall("key");
  if (kept) return kept;
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]));
  await remember("key", pair);
  return pair;
}

/** @returns {Promise<string | null>} the id that pairing gave, null when this tablet belongs to nobody */
export async function deviceId() {
  return (await recall("device")) ?? null;
}

/**
 * Ask to be let in. The same question may be asked again and again: it is also how to wait.
 *
 * @param {{secret: string} | {code: string}} with_
 * @returns {Promise<Progress>} rejects when the server cannot be reached
 */
export async function askToPair(with_) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", (await ownKey()).publicKey);
  const answer = await fetch("/kiosk/pairing", {
    method: "POST",
    headers: {
      "Content-Type": "application/json", Accept: "application/json", "Accept-Language": document.documentElement.lang,
    },
    body: JSON.stringify({ ...with_, public_key: { kty, crv, x, y } }),
    cache: "no-store",
  });
  const body = await answer.json();
  if (answer.status === 200) {
    await remember("device", body.device);
    return { state: "paired" };
  }
  if (answer.status === 202) return { state: "confirm", number: body.number };
  return { state: "refused", code: body.code, sentence: body.title, again: answer.status >= 500 };
}

/**
 * The fields of `hello`: signs the server's nonce for this very address.
 *
 * @param {string} device
 * @param {number} protocol
 * @param {string} nonce
 */
export async function signHello(device, protocol, nonce) {
  const text = `samtid-hello\n${protocol}\n${location.origin}\n${nonce}\n${device}`;
  const { privateKey } = await ownKey();
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, new TextEncoder().encode(text));
  return { device, signature: base64url(new Uint8Array(raw)) };
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
