/** The words of a gallery: who somebody is in the call. */

import { t } from "./words.js";

/** @type {import("./gallery.js").SeenWords} */
export const SEEN_WORDS = {
  role: (role) => ({
    relative: t("anhörig"), interpreter: t("tolk"), colleague: t("kollega"), manager: t("chef"), worker: t("hemtjänsten"),
  })[role] ?? "",
  away: t("Kommer tillbaka…"),
  picture: (name) => t("Bild av %(name)s", { name }),
};
