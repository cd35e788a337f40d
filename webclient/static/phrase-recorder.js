/** Speak a sentence into the microphone, hear it, and keep it: <phrase-recorder to="…" phrase="id" [again]>. */

import { t, tn } from "./words.js";

/** A sentence takes a few seconds; then the recorder stops by itself. Seconds. */
const LONGEST = 12;

export class PhraseRecorder extends HTMLElement {
  #button = document.createElement("button");
  #said = document.createElement("p");
  /** @type {MediaRecorder | null} */ #recorder = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;
  #left = LONGEST;

  connectedCallback() {
    this.#button.type = "button";
    this.#button.className = "button";
    this.#button.setAttribute("aria-describedby", this.getAttribute("phrase") ?? "");
    this.#button.addEventListener("click", () => void (this.#recorder ? this.#stop() : this.#start()));
    this.#said.setAttribute("role", "status");
    this.replaceChildren(this.#button, this.#said);
    this.#draw();
  }

  disconnectedCallback() {
    this.#stop();
  }

  #draw() {
    if (this.#recorder) this.#button.textContent = t("Stopp och spara");
    else this.#button.textContent = this.hasAttribute("again") ? t("Tala in igen") : t("Tala in");
  }

  async #start() {
    /** @type {MediaStream} */
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.#said.textContent = t("Mikrofonen går inte att använda. Tillåt den i webbläsaren och prova igen.");
      return;
    }
    /** @type {Blob[]} */
    const parts = [];
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 48_000 });
    this.#recorder = recorder;
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      void this.#send(new Blob(parts, { type: recorder.mimeType }));
    });
    recorder.start();
    this.#left = LONGEST;
    this.#clock = setInterval(() => this.#tick(), 1_000);
    this.#said.textContent = t("Spelar in. Läs meningen nu.");
    this.#draw();
  }

  #tick() {
    this.#left -= 1;
    if (this.#left <= 0) this.#stop();
    else if (this.#left <= 5) this.#said.textContent = tn("%(n)s sekund kvar", "%(n)s sekunder kvar", this.#left);
  }

  #stop() {
    clearInterval(this.#clock);
    this.#recorder?.stop();
    this.#recorder = null;
    this.#draw();
  }

  /** @param {Blob} sound */
  async #send(sound) {
    this.#said.textContent = t("Sparar…");
    try {
      const answer = await fetch(this.getAttribute("to") ?? "", {
        method: "POST", body: sound, headers: { Accept: "application/json", "Content-Type": sound.type || "audio/webm" },
      });
      if (answer.ok) {
        location.reload();
        return;
      }
      this.#said.textContent = (await answer.json()).title;
    } catch {
      this.#said.textContent = t("Det gick inte att spara. Prova igen.");
    }
  }
}

customElements.define("phrase-recorder", PhraseRecorder);
