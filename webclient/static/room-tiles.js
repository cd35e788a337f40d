/** The tiles of a room: one for each who is there, oneself first. */

import { t } from "./words.js";

/** @typedef {import("./call/room.js").Present} Present */

export class Tiles {
  #list;
  #template;
  #blocked;
  /** @type {Map<string, HTMLElement>} */ #tiles = new Map();
  /** @type {Map<string, MediaStream>} */ #streams = new Map();
  /** @type {Set<string>} Pictures that this line does not carry for now. */ #held = new Set();
  /** @type {MediaStream | null} */ #own = null;
  #me = "";
  /** @type {Present[]} */ #people = [];

  /** @param {HTMLElement} list @param {HTMLTemplateElement} template @param {() => void} blocked sound needs a touch */
  constructor(list, template, blocked) {
    this.#list = list;
    this.#template = template;
    this.#blocked = blocked;
  }

  /** @param {MediaStream | null} stream */
  own(stream) {
    this.#own = stream;
    if (this.#me) this.#draw(this.#me);
  }

  /** @param {Present[]} people @param {string} me */
  people(people, me) {
    this.#people = [...people].sort((one, other) => Number(other.who === me) - Number(one.who === me));
    this.#me = me;
    for (const [who, tile] of this.#tiles) {
      if (people.some((one) => one.who === who)) continue;
      tile.remove();
      this.#tiles.delete(who);
    }
    for (const { who } of this.#people) this.#draw(who);
    this.#list.dataset["count"] = String(Math.max(1, this.#people.length));
  }

  /** @param {string} who @param {MediaStream} stream */
  place(who, stream) {
    this.#streams.set(who, stream);
    this.#draw(who);
  }

  /** @param {string} who @param {boolean} held */
  held(who, held) {
    if (held) this.#held.add(who);
    else this.#held.delete(who);
    this.#draw(who);
  }

  /** @param {string} who */
  gone(who) {
    this.#streams.delete(who);
    this.#held.delete(who);
    this.#draw(who);
  }

  /** @param {Set<string>} who */
  speaking(who) {
    for (const [one, tile] of this.#tiles) tile.toggleAttribute("data-speaks", who.has(one));
  }

  /** After a touch: the browser lets everybody be heard. */
  play() {
    for (const tile of this.#tiles.values()) {
      for (const media of [...tile.querySelectorAll("audio"), ...tile.querySelectorAll("video")]) this.#start(media);
    }
  }

  clear() {
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.#streams.clear();
    this.#held.clear();
    this.#own = null;
    this.#me = "";
    this.#people = [];
  }

  /** @param {string} who */
  #draw(who) {
    const present = this.#people.find((one) => one.who === who);
    if (!present) return;
    const isMe = who === this.#me;
    const tile = this.#tile(present, isMe);
    const stream = isMe ? this.#own : (this.#streams.get(who) ?? null);
    const picture = tile.querySelector("video");
    const sound = tile.querySelector("audio");
    if (picture) this.#feed(picture, stream?.getVideoTracks() ?? []);
    if (sound && !isMe) this.#feed(sound, stream?.getAudioTracks() ?? []);
    const sees = present.video && Boolean(stream?.getVideoTracks().length) && !this.#held.has(who);
    tile.dataset["picture"] = sees ? "yes" : "no";
    tile.dataset["sound"] = present.audio ? "yes" : "no";
    tile.dataset["away"] = present.away ? "yes" : "no";
    const note = tile.querySelector(".tile-note");
    if (note) note.textContent = this.#note(present, isMe);
    const muted = tile.querySelector(".muted-mark svg");
    muted?.setAttribute("role", "img");
    muted?.setAttribute("aria-label", t("Mikrofonen är av"));
    muted?.removeAttribute("aria-hidden");
  }

  /** @param {Present} present @param {boolean} isMe */
  #note(present, isMe) {
    if (isMe) return "";
    if (present.away) return t("Kommer tillbaka…");
    if (this.#held.has(present.who)) return t("Bara ljud just nu");
    return "";
  }

  /** @param {Present} present @param {boolean} isMe */
  #tile({ who, name, role }, isMe) {
    let tile = this.#tiles.get(who);
    if (!tile) {
      const made = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true)).firstElementChild;
      if (!(made instanceof HTMLElement)) throw new Error("no tile in the template");
      tile = made;
      this.#tiles.set(who, tile);
      this.#list.append(tile);
    }
    if (isMe && this.#list.firstElementChild !== tile) this.#list.prepend(tile);
    tile.toggleAttribute("data-me", isMe);
    tile.dataset["role"] = role;
    const [label, face] = [tile.querySelector(".name"), tile.querySelector(".portrait")];
    if (label) label.textContent = isMe ? t("Du") : name;
    if (face instanceof HTMLElement) {
      face.textContent = name.split(" ").slice(0, 2).map((word) => word.slice(0, 1)).join("");
      face.dataset["tone"] = String(name.length % 5);
    }
    return tile;
  }

  /** Show these tracks; the element keeps playing when they are the same. @param {HTMLMediaElement} media @param {MediaStreamTrack[]} tracks */
  #feed(media, tracks) {
    const before = media.srcObject instanceof MediaStream ? media.srcObject.getTracks() : [];
    if (before.length === tracks.length && before.every((track) => tracks.includes(track))) return;
    media.srcObject = tracks.length ? new MediaStream(tracks) : null;
    if (tracks.length) this.#start(media);
  }

  /** @param {HTMLMediaElement} media */
  #start(media) {
    media.play().catch((error) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#blocked();
    });
  }
}
