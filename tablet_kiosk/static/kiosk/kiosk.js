/**
 * The tablet in a client's home: one screen at a time, decided here and nowhere else.
 *
 * What stands on the screen is a function of what is known: the call, the day, the clock. A reload or a break
 * therefore heals by itself.
 */

import { speak } from "./language.js";
import { t } from "../words.js";
import { AfterCall } from "./after-call.js";
import { CallRequest } from "./call-request.js";
import { Calls } from "./calls.js";
import { CallScreen, RingScreen } from "./call-screen.js";
import { Condition } from "./condition.js";
import { isCalm, isNight, promptNow } from "./day.js";
import { DayScreen, NightScreen } from "./day-screen.js";
import { listenForHands } from "./hands.js";
import { Flash } from "./flash.js";
import { deviceId } from "./identity.js";
import { recall, remember } from "./memory.js";
import { PairingScreen, secretOfAddress } from "./pairing-screen.js";
import { PathTests } from "./path-test.js";
import { health, permissions, WakeLock } from "./readiness.js";
import {
  NoticeScreen, PromptScreen, promptText, ReplacedScreen, TestScreen, WordsScreen,
} from "./screens.js";
import { Renewal } from "./renewal.js";
import { apply, dim, ORDINARY } from "./settings.js";
import { Sound } from "./sound.js";
import { Stage } from "./stage.js";
import { StartScreen } from "./start-screen.js";
import { Tablet } from "./tablet.js";
import { say, Spoken } from "./voice.js";

/** @typedef {import("../call/protocol.js").Message} Message */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./screens.js").Screen} Screen */

const WORDS = 6_000;
const TEST = 12_000;
const HEALTH_EVERY = 1_800_000;
/** A touch may come by itself; only then is somebody told. */
const TOUCH_PATIENCE = 10_000;
/** How long a tablet that is not recognised waits before it says hello again. */
const TRY_AGAIN = 300_000;
/** These ended without the client wanting it: somebody rings again. */
const RINGS_AGAIN = new Set(["lost", "worker_lost", "line_lost", "media_failed", "no_path", "server_restart", "not_now"]);

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const stage = new Stage(part("screen"), part("said"), part("said-now"));
const version = document.querySelector("meta[name=version]")?.getAttribute("content") ?? "";
const language = document.documentElement.lang || "sv";

const sound = new Sound();
const spoken = new Spoken(sound, language);
const wakeLock = new WakeLock();
const renewal = new Renewal(() => calls.going === null);
// Nobody is to be seen by a caller whom they cannot hear; and nobody is seen at night by themselves.
const calls = new Calls(() => sound.state === "ok" && !nightNow());
/** @type {Tablet | null} */ let tablet = null;
/** @type {PathTests | null} */ let pathTests = null;
const condition = new Condition(() => now(), () => tablet?.connection.isOpen ?? false);
const callRequest = new CallRequest(() => tablet?.connection ?? null);
const afterCall = new AfterCall({
  answer: (call, face) => tablet?.pulse(call, face),
  ring: (name) => callRequest.press(tablet?.day ?? null, name),
  thank: () => showWords(t("Tack!"), "", "heart", 2_500),
  changed: draw,
});
/** When "Starta" was last pressed. @type {string | null} */ let started = null;
/** "Starta" is on the screen, also after it was pressed, until its report has been read. */ let isStarting = false;
/** @type {{words: string, more: string, symbol: string} | null} */ let words = null;
let isTesting = false;
let isReplaced = false;
/** What was said when the tablet was revoked. */ let revoked = "";
/** @type {string | null} */ let secret = secretOfAddress();
/** Camera and microphone as the browser says. */ let mayBeSeen = true;
/** Notices that have been sounded: once is enough, also after a restart. @type {Set<string>} */ let told = new Set();
/** What is shown, as `choose` names it. */ let shownKey = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */ let wordsEnd;
let lastHealth = "";

/** After a restart the browser may want a touch before it lets anything be heard or seen. */
function touchNeeded() {
  return started !== null && (sound.state === "blocked" || !mayBeSeen);
}

function now() {
  return tablet?.now() ?? Date.now();
}

/** Inside the hours of the night, of a day that is known. */
function nightNow() {
  return Boolean(tablet?.day && isNight(tablet.day, now()));
}

/* What stands on the screen ------------------------------------------------------------------------- */

