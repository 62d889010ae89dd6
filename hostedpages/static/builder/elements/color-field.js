// <color-field against="#ffffff" use="as text on white">: a picker beside a hex box, with the contrast in
// words and the nearest color that passes. The server writes the same words, so nothing is lost
// without a script. `contrast` sends the color to whoever draws a live strip.
import { nearestPassing, parse, ratio } from "./contrast.js";

const ENOUGH = 4.5;

class ColorField extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector("input:not([type='color'])");
    this.picker = this.querySelector("input[type='color']");
    this.words = this.querySelector("[data-contrast]");
    if (!this.box || !this.picker) return;
    this.picker.addEventListener("input", () => this.take(this.picker.value, false));
    this.picker.addEventListener("change", () => this.take(this.picker.value, true));
    this.box.addEventListener("input", () => this.show());
    this.addEventListener("click", (event) => {
      const offer = event.target.closest("[data-offer]");
      if (!offer) return;
      event.preventDefault();
      this.take(offer.dataset.offer, true);
      this.box.focus();
    });
    this.show();
  }

  take(color, isFinal) {
    this.box.value = color;
    this.show();
    this.box.dispatchEvent(new Event(isFinal ? "change" : "input", { bubbles: true }));
  }

  show() {
    const color = parse(this.box.value);
    this.box.setAttribute("aria-invalid", String(!color));
    if (!color) return this.say("Please give a color like #0b5394.");
    this.picker.value = color;
    this.dispatchEvent(new CustomEvent("color", { bubbles: true, detail: { color } }));
    const background = this.getAttribute("against") ?? "#ffffff";
    const reached = ratio(color, background);
    const use = this.getAttribute("use") ?? "on white";
    if (reached >= ENOUGH) return this.say(`Contrast ${reached.toFixed(1)} : 1 ${use}. Easy to read.`);
    const offered = nearestPassing(color, background, ENOUGH);
    return this.say(`Contrast ${reached.toFixed(1)} : 1 ${use}. Hard to read for some.`, offered);
  }

  say(words, offered = null) {
    if (!this.words) return;
    this.words.replaceChildren(words);
    if (!offered) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-button";
    button.dataset.offer = offered;
    button.textContent = `Use ${offered} instead`;
    this.words.append(" ", button);
  }
}

customElements.define("color-field", ColorField);
