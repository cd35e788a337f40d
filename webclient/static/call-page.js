/**
 * The worker's call page: rings, shows, hangs up, and goes on after a break. What is said to the server is in
 * call/protocol.js, picture and sound in call/peer.js; here is only the page.
 */

import { CallHold } from "./call-hold.js";
import { guardLeaving } from "./call-leaving.js";
import { closeCamera, openCamera, PLAIN } from "./call/camera.js";
import { Peer } from "./call/peer.js";
import { Connection, Refused } from "./call/protocol.js";
import { Samples } from "./call/samples.js";
import { Together } from "./call/together.js";
import { CallGuests } from "./call-guests.js";
import { CallTools } from "./call-tools.js";
import { CallWatch } from "./call-watch.js";
import { Gallery } from "./gallery.js";
import { SEEN_WORDS } from "./seen-words.js";
import { t } from "./words.js";

/** @typedef {import("./call/protocol.js").Message} Message */
/** @typedef {"ready" | "searching" | "ringing" | "answered" | "talking" | "broken" | "ended"} Phase */

/** What the states of a call are called on this page. @type {Record<string, Phase>} */
const PHASES = {
  ringing: "ringing", connecting: "answered", connected: "talking", reconnecting: "broken", ended: "ended",
};

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

const page = find("call", HTMLElement);
const remote = find("remote", HTMLVideoElement);
const self = find("self", HTMLVideoElement);
const state = find("call-state", HTMLElement);
const soundButton = find("sound", HTMLButtonElement);
const muteButton = find("mute", HTMLButtonElement);
const cameraButton = find("camera", HTMLButtonElement);
const hangUpButton = find("hang-up", HTMLButtonElement);
const personButton = find("right-person", HTMLButtonElement);
const ringButton = document.getElementById("ring");
const { contact = "", name = "", reason = "", receipt = "" } = page.dataset;

const connection = new Connection("/socket/personal", { hello: async () => ({ contact, near: true }), near: true });

/** @type {Peer | null} */ let peer = null;
/** The room, when somebody more has been let in. @type {Together | null} */ let together = null;
/** @type {MediaStream | null} */ let camera = null;
/** The version of the last state: an older one that comes later is ignored. */ let version = 0;
let hasTalked = false;
/** Milliseconds that a ring waits for the line to the server. */
const LINE_WITHIN = 8_000;
/** @type {string | null} A call that was hung up while there was no line. */ let unsaid = null;
const hold = new CallHold({ page, place: find("hold", HTMLElement), name });
/** @type {number | null} */ let talkingSince = null;
/** @type {ReturnType<typeof setInterval> | undefined} */ let ticking;

/** @param {Phase} phase @param {string} words */
function show(phase, words) {
  page.dataset["phase"] = phase;
  if (words || phase === "ready") state.textContent = words;
  const isCalling = phase !== "ready" && phase !== "ended";
  find("controls", HTMLElement).hidden = !isCalling;
  find("ready", HTMLElement).hidden = phase !== "ready";
  find("after", HTMLElement).hidden = phase !== "ended";
  const isAnswered = ["answered", "talking", "broken"].includes(phase);
  find("person", HTMLElement).hidden = find("on-screen", HTMLElement).hidden = find("show-text", HTMLElement).hidden = !isAnswered;
  if (phase !== "talking" && phase !== "broken") find("call-clock", HTMLElement).hidden = true;
  guests?.draw();
}

/** @param {string | null} words */
function trouble(words) {
  find("trouble", HTMLElement).hidden = !words;
  find("trouble-text", HTMLElement).textContent = words ?? "";
}

const samples = new Samples(connection);
const tools = new CallTools({ connection, name, peer: () => peer });
const watch = new CallWatch({
  connection, name, remote, place: find("watch", HTMLElement), camera: () => camera, needsTouch: () => !soundButton.hidden,
  listen: () => {
    remote.muted = false;
    find("volume", HTMLInputElement).value = "100";
    remote.volume = 1;
    void play();
  },
  quieter: () => {
    remote.volume = Math.max(0.3, remote.volume - 0.25);
    find("volume", HTMLInputElement).value = String(Math.round(remote.volume * 100));
  },
  write: (words) => tools.write(words),
  telephone: () => document.querySelector('#unanswered a[href^="tel:"]'),
});

