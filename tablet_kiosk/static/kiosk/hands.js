/**
 * Fingers, keys and switches: every touch wakes the sound, and keys answer wherever the focus is.
 *
 * With two switches Space moves the mark and Enter presses. With one switch the mark moves by itself, for ever, and
 * any key presses what is marked: nothing runs out while somebody takes aim.
 */

/** @typedef {import("./screens.js").Screen} Screen */

/** How long the mark stands on a button before it moves on. Milliseconds. */
const STANDS = 3_000;
const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Fn"]);

/** The buttons that can be pressed now. @param {Screen | null} screen */
function buttonsOf(screen) {
  if (!screen || screen.inert) return [];
  return [...screen.querySelectorAll("button")].filter((one) => !one.disabled && one.checkVisibility());
}

/** Move the mark to the next button, round and round. @param {Screen | null} screen @returns {boolean} whether it moved */
function moveOn(screen) {
  const buttons = buttonsOf(screen);
  const at = buttons.findIndex((one) => one === document.activeElement);
  const next = buttons[(at + 1) % buttons.length];
  if (!next || next === document.activeElement) return false;
  next.focus({ preventScroll: true });
  return true;
}

/** @param {Screen | null} screen */
function press(screen) {
  const buttons = buttonsOf(screen);
  const marked = buttons.find((one) => one === document.activeElement) ?? (buttons.length === 1 ? buttons[0] : screen?.first);
  if (marked && !screen?.inert) marked.click();
}

/**
 * @param {() => void} touched
 * @param {() => Screen | null} shown
 */
export function listenForHands(touched, shown) {
  const root = document.documentElement;
  const mode = () => root.dataset["switch"] ?? "keyboard";
  // Where fingers do the work a mark around the first button only disturbs; the first key brings it.
  root.toggleAttribute("data-keys", !matchMedia("(any-pointer: coarse)").matches);
  document.addEventListener("pointerdown", () => {
    root.toggleAttribute("data-keys", mode() !== "keyboard");
    touched();
  });
  document.addEventListener("keydown", (event) => {
    root.setAttribute("data-keys", "");
    touched();
    if (event.repeat) return;
    const isKey = event.key === "Enter" || event.key === " ";
    if (mode() === "one" && !MODIFIERS.has(event.key) && event.key !== "Tab") {
      event.preventDefault();
      press(shown());
    } else if (mode() === "two" && isKey) {
      event.preventDefault();
      // One button: there is nowhere to move, so both switches press.
      if (event.key === "Enter" || !moveOn(shown())) press(shown());
    } else if (isKey && !(document.activeElement instanceof HTMLButtonElement)) {
      const screen = shown();
      if (!screen?.first || screen.inert) return;
      event.preventDefault();
      screen.first.click();
    }
  });
  // A button is pressed when Space is let go: not where a switch has done its work already.
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && mode() !== "keyboard") event.preventDefault();
  });
  setInterval(() => {
    if (mode() !== "one") return;
    root.setAttribute("data-keys", "");
    moveOn(shown());
  }, STANDS);
}
