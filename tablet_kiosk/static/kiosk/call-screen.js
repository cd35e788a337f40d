/** Somebody rings; and the call. One thing to do at a time. */

import { Gallery } from "../gallery.js";
import { t, tn } from "../words.js";
import { button, element, face, icon } from "./element.js";
import { Loudness } from "./loudness.js";
import { Placard } from "./placard.js";
import { Screen } from "./screens.js";
import { SEEN_WORDS } from "./seen-words.js";

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("../call/together.js").Together} Together */

/** How much wider or narrower than the screen a picture may be and still fill it. */
const MOST_CUT = 1.45;

export class RingScreen extends Screen {
  /** @override */ isUrgent = true;
  /** @type {Call | null} */ #call = null;
  #countdown = element("p", { class: "countdown" });
  #bar = element("progress", { class: "bar", max: 100, value: 0 });

  /** @param {Call} call @param {{answer: () => void, notNow: () => void}} acts @param {{hearingAid: boolean}} home */
  show(call, { answer, notNow }, { hearingAid }) {
    this.#call = call;
    const yes = button(t("Svara"), answer, { kind: "answer", symbol: "phone-call" });
    this.first = yes;
    const hint = t("Har du hörapparaten i?");
    // With a countdown there is something that happens by itself: who does not see it must hear it.
    this.said = () => [call.text, hearingAid && hint, this.#countdown.textContent].filter(Boolean).join(". ");
    this.#bar.setAttribute("aria-label", t("Tid kvar tills %(name)s syns", { name: call.caller.first_name }));
    this.fill(
      "ring",
      element("span", { class: "halo" }, face(call.caller, "xl")),
      element("h1", {}, call.text),
      hearingAid && element("p", { class: "hint" }, icon("ear"), element("span", {}, hint)),
      element("div", { class: "count" }, this.#countdown, this.#bar),
      element("div", { class: "choices" }, yes, button(t("Inte nu"), notNow, { kind: "outline" })),
    );
    this.update();
  }

  update() {
    const call = this.#call;
    if (!call) return;
    const left = call.answersIn;
    this.#bar.hidden = left === null;
    if (left === null) {
      this.#countdown.textContent = t("Tryck på Svara när du vill prata.");
      return;
    }
    const name = call.caller.first_name;
    this.#countdown.textContent = tn("%(name)s syns om %(n)s sekund. Du behöver inte göra något.",
      "%(name)s syns om %(n)s sekunder. Du behöver inte göra något.", left, { name });
    this.#bar.value = call.countdown ? 100 - (100 * left) / call.countdown : 0;
  }
}

export class CallScreen extends Screen {
  /** @type {Call | null} */ #call = null;
  #video = element("video", { playsinline: true, autoplay: true, disablepictureinpicture: true });
  #cover = element("div", { class: "cover" });
  #turned = () => this.#fit();
  #camera = element("p", { class: "camera-state" });
  #placard = new Placard();
  #foot = element("div", { class: "foot" });
  #height = new ResizeObserver(() => this.style.setProperty("--foot", `${Math.ceil(this.#foot.getBoundingClientRect().height)}px`));
  /** @type {Loudness | null} */ #loudness = null;
  /** What a screen reader has been told: of the caller, and of the own camera. @type {[string, string]} */ #told = ["", ""];
  #coverWords = "";
  #list = element("div", { class: "gallery", hidden: true });
  #gallery = new Gallery(this.#list, {
    words: SEEN_WORDS,
    blocked: () => this.#needs(true),
    seen: (who) => this.#call?.together?.seen(who),
  });
  /** The browser will not let the caller be heard before a touch. */ needsTouch = false;
  /** @type {() => void} */ touchChanged = () => {};

  /** @param {Call} call @param {{hangUp: () => void}} acts @param {{loudest: number, plain_voice: boolean}} home */
  show(call, { hangUp }, home) {
    this.#call = call;
    this.said = () => this.#spoken(call).join(". ");
    this.#video.onresize = () => this.#fit();
    this.#video.setAttribute("aria-label", t("Bild av %(name)s", { name: call.caller.first_name }));
    const end = button(t("Lägg på"), hangUp, { kind: "hang-up", symbol: "phone-off" });
    const title = element("h1", { class: "visually-hidden" }, t("Samtal med %(name)s", { name: call.caller.first_name }));
    this.fill("call", title, this.#video, this.#list, this.#cover, this.#placard, this.#foot);
    this.#foot.replaceChildren(this.#camera, end);
    this.#height.observe(this.#foot);
    const loudness = (this.#loudness = new Loudness(this.#video, home.loudest));
    call.lend(
      { state: () => this.#ears(), listen: () => void this.listen(), quieter: () => void loudness.quieter() },
      { placard: this.#placard, loudness, name: call.caller.first_name, tell: (words) => this.tell(words) },
      home.plain_voice,
    );
    if (call.remote) this.play(call.remote);
    if (call.together) this.gather(call.together);
    this.update();
  }

  /** Somebody more is let in: everybody is shown, the caller first, as soon as the caller is seen there. @param {Together} together */
  gather(together) {
    this.#gallery.hear(together.isShown);
    together.addEventListener("people", () => {
      this.#gallery.people(together.others, "worker");
      this.update();
    });
    together.addEventListener("place", (event) => {
      const { who, stream } = /** @type {CustomEvent} */ (event).detail;
      this.#gallery.place(who, stream);
    });
    together.addEventListener("gone", (event) => this.#gallery.gone(/** @type {CustomEvent} */ (event).detail.who));
    together.addEventListener("switch", () => {
      this.#list.hidden = false;
      this.#video.srcObject = null;
      this.#gallery.hear(true);
      this.#gallery.play();
      this.update();
    });
  }

  /** @param {MediaStream} stream */
  play(stream) {
    if (this.#video.srcObject === stream) return;
    this.#video.srcObject = stream;
    void this.#loudness?.hear(stream);
    this.#video.requestVideoFrameCallback?.(() => this.#call?.shown());
    void this.listen();
  }

  /** How the caller's sound stands here, as the watches want to know it. @returns {"playing" | "blocked" | "off"} */
  #ears() {
    if (this.needsTouch) return "blocked";
    const { paused, muted, volume } = this.#video;
    return paused || muted || (volume === 0 && !this.#loudness?.isAmplified) ? "off" : "playing";
  }

  /** Fill the screen, but never at the price of the caller's head: a picture of another shape is shown whole. */
  #fit() {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.#video;
    const shapes = (videoWidth / videoHeight) / (clientWidth / clientHeight);
    this.#video.dataset["fit"] = shapes > MOST_CUT || shapes < 1 / MOST_CUT ? "whole" : "full";
  }

  /** Try to be heard; also after a touch. */
  async listen() {
    if (this.#call?.together?.isShown) {
      this.#needs(false);
      this.#gallery.play();
      return;
    }
    this.#video.muted = false;
    try {
      await this.#video.play();
      this.#needs(false);
    } catch (error) {
      // Taken away in the same moment: nothing to do.
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.#video.muted = true;
      this.#needs(true);
      await this.#video.play().catch(() => {});
    }
  }

  connectedCallback() {
    addEventListener("resize", this.#turned);
  }

  disconnectedCallback() {
    removeEventListener("resize", this.#turned);
    this.#loudness?.stop();
    this.#height.disconnect();
    this.#video.srcObject = null;
  }

  update() {
    const call = this.#call;
    if (!call) return;
    const name = call.caller.first_name;
    const words = call.flows ? this.#stillWordsOf(call, name) : this.#coverWordsOf(call, name);
    if (words !== this.#coverWords || this.#cover.childElementCount === 0) {
      this.#coverWords = words;
      this.#cover.hidden = words === "";
      this.#cover.replaceChildren(element("span", { class: "halo still" }, face(call.caller, "l")),
        element("p", { class: "lead" }, words));
    }
    this.#camera.className = `camera-state${call.isSeen ? " on" : ""}`;
    const [symbol, said] = this.#cameraWords(call);
    if (this.#camera.textContent !== said) this.#camera.replaceChildren(icon(symbol), element("span", {}, said));
    const before = this.#told;
    const news = this.#spoken(call).filter((words, at) => words !== before[at]);
    if (news.length > 0) this.tell(news.join(". "));
  }

  /** What there is to hear of, without the seconds that are counted. @param {Call} call @returns {[string, string]} */
  #spoken(call) {
    const name = call.caller.first_name;
    const caller = call.flows ? this.#stillWordsOf(call, name) || this.#talkWords(call, name) : this.#coverWordsOf(call, name);
    // Counted down once: the seconds after the first say nothing new.
    const isCounting = call.seenIn !== null && this.#told[1] !== "" && this.#told[1] !== t("Kameran är av");
    const camera = isCounting ? this.#told[1] : this.#cameraWords(call)[1];
    this.#told = [caller, camera];
    return this.#told;
  }

  /** Who is there. @param {Call} call @param {string} name */
  #talkWords(call, name) {
    const others = call.together?.isShown ? call.together.others.filter(({ role }) => role !== "worker") : [];
    return [t("Du pratar med %(name)s", { name }), ...this.#named(others)].join(". ");
  }

  /** @param {import("../call/together.js").Present[]} others */
  #named(others) {
    return others.map((one) => t("Med i samtalet: %(name)s", { name: [one.name, SEEN_WORDS.role(one.role)].filter(Boolean).join(", ") }));
  }

  /** Calm words, and what one may do, while the caller is not there. @param {Call} call @param {string} name */
  #coverWordsOf(call, name) {
    if (call.hasFlowed && call.isOnline) {
      return t("%(name)s försöker komma tillbaka. Du kan vänta eller lägga på.", { name });
    }
    if (call.hasFlowed) return t("Bilden är borta en stund. Vi söker upp er igen.");
    if (call.state === "reconnecting") return t("Söker %(name)s…", { name });
    return t("%(name)s kommer strax…", { name });
  }

  /** A face and calm words instead of a picture that is not sent, while the talk goes on. @param {Call} call @param {string} name */
  #stillWordsOf({ theirs }, name) {
    if (theirs.video) return "";
    if (theirs.why === "line") return t("Bilden är avstängd för att ljudet ska hålla. Ni hör varandra.");
    if (!theirs.audio) return t("%(name)s är kvar. Bild och ljud är avstängda en stund.", { name });
    return t("%(name)s visar ingen bild just nu. Ni hör varandra.", { name });
  }

  /** The own camera, and who sees it already without being shown here yet. @param {Call} call @returns {[string, string]} */
  #cameraWords(call) {
    const [symbol, words] = this.#ownWords(call);
    return [symbol, [words, ...this.#named(call.isSeen ? (call.together?.onlookers ?? []) : [])].join(". ")];
  }

  /** @param {Call} call @returns {[string, string]} */
  #ownWords(call) {
    if (this.needsTouch) return ["volume-x", t("Tryck på skärmen så hörs det")];
    if (call.isSeen) return call.hasPicture ? ["video", t("Kameran är på")] : ["mic", t("Mikrofonen är på")];
    if (call.seenIn !== null) {
      return ["video-off", tn("Kameran sätts på om %(n)s sekund", "Kameran sätts på om %(n)s sekunder", call.seenIn)];
    }
    return ["video-off", t("Kameran är av")];
  }

  /** @param {boolean} yes */
  #needs(yes) {
    if (this.needsTouch === yes) return;
    this.needsTouch = yes;
    this.update();
    this.touchChanged();
  }
}

customElements.define("kiosk-ring", RingScreen);
customElements.define("kiosk-call", CallScreen);
