/** The video room of a check-in: one button in, tiles for everybody, one button out. */

import { connection } from "./checkin.js";
import { closeCamera, openCamera } from "./call/camera.js";
import { Refused } from "./call/protocol.js";
import { Room } from "./call/room.js";
import { Tiles } from "./room-tiles.js";
import { t } from "./words.js";

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

const section = find("room", HTMLElement);
const state = find("room-state", HTMLElement);
const preview = find("preview", HTMLVideoElement);
const joinButton = find("join", HTMLButtonElement);
const tryButton = find("try-camera", HTMLButtonElement);
const muteButton = find("mute", HTMLButtonElement);
const cameraButton = find("camera", HTMLButtonElement);
const soundButton = find("sound", HTMLButtonElement);
const id = document.getElementById("checkin")?.dataset["checkin"] ?? "";

const room = new Room({ connection, room: id });
const tiles = new Tiles(find("tiles", HTMLElement), find("tile", HTMLTemplateElement), () => {
  soundButton.hidden = false;
});
/** Read again in the middle of it, the page goes in again by itself; another check-in does not. */
const REMEMBERED = `samtid-room-${id}`;
/** @type {MediaStream | null} */ let camera = null;
let isMuted = false;
let isDark = false;
/** The camera's own sentence, while it is missing. */ let trouble = "";

/** @param {"ready" | "trying" | "entering" | "inside"} phase */
function show(phase) {
  section.dataset["phase"] = phase;
  const isIn = phase === "entering" || phase === "inside";
  find("lobby", HTMLElement).hidden = isIn;
  find("tiles", HTMLElement).hidden = !isIn;
  find("controls", HTMLElement).hidden = phase === "ready";
  find("leave", HTMLButtonElement).hidden = !isIn;
  preview.hidden = phase !== "trying" || !camera?.getVideoTracks().length;
  tryButton.hidden = phase !== "ready";
  if (!isIn) soundButton.hidden = true;
}

/** @param {string} words */
function tell(words) {
  state.textContent = words;
}

/** @type {Promise<void> | null} */ let preparing = null;

/** Camera and microphone, asked for once, whoever waits for them. */
function prepare() {
  return (preparing ??= start().finally(() => (preparing = null)));
}

async function start() {
  if (camera) return;
  const opened = await openCamera();
  camera = opened.stream;
  if (!opened.stream) trouble = t("Kameran och mikrofonen går inte att öppna. Du ser och hör de andra. Tillåt dem i webbläsaren om du vill synas.");
  else if (!opened.microphone) trouble = t("Mikrofonen går inte att öppna. De andra ser dig men hör dig inte.");
  else if (!opened.camera) trouble = t("Kameran går inte att öppna. De andra hör dig men ser dig inte.");
  else trouble = "";
  preview.srcObject = camera;
  for (const track of camera?.getTracks() ?? []) track.onended = () => void lostDevice();
  apply();
}

/** A camera or headset was pulled out: what is left goes on. */
async function lostDevice() {
  closeCamera(camera);
  camera = null;
  await prepare();
  if (section.dataset["phase"] === "ready") {
    letGo();
    return;
  }
  await room.show(camera);
  tiles.own(camera);
  tell(trouble);
}

function apply() {
  for (const track of camera?.getAudioTracks() ?? []) track.enabled = !isMuted;
  for (const track of camera?.getVideoTracks() ?? []) track.enabled = !isDark;
  press(muteButton, isMuted);
  press(cameraButton, isDark);
  room.mute(isMuted);
  room.darken(isDark);
}

/** @param {HTMLButtonElement} button @param {boolean} isOff */
function press(button, isOff) {
  button.dataset["off"] = isOff ? "yes" : "no";
  const isSound = button === muteButton;
  const word = isOff
    ? isSound ? t("Slå på mikrofonen") : t("Slå på kameran")
    : isSound ? t("Stäng av mikrofonen") : t("Stäng av kameran");
  const place = button.querySelector(".word");
  if (place) place.textContent = word;
}

async function enter() {
  if (room.isInside) return;
  show("entering");
  tell(t("Kopplar upp…"));
  connection.near = true;
  await prepare();
  if (section.dataset["phase"] !== "entering") {
    letGo();
    return;
  }
  await room.show(camera);
  tiles.own(camera);
  try {
    await room.enter();
    if (room.isInside) sessionStorage.setItem(REMEMBERED, "in");
  } catch (error) {
    if (error instanceof Refused) out(error.sentence);
  }
}

/** The camera is nobody's to see any more. */
function letGo() {
  closeCamera(camera);
  camera = null;
  preview.srcObject = null;
}

/** @param {string} words */
function out(words) {
  sessionStorage.removeItem(REMEMBERED);
  connection.near = false;
  letGo();
  tiles.clear();
  show("ready");
  tell(words);
}

room.addEventListener("people", () => tiles.people(room.people, room.who));
room.addEventListener("place", (event) => {
  const { who, stream } = /** @type {CustomEvent<{who: string, stream: MediaStream}>} */ (event).detail;
  tiles.place(who, stream);
});
room.addEventListener("held", (event) => {
  const { who, held } = /** @type {CustomEvent<{who: string, held: boolean}>} */ (event).detail;
  tiles.held(who, held);
});
room.addEventListener("gone", (event) => {
  tiles.gone(/** @type {CustomEvent<{who: string}>} */ (event).detail.who);
});
room.addEventListener("speaking", (event) => {
  tiles.speaking(/** @type {CustomEvent<{who: Set<string>}>} */ (event).detail.who);
});
room.addEventListener("flowing", () => {
  show("inside");
  section.dataset["flow"] = "yes";
  tell(trouble);
});
room.addEventListener("lost", () => {
  section.dataset["flow"] = "no";
  tell(t("Kopplar upp igen… Du behöver inte göra något."));
});
room.addEventListener("closed", (event) => {
  out(/** @type {CustomEvent<{cause: string, words: string}>} */ (event).detail.words);
});

joinButton.addEventListener("click", () => void enter());
tryButton.addEventListener("click", async () => {
  tell(t("Startar kameran…"));
  await prepare();
  // Gone in meanwhile.
  if (section.dataset["phase"] !== "ready") return;
  show("trying");
  tell(trouble || t("Bara du ser bilden än."));
});
muteButton.addEventListener("click", () => {
  isMuted = !isMuted;
  apply();
});
cameraButton.addEventListener("click", () => {
  isDark = !isDark;
  apply();
});
find("leave", HTMLButtonElement).addEventListener("click", () => {
  room.leave();
  out(t("Du har lämnat videomötet. Du kan gå med igen."));
  joinButton.focus();
});
soundButton.addEventListener("click", () => {
  soundButton.hidden = true;
  tiles.play();
});
// Whoever goes to another page has left; who reads this one again has not.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const stays = event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey;
  if (!(link instanceof HTMLAnchorElement) || stays || link.target || link.pathname === location.pathname) return;
  if (!room.isInside) return;
  room.leave();
  sessionStorage.removeItem(REMEMBERED);
});
press(muteButton, false);
press(cameraButton, false);
joinButton.disabled = tryButton.disabled = false;
if (sessionStorage.getItem(REMEMBERED)) void enter();