/** @returns {[string, () => Screen]} a key that changes with what is shown, and how to make it */
function choose() {
  if (!tablet) return [`pairing ${revoked}`, pairingScreen];
  if (isReplaced) return ["replaced", replacedScreen];
  const call = calls.going;
  if (call?.state === "ringing") return [`ring ${call.id}`, () => ringScreen(call)];
  if (call) return [`call ${call.id}`, () => callScreen(call)];
  const asked = afterCall.screen();
  if (asked) return asked;
  const asker = callRequest.screen(nightNow());
  if (asker) return asker;
  if (words) return [`words ${words.words}`, wordsScreen];
  if (isTesting) return ["test", testScreen];
  if (isStarting) return ["start", startScreen];
  const day = tablet.day;
  if (nightNow()) return ["night", nightScreen];
  if (day) {
    const prompt = promptNow(day, now(), {
      pressed: tablet.pressed, later: tablet.later, isOnline: tablet.isOnline,
      text: promptText,
    });
    if (prompt) return [`prompt ${prompt.contact}`, () => promptScreen(prompt)];
    const notice = day.notices.find((one) => !tablet?.touched.has(one.notice));
    if (notice) return [`notice ${notice.notice}`, () => noticeScreen(notice)];
  }
  return ["day", dayScreen];
}

/** Bring up the right screen, and tell the one that stands of the time. */
function draw() {
  const settings = tablet?.day?.settings ?? ORDINARY;
  if (apply(settings)) stage.shown?.fit();
  dim(nightNow());
  spoken.know(tablet?.day?.phrases ?? {});
  const [key, make] = choose();
  if (key !== shownKey) {
    shownKey = key;
    spoken.hush();
    if (!key.startsWith("ring")) sound.stop();
    stage.bringUp(make());
  }
  const day = tablet?.day ?? null;
  const { shown } = stage;
  const asking = callRequest.state(day, now(), tablet?.isOnline ?? false);
  if (shown instanceof DayScreen) {
    shown.update({
      day, asking, now: now(), zone: day?.zone ?? "Europe/Stockholm", isOnline: tablet?.isOnline ?? false,
      touchNeeded: touchNeeded(), phone: day?.phone ?? null,
    });
  } else if (shown instanceof NightScreen && day) {
    shown.update({ day, asking, now: now(), isOnline: tablet?.isOnline ?? false, touchNeeded: touchNeeded() });
  } else if (shown instanceof StartScreen) {
    shown.update(day?.names ?? []);
  } else if (shown instanceof RingScreen || shown instanceof CallScreen) {
    shown.update();
  }
}

function pairingScreen() {
  const screen = new PairingScreen();
  screen.show({
    secret, sentence: revoked, paired: () => {
      secret = null;
      revoked = "";
      void comeIn();
    },
  });
  return screen;
}

function replacedScreen() {
  const screen = new ReplacedScreen();
  screen.show(() => location.reload());
  return screen;
}

function startScreen() {
  const screen = new StartScreen();
  screen.show({
    sound, wakeLock,
    done: () => {
      started = new Date(now()).toISOString();
      void remember("started", started);
      void tellHealth();
    },
    leave: () => {
      isStarting = false;
      draw();
    },
  });
  return screen;
}

function dayScreen() {
  const screen = new DayScreen();
  screen.show({ touch: () => void touched(), ask });
  return screen;
}

function nightScreen() {
  const screen = new NightScreen();
  screen.show({ ask });
  return screen;
}

function ask() {
  callRequest.press(tablet?.day ?? null);
}

/** @param {import("./day.js").Prompt} prompt */
function promptScreen(prompt) {
  const screen = new PromptScreen();
  screen.show(prompt, {
    done: () => {
      tablet?.pressDone(prompt.contact);
      showWords(t("Tack!"), "", "circle-check", 2_500);
    },
    later: () => {
      tablet?.putOff(prompt.contact);
      showWords(t("Påminnelsen kommer snart igen"), "", "clock", 4_000);
    },
  });
  sound.notice();
  spoken.say(prompt.text, "prompt");
  return screen;
}

/** @param {import("./day.js").Notice} notice */
function noticeScreen(notice) {
  const screen = new NoticeScreen();
  screen.show(notice, () => {
    tablet?.noticeTouched(notice.notice);
    draw();
  });
  if (!told.has(notice.notice)) {
    told.add(notice.notice);
    void remember("told", told);
    sound.notice();
    spoken.say(notice.text, "notice");
    tablet?.noticeShown(notice.notice);
  }
  return screen;
}

