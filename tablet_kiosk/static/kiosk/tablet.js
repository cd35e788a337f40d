/**
 * The tablet's side of the socket: comes in with its key, keeps the day, and tells what was pressed, now or when
 * there is contact again. No DOM.
 */

import { Connection, Refused } from "../call/protocol.js";
import { isNear, isTooOld } from "./day.js";
import { signHello } from "./identity.js";
import { forgetAll, forgetDay, keepOnly, recall, remember } from "./memory.js";

/** @typedef {import("../call/protocol.js").Message} Message */
/** @typedef {import("./day.js").Day} Day */

/**
 * Events: `change` (the day or the contact has changed), `welcome` (detail: the message), `erased`
 * (everything is forgotten), `unknown` (the server does not know it), `replaced` (the tablet is open in another window), `reload`.
 */
export class Tablet extends EventTarget {
  /** @type {Day | null} */ day = null;
  /** Reminders answered on this tablet. @type {Set<string>} */ pressed = new Set();
  /** Reminders put off, and until when. @type {Map<string, number>} */ later = new Map();
  /** Notices touched away on this tablet. @type {Set<string>} */ touched = new Set();
  /** False from ten seconds after the contact was lost: a short break is not worth a word. */ isOnline = false;
  connection;
  #device;
  /** Milliseconds between the tablet's clock and the server's, from the last contact. */ #ahead = 0;
  /** @type {Message[]} What has not been told yet. */ #queue = [];
  #telling = false;
  #known = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #losing;

  /** @param {string} device @param {string} version of the page */
  constructor(device, version) {
    super();
    this.#device = device;
    this.connection = new Connection("/socket/kiosk", {
      hello: async ({ nonce, protocols }) => {
        const protocol = protocols.includes(1) ? 1 : (protocols[0] ?? 1);
        return { ...(await signHello(this.#device, protocol, nonce)), version };
      },
    });
    this.connection.addEventListener("open", (event) => this.#welcomed(/** @type {CustomEvent} */ (event).detail));
    this.connection.addEventListener("lost", () => this.#lost());
    this.connection.addEventListener("bye", (event) => void this.#goodbye(/** @type {CustomEvent} */ (event).detail));
    this.connection.on("day", (message) => void this.#keep(message));
    this.connection.on("reload", () => this.dispatchEvent(new Event("reload")));
  }

  /** The server's time, also without contact. Milliseconds since 1970. */
  now() {
    return this.#known ? this.connection.now().getTime() : Date.now() + this.#ahead;
  }

  /** Take up what is remembered, and connect for ever. */
  async open() {
    this.#ahead = (await recall("ahead")) ?? 0;
    this.#queue = (await recall("queue")) ?? [];
    for (const message of this.#queue) this.#noteOwn(message);
    const day = /** @type {Day | undefined} */ (await recall("day"));
    if (day) this.day = day;
    await this.refresh();
    this.#lost();
    this.connection.open();
  }

  /** Once in a while: a day that is too old is erased, and the pace follows the rows. */
  async refresh() {
    if (this.day && isTooOld(this.day, this.now())) {
      this.day = null;
      await forgetDay();
      this.#tell();
    }
    this.connection.near = isNear(this.day, this.now());
  }

  /** "Klart" was pressed. @param {string} contact */
  pressDone(contact) {
    this.#queueUp({ type: "klart", contact, at: new Date(this.now()).toISOString() });
  }

  /** "Inte nu" on a reminder. @param {string} contact */
  putOff(contact) {
    this.later.set(contact, this.now() + 5 * 60_000);
    this.#queueUp({ type: "prompt_later", contact });
  }

  /** @param {string} notice */
  noticeShown(notice) {
    this.#queueUp({ type: "notice_shown", notice });
  }

  /** @param {string} notice */
  noticeTouched(notice) {
    this.#queueUp({ type: "notice_touched", notice });
  }

  /** @param {string} call @param {string} faceChosen */
  pulse(call, faceChosen) {
    this.#queueUp({ type: "pulse", call, face: faceChosen });
  }

  /** @param {Record<string, unknown>} fields */
  tellHealth(fields) {
    this.connection.send({ type: "health", ...fields });
  }

  /** @param {Message} welcome */
  #welcomed(welcome) {
    clearTimeout(this.#losing);
    this.#losing = undefined;
    this.#known = true;
    this.isOnline = true;
    void remember("ahead", this.now() - Date.now());
    this.dispatchEvent(new CustomEvent("welcome", { detail: welcome }));
    this.#tell();
    void this.#tellQueue();
  }

  #lost() {
    // Every try that fails says so too: the ten seconds count from the first.
    this.#losing ??= setTimeout(() => {
      this.isOnline = false;
      this.#tell();
    }, 10_000);
  }

  /** @param {Message} message */
  async #keep({ type: _type, ...day }) {
    this.day = /** @type {Day} */ (/** @type {unknown} */ (day));
    await remember("day", this.day);
    const faces = this.day.rows.flatMap(({ people }) => people.map(({ portrait }) => portrait ?? ""));
    await keepOnly([...faces, ...Object.values(this.day.phrases ?? {})]);
    await remember("ahead", this.now() - Date.now());
    await this.refresh();
    this.#tell();
  }

  /** @param {{code: string, again: boolean, erase: boolean}} bye */
  async #goodbye({ code, again, erase }) {
    if (erase) {
      this.connection.close();
      this.day = null;
      this.#queue = [];
      await forgetAll();
      this.dispatchEvent(new Event("erased"));
    } else if (code === "device.unknown" || code === "hello.signature") {
      this.dispatchEvent(new Event("unknown"));
    } else if (!again) {
      const isOld = code === "hello.protocol" || code === "closed.4426";
      this.dispatchEvent(new Event(isOld ? "reload" : "replaced"));
    }
  }

  /** @param {Message} message */
  #queueUp(message) {
    this.#noteOwn(message);
    this.#queue.push(message);
    void remember("queue", this.#queue);
    this.#tell();
    void this.#tellQueue();
  }

  /** What was pressed here is not shown again, whatever the server has heard. @param {Message} message */
  #noteOwn(message) {
    if (message.type === "klart") this.pressed.add(message["contact"]);
    if (message.type === "notice_touched") this.touched.add(message["notice"]);
  }

  /** In order; a message stays until the server has answered it. */
  async #tellQueue() {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let message = this.#queue[0]; message; message = this.#queue[0]) {
        try {
          await this.connection.ask(message);
        } catch (error) {
          if (!(error instanceof Refused) || error.code === "lost") return;
          // The server has said no with a reason: saying it again would not help.
          console.warn("refused", message.type, error.code);
        }
        this.#queue.shift();
        await remember("queue", this.#queue);
      }
    } finally {
      this.#telling = false;
    }
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
