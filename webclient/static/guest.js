/**
 * The page of a guest: shows the secret of the link once, waits in the lobby, and sits in the room of the call.
 * After that the fragment holds the invitation's id, which opens nothing without this browser's cookie.
 */

import { closeCamera, openCamera } from "./call/camera.js";
import { Connection } from "./call/protocol.js";
import { Room } from "./call/room.js";
import { Gallery } from "./gallery.js";
import { SEEN_WORDS } from "./seen-words.js";
import { t } from "./words.js";

/** @typedef {import("./call/protocol.js").Message} Message */

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

const page = find("guest", HTMLElement);
const title = find("title", HTMLElement);
const words = find("words", HTMLElement);
const join = find("join", HTMLButtonElement);
const mirror = find("mirror", HTMLVideoElement);
const self = find("self", HTMLVideoElement);
const soundButton = find("sound", HTMLButtonElement);
const muteButton = find("mute", HTMLButtonElement);
const cameraButton = find("camera", HTMLButtonElement);
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let guest = "";
let host = "";
/** @type {Connection | null} */ let connection = null;
/** @type {Room | null} */ let room = null;
/** @type {MediaStream | null} */ let camera = null;
let isMuted = false;
let isDark = false;
const gallery = new Gallery(find("tiles", HTMLElement), { words: SEEN_WORDS, blocked: () => (soundButton.hidden = false) });

/** @param {"checking" | "ready" | "waiting" | "talking" | "over"} phase @param {string} heading @param {string} [said] */
function show(phase, heading, said = "") {
  page.dataset["phase"] = phase;
  title.textContent = heading;
  words.textContent = said;
  find("talk", HTMLElement).hidden = phase !== "talking";
  find("card", HTMLElement).hidden = phase === "talking";
  join.hidden = phase !== "ready";
  find("asks", HTMLElement).hidden = phase !== "ready";
  mirror.hidden = phase !== "waiting" || !camera?.getVideoTracks().length;
  self.hidden = phase !== "talking" || !camera?.getVideoTracks().length;
}

/** @param {string} said */
function trouble(said) {
  find("trouble", HTMLElement).hidden = !said;
  find("trouble-text", HTMLElement).textContent = said;
}

/** @param {string} said */
function over(said) {
  leaveRoom();
  closeCamera(camera);
  camera = null;
  connection?.close();
  connection = null;
  show("over", said);
}

async function begin() {
  const mark = location.hash.slice(1);
  if (ID.test(mark)) {
    // Read again: this browser is known by its cookie.
    guest = mark;
    show("ready", t("Du är inbjuden till ett samtal"));
    return;
  }
  if (!SECRET.test(mark)) {
    show("over", t("Länken är inte hel. Be den som bjöd in dig om en ny."));
    return;
  }
  let answer;
  try {
    answer = await fetch("/gast/in", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept": "application/json" },
      body: JSON.stringify({ secret: mark }),
    });
  } catch {
    show("over", t("Det finns ingen kontakt med systemet. Läs om sidan."));
    return;
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    show("over", said["title"] || t("Länken fungerar inte. Be den som bjöd in dig om en ny."));
    return;
  }
  guest = said["guest"];
  host = said["host"];
  // The secret is not left in the address, nor in the history.
  history.replaceState(null, "", `#${guest}`);
  show("ready", invited());
}

function invited() {
  return host ? t("%(host)s bjuder in dig till ett samtal", { host }) : t("Du är inbjuden till ett samtal");
}

async function come() {
  join.hidden = true;
  trouble("");
  const opened = await openCamera();
  camera = opened.stream;
  mirror.srcObject = self.srcObject = camera;
  if (!opened.stream) trouble(t("Kameran och mikrofonen går inte att öppna. Du ser och hör de andra. Tillåt dem i webbläsaren om du vill synas."));
  else if (!opened.microphone) trouble(t("Mikrofonen går inte att öppna. De andra ser dig men hör dig inte."));
  else if (!opened.camera) trouble(t("Kameran går inte att öppna. De andra hör dig men ser dig inte."));
  show("waiting", invited(), t("Ett ögonblick…"));
  const made = new Connection("/socket/gast", { hello: async () => ({ guest }), near: true });
  connection = made;
  made.on("lobby", stands);
  made.addEventListener("bye", (event) => {
    const { again, sentence } = /** @type {CustomEvent<Message>} */ (event).detail;
    if (!again) over(sentence || t("Samtalet är slut. Tack för att du var med."));
  });
  made.open();
}

/** @param {Message} message how it stands in the lobby */
function stands(message) {
  host = message["host"] || host;
  if (message["state"] === "admitted") {
    void enter(message["room"]);
    return;
  }
  leaveRoom();
  show("waiting", message["state"] === "ended" ? message["words"] : invited(), message["state"] === "ended" ? "" : message["words"]);
}

/** @param {string} id */
async function enter(id) {
  const connected = connection;
  if (room || !connected) return;
  const made = (room = new Room({ connection: connected, room: id }));
  made.addEventListener("people", () => {
    gallery.people(made.people.filter(({ who }) => who !== made.who), "client");
  });
  made.addEventListener("place", (event) => {
    const { who, stream } = /** @type {CustomEvent} */ (event).detail;
    gallery.place(who, stream);
  });
  made.addEventListener("gone", (event) => gallery.gone(/** @type {CustomEvent} */ (event).detail.who));
  made.addEventListener("closed", (event) => {
    const { cause, words: said } = /** @type {CustomEvent} */ (event).detail;
    if (room !== made) return;
    // When the call has ended the lobby says what follows.
    if (cause !== "ended") over(said);
    else leaveRoom();
  });
  show("talking", invited());
  await made.show(camera);
  if (room !== made) return;
  made.mute(isMuted);
  made.darken(isDark);
  made.enter().catch(() => undefined);
}

function leaveRoom() {
  const gone = room;
  room = null;
  gone?.leave();
  gallery.clear();
  soundButton.hidden = true;
}

/** @param {HTMLButtonElement} button @param {boolean} isOff */
function press(button, isOff) {
  button.dataset["off"] = isOff ? "yes" : "no";
  const word = button.querySelector(".word");
  if (!(word instanceof HTMLElement)) return;
  word.dataset["on"] ??= word.textContent ?? "";
  word.textContent = (isOff ? word.dataset["off"] : word.dataset["on"]) ?? "";
}

join.addEventListener("click", () => void come());
soundButton.addEventListener("click", () => {
  soundButton.hidden = true;
  gallery.hear(true);
  gallery.play();
});
muteButton.addEventListener("click", () => {
  isMuted = !isMuted;
  press(muteButton, isMuted);
  room?.mute(isMuted);
});
cameraButton.addEventListener("click", () => {
  isDark = !isDark;
  press(cameraButton, isDark);
  room?.darken(isDark);
  self.classList.toggle("dark", isDark);
});
find("hang-up", HTMLButtonElement).addEventListener("click", () => over(t("Du har lämnat samtalet. Öppna länken igen om du vill tillbaka.")));
// Another link opened in the same window.
addEventListener("hashchange", () => location.reload());
// The other language keeps the call: the fragment goes with the form's address.
document.querySelector(".guest-language form")?.addEventListener("submit", (event) => {
  if (event.target instanceof HTMLFormElement) event.target.action += location.hash;
});

void begin();