function wordsScreen() {
  const screen = new WordsScreen();
  if (words) screen.show(words.words, words.more, words.symbol);
  return screen;
}

/** @param {string} said @param {string} more @param {string} symbol @param {number} long */
function showWords(said, more, symbol, long = WORDS) {
  words = { words: said, more, symbol };
  clearTimeout(wordsEnd);
  wordsEnd = setTimeout(() => {
    words = null;
    draw();
  }, long);
  draw();
}

function testScreen() {
  const screen = new TestScreen();
  screen.show();
  return screen;
}

/** @param {Call} call */
function ringScreen(call) {
  const screen = new RingScreen();
  screen.show(call, {
    answer: () => {
      void sound.wake();
      call.answer();
    },
    notNow: () => calls.notNow(),
  }, { hearingAid: tablet?.day?.settings?.hearing_aid ?? false });
  sound.ring();
  spoken.say(call.text, "ring");
  return screen;
}

/** @param {Call} call */
function callScreen(call) {
  const screen = new CallScreen();
  screen.touchChanged = () => void tellHealth();
  screen.show(call, { hangUp: () => calls.hangUp() }, { ...ORDINARY, ...tablet?.day?.settings });
  return screen;
}

/* Calls ----------------------------------------------------------------------------------------------- */

/** The call that has just ended, for the question after it. @type {Call | null} */ let lastCall = null;

/** @param {Call} gone @param {string} cause */
function over(gone, cause) {
  lastCall = gone;
  sound.stop();
  // A call may come while the report after "Starta" is still read: the day follows it, not "Starta" once more.
  if (started !== null) isStarting = false;
  if (gone.flows || cause === "hung_up") sound.goodbye();
  if (RINGS_AGAIN.has(cause)) {
    showWords(t("Vi ringer igen strax"), "", "phone", cause === "not_now" ? 4_000 : WORDS);
    spoken.say(t("Vi ringer igen strax"), "again");
  }
  else if (cause === "consent_withdrawn") showWords(t("Samtalet är slut"), t("Vi ringer inte mer på video."), "phone-off");
  draw();
  renewIfCalm();
}

calls.addEventListener("taken", () => {
  pathTests?.callComes();
  words = null;
  afterCall.leave();
  callRequest.leave();
});
calls.addEventListener("ring", () => {
  void sound.wake();
  draw();
});
calls.addEventListener("tick", () => sound.tick());
// The screen of the call is made anew, with the name.
calls.addEventListener("named", () => (shownKey = ""));
calls.addEventListener("change", draw);
calls.addEventListener("remote", (event) => {
  if (stage.shown instanceof CallScreen) stage.shown.play(/** @type {CustomEvent} */ (event).detail.stream);
});
calls.addEventListener("gather", (event) => {
  if (stage.shown instanceof CallScreen) stage.shown.gather(/** @type {CustomEvent} */ (event).detail.together);
});
calls.addEventListener("over", (event) => {
  const { call, cause } = /** @type {CustomEvent} */ (event).detail;
  over(call, cause);
});

callRequest.addEventListener("change", (event) => {
  draw();
  const { heard } = /** @type {CustomEvent<{heard?: boolean} | null>} */ (event).detail ?? {};
  if (heard === undefined) return;
  const told = heard ? tablet?.day?.request?.words : t("Det gick inte att nå personalen");
  const said = [...(told ?? "").split("\n"), t("Bråttom? Tryck på larmet.")].join(". ");
  if (told) stage.tell(said);
  if (nightNow()) return;
  sound.notice();
  if (told) say(said, language);
});

/* Health ---------------------------------------------------------------------------------------------- */

/** Tell how the tablet is. Nothing is opened to find out. */
async function tellHealth(always = true) {
  // Before "Starta" there is nothing to tell: somebody stands there and is about to press it.
  if (!tablet || started === null) return;
  const { camera, microphone } = await permissions();
  mayBeSeen = camera !== "prompt" && microphone !== "prompt";
  const fields = await health({
    sound: sound.state, wakeLock: wakeLock.state, touchNeeded: touchNeeded(), started, language,
    shows: stage.name, volume: sound.volume, condition,
  });
  // Which screen stands changes all the time and is nobody's worry.
  const said = JSON.stringify({ ...fields, shows: "" });
  if (!always && said === lastHealth) return;
  lastHealth = said;
  tablet.tellHealth(fields);
  draw();
}

