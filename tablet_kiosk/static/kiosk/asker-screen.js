/** Two live here: which of them wants to be rung? */

import { t } from "../words.js";
import { button, element } from "./element.js";
import { Screen } from "./screens.js";

/** @typedef {{client: string, first_name: string}} Asker */

export class AskerScreen extends Screen {
  /**
   * @param {Asker[]} askers @param {{chosen: (askers: Asker[]) => void, later: () => void}} acts
   * @param {boolean} isNight as dim as the rest of the night
   */
  show(askers, { chosen, later }, isNight) {
    const names = askers.map((one) => button(one.first_name, () => chosen([one])));
    this.first = names[0] ?? null;
    this.said = () => t("Vem vill bli uppringd?");
    this.fill(
      `asker${isNight ? " night" : ""}`,
      element("div", { class: "words" }, element("h1", {}, t("Vem vill bli uppringd?"))),
      element("div", { class: "choices" }, ...names, button(t("Vi båda"), () => chosen(askers)),
        button(t("Inte nu"), later, { kind: "second" })),
    );
  }
}

customElements.define("kiosk-asker", AskerScreen);
