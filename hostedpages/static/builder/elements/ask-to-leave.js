// <ask-to-leave changed>: around a form that is saved by its button. Leaving the page with changes
// that are not saved asks first; `changed` when the page came back with some. Controls with
// data-passing are never saved. Without a script nothing asks.
import { isChanged } from "./is-changed.js";

class AskToLeave extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", () => (this.isSent = true));
    // Back in the browser's history shows the page as it was left.
    addEventListener("pageshow", () => (this.isSent = false));
    addEventListener("beforeunload", (event) => this.mustAsk() && event.preventDefault());
  }

  mustAsk() {
    return !this.isSent && (this.hasAttribute("changed") || [...this.form.elements].some(isChanged));
  }
}

customElements.define("ask-to-leave", AskToLeave);
