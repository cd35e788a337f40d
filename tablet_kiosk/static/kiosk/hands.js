/** Fingers and keys: every touch wakes the sound, and physical keys answer wherever the focus is. */

/**
 * @param {() => void} touched
 * @param {() => import("./screens.js").Screen | null} shown
 */
export function listenForHands(touched, shown) {
  const root = document.documentElement;
  // Where fingers do the work a mark around the first button only disturbs; the first key brings it.
  root.toggleAttribute("data-keys", !matchMedia("(any-pointer: coarse)").matches);
  document.addEventListener("pointerdown", () => {
    root.removeAttribute("data-keys");
    touched();
  });
  document.addEventListener("keydown", (event) => {
    root.setAttribute("data-keys", "");
    touched();
    const isKey = event.key === "Enter" || event.key === " ";
    if (!isKey || event.repeat || document.activeElement instanceof HTMLButtonElement) return;
    const screen = shown();
    if (screen?.first && !screen.inert) {
      event.preventDefault();
      screen.first.click();
    }
  });
}
