// <color-strip base="id" highlight="id">: a drawing that follows two color boxes while one chooses.
// The rules are those of the page's own theme: what is too pale for text moves to the nearest that passes.
import { nearestPassing, parse, textOn } from "./contrast.js";

const WHITE = "#ffffff";

class ColorStrip extends HTMLElement {
  connectedCallback() {
    this.boxes = ["base", "highlight"].map((name) => document.getElementById(this.getAttribute(name)));
    for (const box of this.boxes) box?.closest("color-field")?.addEventListener("color", () => this.draw());
  }

  draw() {
    const [base, highlight] = this.boxes.map((box) => parse(box.value));
    if (!base || !highlight) return;
    const button = nearestPassing(highlight, WHITE, 3);
    const colors = {
      band: base,
      band_text: textOn(base),
      label: nearestPassing(base, WHITE),
      button,
      button_text: textOn(button),
      link: nearestPassing(highlight, WHITE),
    };
    for (const shape of this.querySelectorAll("[data-fill]")) shape.setAttribute("fill", colors[shape.dataset.fill]);
    for (const shape of this.querySelectorAll("[data-stroke]")) shape.setAttribute("stroke", colors[shape.dataset.stroke]);
  }
}

customElements.define("color-strip", ColorStrip);
