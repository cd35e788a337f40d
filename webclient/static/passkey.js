/**
 * A form that a passkey fills in: `<passkey-form data-deed="make" data-options="…">` round a form with a
 * hidden field called `credential`. Where the browser cannot do it the form stays hidden and
 * `[data-unable]` is shown instead.
 */

import { t } from "./words.js";

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    const field = form?.elements.namedItem("credential");
    if (!form || !(field instanceof HTMLInputElement)) return;
    const able = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
    form.hidden = !able;
    for (const one of this.querySelectorAll("[data-unable]")) {
      if (one instanceof HTMLElement) one.hidden = able;
    }
    form.addEventListener("submit", (event) => {
      if (field.value) return;
      event.preventDefault();
      void this.#fill(form, field);
    });
  }

  /** @param {HTMLFormElement} form @param {HTMLInputElement} field */
  async #fill(form, field) {
    const options = JSON.parse(this.dataset.options ?? "{}");
    const button = form.querySelector("button");
    if (button) button.disabled = true;
    try {
      const made =
        this.dataset.deed === "make"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      if (!(made instanceof PublicKeyCredential)) throw new Error("no credential");
      field.value = JSON.stringify(made.toJSON());
      form.submit();
    } catch (error) {
      const known = error instanceof DOMException && error.name === "InvalidStateError";
      this.#say(
        known
          ? t("Den här enheten har redan en lösennyckel här.")
          : t("Det blev inget av. Försök igen, eller välj ett annat sätt."),
      );
    } finally {
      if (button) button.disabled = false;
    }
  }

  /** @param {string} text */
  #say(text) {
    const place = this.querySelector("[role=alert]");
    if (place) place.textContent = text;
  }
}

customElements.define("passkey-form", PasskeyForm);