const gallery = new Gallery(find("gallery", HTMLElement), {
  words: SEEN_WORDS,
  blocked: () => (soundButton.hidden = false),
  seen: (who) => together?.seen(who),
});
const guestList = document.getElementById("guests");
const guests = guestList && new CallGuests({
  connection, lobby: find("lobby", HTMLElement), list: guestList, trouble,
  isTalking: () => ["answered", "talking", "broken"].includes(page.dataset["phase"] ?? ""),
});

/** The call goes on in a room: the peer connection is shown until the client is seen there. @param {string} call */
function gather(call) {
  if (together) return;
  const made = (together = new Together({ connection, call, main: "client" }));
  gallery.hear(false);
  made.addEventListener("people", () => gallery.people(made.others, "client"));
  made.addEventListener("place", (event) => {
    const { who, stream } = /** @type {CustomEvent} */ (event).detail;
    gallery.place(who, stream);
  });
  made.addEventListener("gone", (event) => gallery.gone(/** @type {CustomEvent} */ (event).detail.who));
  made.addEventListener("switch", () => {
    watch.stop();
    page.dataset["together"] = "yes";
    find("gallery", HTMLElement).hidden = false;
    remote.srcObject = null;
    gallery.hear(true);
    gallery.play();
  });
  made.addEventListener("rest", () => {
    samples.stop();
    void peer?.rest();
  });
  void made.show(camera).then(() => {
    made.mute(muteButton.dataset["off"] === "yes");
    made.darken(cameraButton.dataset["off"] === "yes");
    made.enter();
  });
}

/** @type {Promise<void> | null} */ let preparing = null;

/** Camera and microphone for the self-view, asked for once; nothing is sent before the answer. */
function prepareCamera() {
  return (preparing ??= startCamera().finally(() => (preparing = null)));
}

async function startCamera() {
  if (camera) return;
  const opened = await openCamera(page.dataset["plainVoice"] ? PLAIN.to : undefined);
  if (page.dataset["phase"] === "ended" || page.dataset["phase"] === "ready") {
    closeCamera(opened.stream);
    return;
  }
  camera = opened.stream;
  self.srcObject = camera;
  self.hidden = !opened.camera;
  if (!opened.stream) trouble(t("Kameran och mikrofonen går inte att öppna. Tillåt dem i webbläsaren och försök igen."));
  else if (!opened.microphone) trouble(t("Mikrofonen går inte att öppna. %(name)s kan se dig men inte höra dig.", { name }));
  else if (!opened.camera) trouble(t("Kameran går inte att öppna. %(name)s kan höra dig men inte se dig.", { name }));
}

/** @param {string | null} call */
function makePeer(call) {
  const made = new Peer({ connection, call, side: "worker" });
  made.attach();
  made.addEventListener("remote", (event) => {
    const { stream } = /** @type {CustomEvent<{stream: MediaStream}>} */ (event).detail;
    if (remote.srcObject !== stream) remote.srcObject = stream;
    void play();
    remote.requestVideoFrameCallback?.(() => made.shown());
  });
  made.addEventListener("replaced", () => void together?.show(camera));
  made.addEventListener("sending", () => {
    page.dataset["theirPicture"] = made.theirs.video ? "yes" : "no";
  });
  return made;
}

async function play() {
  try {
    await remote.play();
    soundButton.hidden = true;
  } catch (error) {
    // The browser wants a touch before it lets anything be heard. That a call ended meanwhile is nothing to touch for.
    soundButton.hidden = !(peer && error instanceof DOMException && error.name === "NotAllowedError");
  }
}

async function ring() {
  if (peer) return;
  trouble(null);
  version = 0;
  hasTalked = false;
  find("receipt-place", HTMLElement).replaceChildren();
  tools.begin();
  show("searching", t("Startar kameran…"));
  // Read again or gone back to, the page does not ring by itself.
  history.replaceState(null, "", location.pathname);
  // Whoever presses as soon as the page stands may be a moment before the line.
  await Promise.all([prepareCamera(), connection.opened(LINE_WITHIN)]);
  if (peer) return;
  const made = makePeer(null);
  peer = made;
  try {
    const calling = await connection.ask({ type: "call", contact, connection: made.name, ...(reason ? { reason } : {}) });
    made.call = calling["call"];
    made.serve(calling["ice_servers"], calling["relay_only"]);
    if (version === 0) show("searching", calling["words"]);
  } catch (error) {
    if (peer === made) letGo();
    show("ready", "");
    trouble(error instanceof Refused && error.sentence ? error.sentence : t("Det finns ingen kontakt med systemet. Försök igen."));
  }
}

