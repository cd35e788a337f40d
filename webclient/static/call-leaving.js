/**
 * Leaving the call page on purpose, by a link or a form of the page around it: asked once, and then the call is
 * hung up before the page goes, so that nobody sits waiting for a worker who does not come back. A page that is
 * closed or read again cannot be told apart: there the call goes on for its grace, and the other side may hang up.
 */

import { t } from "./words.js";

/** The page goes after this long, whether the server has answered or not. */
const AT_MOST = 2_000;

/**
 * @param {HTMLElement} page what belongs to the call itself is left alone
 * @param {{isLive: () => boolean, hangUp: () => Promise<unknown>}} call
 */
export function guardLeaving(page, { isLive, hangUp }) {
  let isLeaving = false;

  /** @param {Event} event @param {() => void} go */
  const leave = (event, go) => {
    if (!isLive() || isLeaving) return;
    event.preventDefault();
    event.stopPropagation();
    if (!confirm(t("Lägga på och lämna samtalet?"))) return;
    isLeaving = true;
    const late = new Promise((resolve) => setTimeout(resolve, AT_MOST));
    void Promise.race([hangUp().catch(() => undefined), late]).then(go);
  };

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || !leadsAway(link, event)) return;
    leave(event, () => location.assign(link.href));
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || page.contains(form)) return;
    leave(event, () => form.submit());
  }, true);
}

/** Not to a telephone, not to a place on this page, not in a window of its own. @param {HTMLAnchorElement} link @param {MouseEvent} event */
function leadsAway(link, event) {
  const isHere = link.origin === location.origin && !(link.pathname === location.pathname && link.hash);
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  return isHere && isPlain && (link.target === "" || link.target === "_self");
}
