/** Opens camera and microphone, as little as a cheap tablet manages well. No DOM. */

/** @type {MediaTrackConstraints} */
const PICTURE = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 15, max: 30 },
  facingMode: "user",
};

/** @type {MediaTrackConstraints} */
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * A voice as it is, for somebody with a hearing aid (docs/calls.md): the aid does its own noise suppression and
 * levelling, and twice is worse than once. What is spoken to the aid is left wholly alone; from its room only the
 * levelling is left out, which would lift the whistle of an aid. Echo is cancelled always.
 * @type {Record<"to" | "from", MediaTrackConstraints>}
 */
export const PLAIN = {
  to: { echoCancellation: true, noiseSuppression: false, autoGainControl: false },
  from: { echoCancellation: true, noiseSuppression: true, autoGainControl: false },
};

/**
 * Camera and microphone, or what there is of them: a call without a camera is still a call.
 *
 * @returns {Promise<{stream: MediaStream | null, camera: boolean, microphone: boolean, why: string | null}>}
 *   `why` is the browser's name of the error ("NotAllowedError", "NotFoundError", …) when something is missing
 */
export async function openCamera(sound = SOUND) {
  /** @type {string | null} */
  let why = null;
  for (const wish of [{ video: PICTURE, audio: sound }, { audio: sound }, { video: PICTURE }]) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wish);
      return {
        stream,
        camera: stream.getVideoTracks().length > 0,
        microphone: stream.getAudioTracks().length > 0,
        why,
      };
    } catch (error) {
      why ??= error instanceof DOMException ? error.name : String(error);
    }
  }
  return { stream: null, camera: false, microphone: false, why };
}

/**
 * One of them again, after it has been away; null while it cannot be had.
 * @param {"audio" | "video"} kind @param {MediaTrackConstraints} [wishes] as it was asked for before
 */
export async function openKind(kind, wishes = kind === "audio" ? SOUND : PICTURE) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wishes });
    return stream.getTracks()[0] ?? null;
  } catch {
    return null;
  }
}

/** Let go of everything. The lamp beside the camera goes out. @param {MediaStream | null} stream */
export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
