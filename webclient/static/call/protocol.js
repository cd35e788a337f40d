/**
 * The socket between a page and the server, as docs/protocol.md describes it: comes in, keeps in touch, and
 * connects again for ever. Knows no page: no DOM, no words of its own.
 */

/** The version of the protocol that this file speaks. */
export const PROTOCOL = 1;

/**
 * How often to ping, when a socket counts as dead, and the longest wait between attempts, in milliseconds.
 * @type {Record<"near" | "idle", {ping: number, silent: number, longest: number}>}
 */
export const PACES = {
  near: { ping: 2_000, silent: 5_000, longest: 2_000 },
  idle: { ping: 20_000, silent: 45_000, longest: 30_000 },
};

const OPEN_WITHIN = 5_000;
const FIRST_WAIT = 500;
/** A page or network that has just come back gives a socket from before so long to prove itself. */
const PROVES_WITHIN = 2_500;
/** An attempt that has taken this long when the network changes is given up for a new one. */
const STUCK = 1_000;
/** Close codes after which nobody should connect again by itself. */
const FINAL = new Set([4401, 4409, 4426]);

/** @typedef {{type: string, [field: string]: any}} Message a message, as docs/protocol.md defines it by its type */
/** @typedef {{protocols: number[], nonce: string, now: string}} Greeting */
/** @typedef {(greeting: Greeting) => Promise<Record<string, unknown>>} Hello gives the fields of the hello beside `protocol` */

/** What the server refused, with its stable code and the sentence to show. */
export class Refused extends Error {
  /** @param {string} code @param {string} sentence @param {string | null} place */
  constructor(code, sentence, place = null) {
    super(sentence);
    this.name = "Refused";
    this.code = code;
    this.sentence = sentence;
    this.place = place;
  }
}

/** How long to wait before attempt `attempt` (from 0): full jitter. @param {number} attempt @param {number} longest */
export function wait(attempt, longest) {
  return Math.random() * Math.min(longest, FIRST_WAIT * 2 ** Math.min(attempt, 20));
}

/**
 * One socket that heals itself.
 *
 * Events: `open` (welcomed; detail is the welcome), `lost` (will connect again), `bye` (detail {code, sentence,
 * again, erase}; when `again` is false it is over), `message` (detail is any message), and for each message an
 * event of its own that `on` listens to.
 */
export class Connection extends EventTarget {
  /** @type {WebSocket | null} */ #socket = null;
  #path;
  #hello;
  /** This page's own wish; the server's is beside it. */ #wantsNear = false;
  #serverNear = false;
  #welcomed = false;
  #ended = true;
  #attempt = 0;
  #number = 0;
  #heard = 0;
  #triedAt = 0;
  #expected = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #beat;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #doubt;
  /** @type {Map<number, {resolve: (answer: Message) => void, reject: (error: Refused) => void}>} */ #asked = new Map();
  /** Milliseconds to add to this machine's clock to have the server's. */ #ahead = 0;