/** Take up a call that goes on: after a reconnect, or on a page that was read again. @param {string} call */
async function resume(call) {
  const isNew = peer === null;
  const made = (peer ??= makePeer(call));
  try {
    const resumed = await connection.ask({ type: "resume", call, connection: made.name });
    made.serve(resumed["ice_servers"], resumed["relay_only"]);
    stated(resumed);
    if (isNew) {
      await prepareCamera();
      if (page.dataset["phase"] !== "searching" && page.dataset["phase"] !== "ringing") await answered();
    } else {
      await made.again();
    }
  } catch (error) {
    // A fault of ours is told as every other; the call goes on as far as it does.
    if (!(error instanceof Refused)) throw error;
    if (error.code !== "lost" && peer === made) {
      if (page.dataset["phase"] !== "ended") over("ended", error.sentence);
    }
  }
}

async function answered() {
  const made = peer;
  if (!made) return;
  made.answered();
  if (!together?.isShown) samples.start(made);
  await prepareCamera();
  if (peer !== made) return;
  if (together?.isShown) return;
  await made.show(camera);
  await together?.show(camera);
  if (peer !== made) return;
  watch.start(made);
  hold.begin(made, camera);
}

/** @param {Message} message a state, or what `resume` gave */
function stated(message) {
  if (!peer || (peer.call !== null && message["call"] !== peer.call)) return;
  if (message["version"] < version) return;
  version = message["version"];
  const phase = PHASES[message["state"]] ?? "answered";
  if (message["room"] && phase !== "ended") gather(message["call"]);
  if (phase === "ended") {
    over(message["cause"], message["words"]);
    return;
  }
  if (message["connected_at"] || phase === "talking" || phase === "broken") hasTalked = true;
  if (phase === "talking") tick(message["connected_at"]);
  show(phase, message["words"]);
  if (phase === "answered") void answered();
}

/** @param {string | undefined} since */
function tick(since) {
  talkingSince ??= since ? Date.parse(since) : connection.now().getTime();
  clearInterval(ticking);
  const write = () => {
    const seconds = Math.max(0, Math.floor((connection.now().getTime() - (talkingSince ?? 0)) / 1000));
    const text = `${Math.floor(seconds / 60)}.${String(seconds % 60).padStart(2, "0")}`;
    find("call-time", HTMLElement).textContent = text;
    find("call-clock", HTMLElement).hidden = false;
  };
  write();
  ticking = setInterval(write, 1000);
}

/** Let go of the peer, the camera and the pictures. */
function letGo() {
  watch.stop();
  hold.end();
  samples.stop();
  together?.leave();
  together = null;
  gallery.clear();
  find("gallery", HTMLElement).hidden = true;
  delete page.dataset["together"];
  peer?.close();
  peer = null;
  closeCamera(camera);
  camera = null;
  clearInterval(ticking);
  talkingSince = null;
  remote.srcObject = null;
  self.srcObject = null;
  self.hidden = true;
  soundButton.hidden = true;
  press(muteButton, false);
  press(cameraButton, false);
}

/** The call is over. @param {string} cause @param {string} words */
function over(cause, words) {
  const made = peer;
  const talked = hasTalked;
  if (made?.call) {
    const call = made.call;
    void made.figures().then((figures) => {
      connection.send({ type: "quality", call, ...figures });
    }).finally(() => made.close());
  }
  peer = null;
  letGo();
  show("ended", words);
  trouble(null);
  const offers = find("unanswered", HTMLElement);
  offers.hidden = talked;
  if (talked) void fetchReceipt();
  else {
    offerAgain(cause);
    land(state);
  }
  personButton.hidden = false;
  find("person-confirmed", HTMLElement).hidden = true;
}

