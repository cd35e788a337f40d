/** Opens a microphone or a camera again in the middle of a call, in the stream that is being sent. No DOM. */

/** @typedef {"audio" | "video"} Kind */

/**
 * The old device is let go first: a tablet does not give the same one twice.
 *
 * @param {MediaStream} stream its tracks of `kind` are exchanged
 * @param {Kind} kind
 * @param {MediaTrackConstraints | null} [wishes] null: as the old one was asked for
 * @returns {Promise<string | null>} null when it is open, else the browser's name of the error
 */
export async function reopen(stream, kind, wishes = null) {
  const old = stream.getTracks().filter((track) => track.kind === kind);
  const asked = wishes ?? old[0]?.getConstraints() ?? {};
  const isOn = old[0]?.enabled ?? true;
  for (const track of old) track.stop();
  try {
    const fresh = await navigator.mediaDevices.getUserMedia({ [kind]: Object.keys(asked).length > 0 ? asked : true });
    for (const track of old) stream.removeTrack(track);
    for (const track of fresh.getTracks()) {
      track.enabled = isOn;
      stream.addTrack(track);
    }
    return null;
  } catch (error) {
    return error instanceof DOMException ? error.name : String(error);
  }
}

/** What a failure to open is called in docs/calls.md. @param {Kind} kind @param {string | null} why the browser's name of the error */
export function closedBy(kind, why) {
  const device = kind === "audio" ? "microphone" : "camera";
  return why === "NotAllowedError" || why === "SecurityError" ? `${device}_refused` : `${device}_gone`;
}
