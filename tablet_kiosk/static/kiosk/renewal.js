/**
 * Takes newer pages into use: the service worker fetches them, and the page is loaded anew when it is calm. A tablet
 * stays open for weeks.
 */

/** When the page was last renewed: servers of two versions side by side must not make it load for ever. */
const RENEWED = "samtid-renewed";
const PAUSE = 600_000;

export class Renewal {
  /** Newer pages are there. */ isDue = false;
  #mayLoad;

  /** @param {() => boolean} mayLoad asked at the very moment the page would be loaded anew: is nobody in a call? */
  constructor(mayLoad) {
    this.#mayLoad = mayLoad;
  }

  /** Let the service worker keep this version's pages. Without one the tablet works as long as there is contact. */
  async register() {
    if (!("serviceWorker" in navigator)) return;
    // The very first worker takes over a page that is already its own version; each later one brings a newer page.
    let hasOne = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (hasOne && this.#mayLoad()) location.reload();
      hasOne = true;
    });
    try {
      const registration = await navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk" });
      registration.addEventListener("updatefound", () => (this.isDue ||= hasOne));
      if (registration.waiting) this.isDue = true;
    } catch (error) {
      console.warn("no service worker", error);
    }
  }

  /** Load the newer pages, once in a while. Call it only when nothing is on the screen and nothing is near. */
  async renew() {
    if (!this.isDue || Date.now() - Number(sessionStorage.getItem(RENEWED) ?? 0) < PAUSE) return;
    sessionStorage.setItem(RENEWED, String(Date.now()));
    this.isDue = false;
    const registration = await navigator.serviceWorker?.getRegistration("/kiosk");
    await registration?.update().catch(() => {});
    const next = registration?.waiting ?? registration?.installing;
    if (next) next.postMessage("take over");
    else if (this.#mayLoad()) location.reload();
  }
}