/** The buttons of the call are gone: the keyboard goes on from what came instead. @param {HTMLElement | null} place */
function land(place) {
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** @param {string} cause */
function offerAgain(cause) {
  if (!ringButton || cause === "consent_withdrawn" || cause === "revoked" || cause === "taken") return;
  // "Ring Ingrid" again, where the hand already is.
  find("ready", HTMLElement).hidden = false;
}

async function fetchReceipt() {
  const place = find("receipt-place", HTMLElement);
  try {
    const answer = await fetch(receipt, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    place.innerHTML = await answer.text();
    /** @type {{htmx?: {process: (element: Element) => void}}} */ (/** @type {unknown} */ (window)).htmx?.process(place);
    place.scrollIntoView({ block: "start" });
    land(place.querySelector("h2"));
  } catch {
    const link = document.createElement("a");
    link.className = "button primary block";
    link.href = receipt;
    link.textContent = t("Till kvittensen");
    place.replaceChildren(link);
  }
}

/** @param {HTMLButtonElement} button @param {boolean} isOff */
function press(button, isOff) {
  button.dataset["off"] = isOff ? "yes" : "no";
  const word = button.querySelector(".word");
  if (!(word instanceof HTMLElement)) return;
  word.dataset["on"] ??= word.textContent ?? "";
  word.textContent = (isOff ? word.dataset["off"] : word.dataset["on"]) ?? "";
}

connection.addEventListener("open", (event) => {
  const welcome = /** @type {CustomEvent<Message>} */ (event).detail;
  page.dataset["line"] = "open";
  hold.draw();
  if (unsaid) {
    connection.ask({ type: "hang_up", call: unsaid }).catch(() => undefined);
    unsaid = null;
    return;
  }
  const call = peer?.call ?? welcome["call"]?.call;
  if (call) void resume(call);
  else if (page.dataset["phase"] === "ready" && page.dataset["mayRing"] && isFromButton()) void ring();
});

/** True when a Ring button brought us here; not when the page was read again or gone back to. */
function isFromButton() {
  const [entry] = performance.getEntriesByType("navigation");
  const isFresh = entry instanceof PerformanceNavigationTiming && entry.type === "navigate";
  const isOurs = document.referrer !== "" && new URL(document.referrer).origin === location.origin;
  const hasRung = page.dataset["rung"] === "yes";
  page.dataset["rung"] = "yes";
  return isFresh && isOurs && !hasRung;
}

connection.addEventListener("lost", () => {
  page.dataset["line"] = "lost";
  hold.draw();
});

connection.addEventListener("bye", (event) => {
  const { again, sentence } = /** @type {CustomEvent<Message>} */ (event).detail;
  if (again) return;
  // Signed out, or the page is too old: reading it again leads the right way. A talk goes on until it ends.
  if (peer) trouble(sentence);
  else location.reload();
});

connection.on("state", stated);
connection.on("taken", ({ call }) => {
  if (peer?.call !== call) return;
  hasTalked = false;
  over("taken", t("Samtalet fortsätter på en annan sida."));
  find("ready", HTMLElement).hidden = true;
});

ringButton?.addEventListener("click", () => void ring());
soundButton.addEventListener("click", () => {
  if (together?.isShown) {
    soundButton.hidden = true;
    gallery.play();
  } else void play();
});
/** Stop ringing, or hang up. */
async function hangUp() {
  const call = peer?.call;
  if (!call) {
    letGo();
    show("ready", "");
    return;
  }
  const isRinging = ["searching", "ringing"].includes(page.dataset["phase"] ?? "");
  try {
    await connection.ask({ type: isRinging ? "cancel" : "hang_up", call });
  } catch {
    // Without a line the page lets go all the same, and says so when there is one again.
    unsaid = call;
    over("hung_up", t("Samtalet är slut"));
  }
}

hangUpButton.addEventListener("click", () => void hangUp());
guardLeaving(page, { isLive: () => peer !== null, hangUp });
muteButton.addEventListener("click", () => {
  const off = muteButton.dataset["off"] !== "yes";
  press(muteButton, off);
  peer?.mute(off);
  together?.mute(off);
});
cameraButton.addEventListener("click", () => {
  const off = cameraButton.dataset["off"] !== "yes";
  press(cameraButton, off);
  peer?.darken(off);
  together?.darken(off);
  self.classList.toggle("dark", off);
});
find("volume", HTMLInputElement).addEventListener("input", (event) => {
  remote.volume = Number(/** @type {HTMLInputElement} */ (event.target).value) / 100;
  gallery.volume(remote.volume);
});
personButton.addEventListener("click", async () => {
  if (!peer?.call) return;
  try {
    await connection.ask({ type: "confirm_person", call: peer.call });
    personButton.hidden = true;
    find("person-confirmed", HTMLElement).hidden = false;
  } catch (error) {
    trouble(error instanceof Refused && error.sentence ? error.sentence : t("Det gick inte att spara. Försök igen."));
  }
});

show("ready", "");
connection.open();
