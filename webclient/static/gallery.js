/** Everybody else in a call of three and more: a picture each, with name and role. Has no words of its own. */

/** @typedef {import("./call/room.js").Present} Present */
/** @typedef {{role: (role: string) => string, away: string, picture: (name: string) => string}} SeenWords */

export class Gallery {
  #list;
  #blocked;
  #seen;
  #words;
  #mayHear = true;
  #volume = 1;
  /** @type {Map<string, HTMLElement>} */ #tiles = new Map();
  /** @type {Map<string, MediaStream>} */ #streams = new Map();

  /**
   * @param {HTMLElement} list
   * @param {{words: SeenWords, blocked: () => void, seen?: (who: string) => void}} acts `blocked`: sound needs a touch;
   *   `seen`: the first picture of somebody is there
   */
  constructor(list, { words, blocked, seen = () => {} }) {
    this.#words = words;
    this.#list = list;
    this.#blocked = blocked;
    this.#seen = seen;
  }

  /** Who is there but oneself, the other side of the call first. @param {Present[]} others @param {string} first its role */
  people(others, first) {
    const sorted = [...others].sort((one, other) => Number(other.role === first) - Number(one.role === first));
    for (const [who, tile] of this.#tiles) {
      if (sorted.some((one) => one.who === who)) continue;
      tile.remove();
      this.#tiles.delete(who);
      this.#streams.delete(who);
    }
    for (const one of sorted) {
      const tile = this.#tiles.get(one.who) ?? this.#make(one);
      tile.dataset["picture"] = one.video ? "yes" : "no";
      tile.dataset["away"] = one.away ? "yes" : "no";
      const note = tile.querySelector(".seen-note");
      if (note) note.textContent = one.away ? this.#words.away : "";
    }
    // Moved only when the order is another: a picture that is moved starts anew.
    const order = sorted.map(({ who }) => who).join(" ");
    if (order !== [...this.#list.children].map((one) => /** @type {HTMLElement} */ (one).dataset["who"]).join(" ")) {
      for (const { who } of sorted) this.#list.append(/** @type {HTMLElement} */ (this.#tiles.get(who)));
    }
    this.#list.dataset["count"] = String(sorted.length);
    for (const [who, stream] of this.#streams) this.place(who, stream);
  }

  /** @param {string} who @param {MediaStream} stream */
  place(who, stream) {
    this.#streams.set(who, stream);
    const video = this.#tiles.get(who)?.querySelector("video");
    if (!video || video.srcObject === stream) return;
    video.srcObject = stream;
    video.requestVideoFrameCallback?.(() => this.#seen(who));
    this.#start(video);
  }

  /** @param {string} who */
  gone(who) {
    this.#streams.delete(who);
    const video = this.#tiles.get(who)?.querySelector("video");
    if (video) video.srcObject = null;
  }

  /** Nothing is to be heard twice: the room is silent until it is shown. @param {boolean} yes */
  hear(yes) {
    this.#mayHear = yes;
    for (const video of this.#list.querySelectorAll("video")) video.muted = !yes;
  }

  /** @param {number} share 0 to 1 */
  volume(share) {
    this.#volume = share;
    for (const video of this.#list.querySelectorAll("video")) video.volume = share;
  }

  /** After a touch: the browser lets everybody be heard. */
  play() {
    this.hear(this.#mayHear);
    for (const video of this.#list.querySelectorAll("video")) this.#start(video);
  }

  clear() {
    this.#list.replaceChildren();
    this.#tiles.clear();
    this.#streams.clear();
  }

  /** @param {Present} present */
  #make({ who, name, role }) {
    const tile = document.createElement("figure");
    tile.className = "seen";
    tile.dataset["who"] = who;
    tile.dataset["role"] = role;
    const video = document.createElement("video");
    video.playsInline = video.autoplay = true;
    video.muted = !this.#mayHear;
    video.volume = this.#volume;
    video.setAttribute("aria-label", this.#words.picture(name));
    const face = document.createElement("span");
    face.className = "seen-face";
    face.setAttribute("aria-hidden", "true");
    face.textContent = name.slice(0, 1);
    const caption = document.createElement("figcaption");
    const word = this.#words.role(role);
    caption.append(Object.assign(document.createElement("span"), { className: "seen-name", textContent: name }));
    if (word) caption.append(Object.assign(document.createElement("span"), { className: "seen-role", textContent: word }));
    caption.append(Object.assign(document.createElement("span"), { className: "seen-note" }));
    tile.append(video, face, caption);
    this.#tiles.set(who, tile);
    this.#list.append(tile);
    return tile;
  }

  /** @param {HTMLVideoElement} video */
  #start(video) {
    video.play().catch((error) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      video.muted = true;
      void video.play().catch(() => {});
      this.#blocked();
    });
  }
}
