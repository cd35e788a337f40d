/** The day as a function of the clock: what the screen shows of it. Pure; no page, no socket. */

/** @typedef {import("./element.js").Person} Person */
/**
 * @typedef {{contact: string, start: string, end: string, time: string, word: string, line: string,
 *   channel: "physical" | "video" | "phone" | "prompt", people: Person[], state: "was" | "now" | "next"}} Row
 */
/** @typedef {{contact: string, title: string, text: string, since: string, until: string}} Prompt */
/** @typedef {{notice: string, text: string}} Notice */
/**
 * @typedef {{made_at: string, date: string, names: string[], rows: Row[], night: {from: string, to: string}, zone: string,
 *   language?: string, settings?: import("./settings.js").Settings, phrases?: Record<string, string>,
 *   clients?: {client: string, first_name: string}[],
 *   request?: {words: string, until: string, clients?: string[]} | null, prompt?: Prompt | null, notices: Notice[], phone?: {label: string, number: string} | null}} Day
 */

const MINUTE = 60_000;
/** A day may be kept so long without contact, then it is erased. */
export const KEEP = 24 * 60 * MINUTE;
/** Near a row: the connection must be quick. */
const NEAR = 10 * MINUTE;
/** Nothing may disturb the page so long before a row. */
const QUIET = 15 * MINUTE;
/** A reminder that the tablet shows by itself, without cover, stands so long. */
const ALONE = 30 * MINUTE;
/** The server has so long to say that a reminder is due before the tablet shows it by itself. */
const PATIENCE = 20_000;

/** @param {Day} day @param {number} now */
export function isTooOld(day, now) {
  return now - Date.parse(day.made_at) > KEEP;
}

/** Wall time as HH:MM. @param {number} now @param {string} zone */
export function wall(now, zone) {
  return new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(now);
}

/** Inside the hours of the night, which pass midnight. @param {Day} day @param {number} now */
export function isNight({ night, zone }, now) {
  const time = wall(now, zone);
  return night.from <= night.to ? night.from <= time && time < night.to : time >= night.from || time < night.to;
}

/** @param {string} time HH:MM @returns {"morning" | "forenoon" | "afternoon" | "evening" | "night"} */
export function partOfDay(time) {
  if (time < "05:00" || time >= "22:00") return "night";
  if (time < "09:00") return "morning";
  if (time < "12:00") return "forenoon";
  return time < "18:00" ? "afternoon" : "evening";
}

/** @param {Row} row @param {number} now */
function isNow(row, now) {
  return row.state === "now" || (Date.parse(row.start) <= now && now < Date.parse(row.end));
}

/** @typedef {{last: Row | null, focus: Row | null, isNow: boolean, after: Row[]}} View */

/**
 * At most four rows: the last one, the one now (or else the next), and the two after it.
 *
 * @param {Day} day @param {number} now
 * @returns {View}
 */
export function view(day, now) {
  const last = day.rows.findLast((row) => row.state === "was") ?? null;
  // Without contact a row whose time has passed says nothing of whether it happened: it leaves the screen.
  const open = day.rows.filter((row) => row.state !== "was" && (row.state === "now" || now < Date.parse(row.end)));
  const present = open.find((row) => isNow(row, now)) ?? null;
  const coming = open.filter((row) => row !== present && Date.parse(row.start) > now);
  const focus = present ?? coming[0] ?? null;
  return { last, focus, isNow: present !== null, after: coming.filter((row) => row !== focus).slice(0, 2) };
}

/** @param {Day | null} day @param {number} now */
export function isNear(day, now) {
  return (day?.rows ?? []).some(
    (row) => row.state !== "was" && (row.channel === "video" || row.channel === "prompt")
      && Date.parse(row.start) - NEAR <= now && now < Date.parse(row.end),
  );
}

/** Nothing is going on and nothing comes within a quarter of an hour: the page may be renewed. @param {Day | null} day @param {number} now */
export function isCalm(day, now) {
  return !(day?.rows ?? []).some(
    (row) => row.state !== "was" && Date.parse(row.start) - QUIET < now && now < Date.parse(row.end),
  );
}

/**
 * The reminder to show now. The server says which; without contact the tablet goes by its rows.
 *
 * @param {Day} day @param {number} now
 * @param {{pressed: Set<string>, later: Map<string, number>, isOnline: boolean, text: (word: string) => string}} own
 *   `pressed` and put off (`later`: until when) on this tablet
 * @returns {Prompt | null}
 */
export function promptNow(day, now, { pressed, later, isOnline, text }) {
  const isOpen = (/** @type {string} */ contact) => !pressed.has(contact) && (later.get(contact) ?? 0) <= now;
  const said = day.prompt;
  if (said && isOpen(said.contact) && now < Date.parse(said.until)) return said;
  for (const row of day.rows) {
    const start = Date.parse(row.start);
    const waited = isOnline ? PATIENCE : 0;
    if (row.channel === "prompt" && row.state !== "was" && isOpen(row.contact) && start + waited <= now && now < start + ALONE) {
      const until = new Date(start + ALONE).toISOString();
      return { contact: row.contact, title: row.word, text: text(row.word), since: row.start, until };
    }
  }
  return null;
}