  /**
   * @param {string} path e.g. "/socket/kiosk"
   * @param {{hello: Hello, near?: boolean}} options
   */
  constructor(path, { hello, near = false }) {
    super();
    this.#path = path;
    this.#hello = hello;
    this.#wantsNear = near;
    for (const sign of ["online", "pageshow"]) globalThis.addEventListener?.(sign, () => this.#wake());
    globalThis.document?.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#wake();
    });
    // From one network to another a phone is never offline, and the old socket says nothing.
    /** @type {any} */ (globalThis.navigator)?.connection?.addEventListener?.("change", () => this.#wake());
    globalThis.addEventListener?.("offline", () => this.#look());
  }

  /** True from the welcome until the socket is lost. */
  get isOpen() {
    return this.#welcomed;
  }

  /** True near a call: fast pings, short waits. Set it to ask for the fast pace; the server may ask as well. */
  get near() {
    return this.#wantsNear || this.#serverNear;
  }

  set near(value) {
    const before = this.near;
    this.#wantsNear = value;
    if (this.near !== before) this.#paceChanged();
  }

  /** The server's time now. */
  now() {
    return new Date(Date.now() + this.#ahead);
  }

  /** Connect, and stay connected until `close`. */
  open() {
    if (!this.#ended) return;
    this.#ended = false;
    this.#attempt = 0;
    this.#connect();
  }

  /**
   * Wait until there is a connection, for a page that has only just begun or lost it a moment ago.
   * @param {number} within milliseconds @returns {Promise<boolean>} false when there was none in time
   */
  opened(within) {
    if (this.#welcomed) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.removeEventListener("open", settle);
        resolve(this.#welcomed);
      };
      const timer = setTimeout(settle, within);
      this.addEventListener("open", settle);
    });
  }

  /** Leave, and do not come back. */
  close() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /**
   * Send if there is a connection. @param {Message} message
   * @returns {boolean} false when there is none
   */
  send(message) {
    if (!this.#welcomed || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Send and wait for the answer. @param {Message} message
   * @returns {Promise<Message>} rejects with `Refused`: the server's code, or "lost" when the connection broke
   */
  ask(message) {
    const n = ++this.#number;
    return new Promise((resolve, reject) => {
      if (!this.send({ ...message, n })) {
        reject(new Refused("lost", ""));
        return;
      }
      this.#asked.set(n, { resolve, reject });
    });
  }

  /**
   * Listen to one type of message. @param {string} type @param {(message: Message) => void} listener
   * @returns {() => void} stops listening
   */
  on(type, listener) {
    const hear = (/** @type {Event} */ event) => listener(/** @type {CustomEvent<Message>} */ (event).detail);
    this.addEventListener(`message:${type}`, hear);
    return () => this.removeEventListener(`message:${type}`, hear);
  }

  #connect() {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#triedAt = performance.now();
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket, 0), OPEN_WITHIN);
    socket.onmessage = (event) => {
      if (socket === this.#socket) void this.#receive(socket, event.data);
    };
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  /** @param {WebSocket} socket @param {unknown} data */
  async #receive(socket, data) {
    /** @type {Message} */
    const message = JSON.parse(String(data));
    this.#heard = performance.now();
    if (typeof message["now"] === "string") this.#ahead = Date.parse(message["now"]) - Date.now();
    if (message.type === "greeting") {
      // A page without a version that both speak is old: the server answers with 4426 and the page reloads.
      const fields = await this.#hello(/** @type {any} */ (message));
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify({ type: "hello", protocol: PROTOCOL, ...fields }));
      }
      return;
    }
    if (message.type === "welcome") this.#come(message);
    if (message.type === "pace" || message.type === "welcome") {
      const before = this.near;
      this.#serverNear = message["pace"] === "near";
      if (this.near !== before) this.#paceChanged();
    }
    this.#settle(message);
    if (message.type === "pong") return;
    this.dispatchEvent(new CustomEvent(`message:${message.type}`, { detail: message }));
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    if (message.type === "welcome") this.dispatchEvent(new CustomEvent("open", { detail: message }));
    if (message.type === "bye") {
      if (!message["again"]) this.#ended = true;
      this.dispatchEvent(new CustomEvent("bye", { detail: message }));
    }
  }

  /** @param {Message} _welcome */
  #come(_welcome) {
    clearTimeout(this.#timer);
    this.#welcomed = true;
    this.#attempt = 0;
    this.#paceChanged();
  }

  /** Give an answer to whoever asked. @param {Message} message */
  #settle(message) {
    const asked = this.#asked.get(message["answers"]);
    if (!asked) return;
    this.#asked.delete(message["answers"]);
    if (message.type === "error") {
      asked.reject(new Refused(message["code"], message["sentence"], message["place"] ?? null));
    } else {
      asked.resolve(message);
    }
  }

  #paceChanged() {
    clearTimeout(this.#beat);
    if (!this.#welcomed) {
      if (this.near) this.#hurry();
      return;
    }
    this.#ping();
  }

  #ping() {
    const { ping } = PACES[this.near ? "near" : "idle"];
    this.send({ type: "ping", n: ++this.#number });
    this.#expected = performance.now() + ping;
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.#look(), ping);
  }

  /** Is anybody there? A page that has slept asks once more before it gives up. */
  #look() {
    const socket = this.#socket;
    if (!this.#welcomed || !socket) return;
    const late = performance.now() - this.#expected > 1_500;
    const silent = performance.now() - this.#heard;
    if (!late && silent > PACES[this.near ? "near" : "idle"].silent) {
      this.#lost(socket, 0);
      return;
    }
    this.#ping();
  }

  /** Do not wait any longer for the next attempt. */
  #hurry() {
    if (this.#ended || this.#welcomed) return;
    if (this.#socket && performance.now() - this.#triedAt < STUCK) return;
    this.#attempt = 0;
    this.#drop();
    this.#connect();
  }

  /** The page or the network has come back: connect now, and let a socket from before prove itself. */
  #wake() {
    const socket = this.#socket;
    if (!this.#welcomed || !socket) {
      this.#hurry();
      return;
    }
    const asked = performance.now();
    this.#ping();
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => {
      if (this.#heard >= asked || socket !== this.#socket) return;
      this.#lost(socket, 0);
      this.#hurry();
    }, PROVES_WITHIN);
  }

  /** @param {WebSocket} socket @param {number} code */
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#drop();
    if (FINAL.has(code)) {
      if (!this.#ended) {
        this.#ended = true;
        const detail = { code: `closed.${code}`, sentence: "", again: false, erase: false };
        this.dispatchEvent(new CustomEvent("bye", { detail }));
      }
      return;
    }
    if (this.#ended) return;
    this.dispatchEvent(new CustomEvent("lost"));
    const { longest } = PACES[this.near ? "near" : "idle"];
    this.#timer = setTimeout(() => this.#connect(), wait(this.#attempt++, longest));
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#beat);
    clearTimeout(this.#doubt);
    for (const { reject } of this.#asked.values()) reject(new Refused("lost", ""));
    this.#asked.clear();
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }
}
