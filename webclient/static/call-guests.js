/** The lobby on the worker's call page: who waits and who is let in; and the link that was made, copied or sent. */

import { Refused } from "./call/protocol.js";
import { t } from "./words.js";

/** @typedef {import("./call/protocol.js").Connection} Connection */
/** @typedef {{guest: string, name: string, role: string, words: string, state: string}} Guest */

/** How long "Kopierad" stands, milliseconds. */
const COPIED = 3_000;

export class CallGuests {
  #connection;
  #lobby;
  #list;
  #trouble;
  #isTalking;
  /** @type {Guest[]} */ #guests = [];

  /**
   * @param {{connection: Connection, lobby: HTMLElement, list: HTMLElement, isTalking: () => boolean,
   *   trouble: (words: string | null) => void}} parts `lobby` stands on the picture, `list` beside it
   */
  constructor({ connection, lobby, list, isTalking, trouble }) {
    this.#connection = connection;
    this.#lobby = lobby;
    this.#list = list;
    this.#trouble = trouble;
    this.#isTalking = isTalking;
    connection.on("guests", ({ guests }) => {
      this.#guests = guests;
      this.draw();
    });
    document.addEventListener("click", (event) => void this.#pressed(event));
    // Sending by the phone's own means, where there are any.
    document.addEventListener("htmx:after:swap", () => this.#offerSharing());
  }

  /** Draw anew: letting in is offered while there is a talk. */
  draw() {
    const waiting = this.#guests.filter(({ state }) => state === "waiting" || state === "early");
    this.#lobby.hidden = waiting.length === 0 || !this.#isTalking();
    this.#lobby.replaceChildren(...(this.#lobby.hidden ? [] : waiting.map((one) => this.#waiting(one))));
    this.#list.replaceChildren(...this.#guests.map((one) => this.#row(one)));
    this.#list.hidden = this.#guests.length === 0;
  }

  /** @param {Guest} guest */
  #waiting(guest) {
    const place = document.createElement("div");
    place.className = "lobby-guest";
    const words = document.createElement("p");
    words.textContent = guest.words;
    const buttons = document.createElement("div");
    buttons.className = "buttons";
    buttons.append(
      this.#button(t("Släpp in"), guest, "admit", "primary", t("Släpp in %(name)s", { name: guest.name })),
      this.#button(t("Neka"), guest, "refuse", "", t("Neka %(name)s", { name: guest.name })),
    );
    place.append(words, buttons);
    return place;
  }

  /** @param {Guest} guest */
  #row(guest) {
    const row = document.createElement("li");
    const words = document.createElement("span");
    words.className = "grow";
    words.textContent = guest.words;
    const isIn = guest.state === "inside" || guest.state === "away";
    row.append(words, this.#button(
      isIn ? t("Avsluta") : t("Ta tillbaka"), guest, "revoke", "small quiet",
      isIn ? t("Avsluta för %(name)s", { name: guest.name }) : t("Ta tillbaka länken till %(name)s", { name: guest.name }),
    ));
    return row;
  }

  /** @param {string} label @param {Guest} guest @param {string} answer @param {string} kind @param {string} spoken */
  #button(label, guest, answer, kind, spoken) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `button ${kind}`;
    made.textContent = label;
    made.setAttribute("aria-label", spoken);
    made.addEventListener("click", async () => {
      made.disabled = true;
      this.#trouble(null);
      try {
        await this.#connection.ask({ type: "guest_answer", guest: guest.guest, answer });
      } catch (error) {
        made.disabled = false;
        this.#trouble(error instanceof Refused && error.sentence ? error.sentence : t("Det gick inte. Försök igen."));
      }
    });
    return made;
  }

  #offerSharing() {
    for (const button of document.querySelectorAll("[data-share]")) {
      if (button instanceof HTMLElement) button.hidden = !("share" in navigator);
    }
  }

  /** @param {MouseEvent} event */
  async #pressed({ target }) {
    const button = target instanceof Element ? target.closest("[data-copy], [data-share]") : null;
    if (!(button instanceof HTMLElement)) return;
    const field = document.getElementById(button.dataset["copy"] ?? button.dataset["share"] ?? "");
    if (!(field instanceof HTMLInputElement)) return;
    if (button.dataset["share"]) {
      await navigator.share({ url: field.value }).catch(() => undefined);
      return;
    }
    const words = button.querySelector("span");
    const before = words?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Where the browser does not let a page copy, what is to be copied is marked.
      field.select();
      return;
    }
    if (!words) return;
    words.textContent = t("Kopierad");
    setTimeout(() => (words.textContent = before), COPIED);
  }
}