/** Somebody touched the screen: now the browser lets it be heard. */
async function touched() {
  const before = touchNeeded();
  await sound.wake();
  await wakeLock.take();
  const { shown } = stage;
  if (shown instanceof CallScreen && shown.needsTouch) await shown.listen();
  if (started !== null && !mayBeSeen && before) isStarting = true;
  if (before) await tellHealth(false);
  draw();
}

/* New pages --------------------------------------------------------------------------------------------- */

/** Renew the page only when nothing is on the screen and nothing comes for a quarter of an hour. */
function renewIfCalm() {
  if (calls.going || afterCall.isAsking || words || isStarting || !isCalm(tablet?.day ?? null, now())) return;
  if (stage.isAtRest) void renewal.renew();
}

/* Beginning --------------------------------------------------------------------------------------------- */

/** Come in as the tablet that this is, or show how to become one. */
async function comeIn() {
  const device = await deviceId();
  if (!device) {
    draw();
    return;
  }
  started = (await recall("started")) ?? null;
  isStarting = started === null;
  told = (await recall("told")) ?? new Set();
  const mine = new Tablet(device, version);
  tablet = mine;
  if (secret !== null) {
    // Its secret is kept: should the tablet prove to be nobody's any more, it is paired by it after all.
    showWords(t("Skärmen är redan kopplad"), t("Personalen kan koppla bort den under Surfplattor."), "tablet", 10_000);
  }
  mine.addEventListener("change", () => {
    // Another language needs the page anew, when nothing is going on.
    if (speak(mine.day?.language ?? "") && !calls.going) location.reload();
    draw();
  });
  mine.addEventListener("welcome", (event) => {
    const said = /** @type {CustomEvent<Message>} */ (event).detail;
    lastHealth = "";
    if (said["version"] && said["version"] !== version) renewal.isDue = true;
    if (speak(said["language"]) && !calls.going) location.reload();
    if (!touchNeeded()) void tellHealth();
  });
  mine.addEventListener("replaced", () => {
    isReplaced = true;
    draw();
  });
  mine.addEventListener("reload", () => {
    renewal.isDue = true;
    renewIfCalm();
  });
  mine.addEventListener("unknown", () => {
    // The server's fault as likely as ours (an empty database, say): nothing is forgotten, and it is tried again.
    revoked = t("Skärmen känns inte igen. Be personalen om hjälp.");
    tablet = null;
    draw();
    setTimeout(() => tablet ?? location.reload(), TRY_AGAIN);
  });
  mine.addEventListener("erased", () => {
    revoked = t("Skärmen är inte kopplad längre. Be personalen om en ny kod.");
    calls.leave();
    words = tablet = started = null;
    afterCall.leave();
    callRequest.leave();
    told.clear();
    draw();
  });
  mine.connection.on("test", () => {
    isTesting = true;
    setTimeout(() => {
      isTesting = false;
      draw();
    }, TEST);
    draw();
    void sound.wake().then(() => sound.chime());
    void tellHealth();
  });
  mine.connection.on("state", (message) => {
    if (message["state"] !== "ended" || !message["ask_pulse"]) return;
    const call = /** @type {Call | null} */ (calls.going ?? lastCall);
    afterCall.ask(message["call"], call?.id === message["call"] ? (call?.to ?? "") : "");
  });
  calls.listen(mine);
  pathTests = new PathTests(mine.connection, () => calls.going === null);
  await mine.open();
  if (started !== null) {
    // After a restart: what the browser gives back by itself, it gives now.
    await sound.wake();
    await wakeLock.take();
    setTimeout(() => void tellHealth(), TOUCH_PATIENCE);
  }
  draw();
}

new Flash(sound, () => tablet?.day?.settings?.flash ?? false);
listenForHands(() => void touched(), () => stage.shown);
sound.addEventListener("change", () => {
  if (sound.state === "ok") void tellHealth(false);
  draw();
});
setInterval(draw, 1_000);
setInterval(() => {
  void tablet?.refresh();
  renewIfCalm();
  void tellHealth(false);
}, 30_000);
setInterval(() => void tellHealth(), HEALTH_EVERY);
void renewal.register();
void comeIn();
