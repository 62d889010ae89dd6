// <copy-button for="id-of-text" label="Copy address">: copies the text or value of another element.
// Without a script it does not exist; the text can still be selected by hand.
const SHOWN_FOR = 2000;

class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    const words = this.getAttribute("label") ?? "Copy";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = this.getAttribute("button-class") ?? "button is-small";
    this.button.textContent = "Copy";
    if (words !== "Copy") this.button.setAttribute("aria-label", words);
    this.status = document.createElement("span");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    this.append(this.button, this.status);
    this.button.addEventListener("click", () => this.copy());
  }

  get text() {
    const source = document.getElementById(this.getAttribute("for") ?? "");
    if (!source) return this.getAttribute("text") ?? "";
    return "value" in source && source.value !== undefined ? source.value : source.textContent.trim();
  }

  async copy() {
    const done = await this.write(this.text);
    this.button.textContent = done ? "Copied" : "Press Ctrl+C";
    this.status.textContent = done ? "Copied" : "Could not copy. The text is selected: press Control C.";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.button.textContent = "Copy";
      this.status.textContent = "";
    }, SHOWN_FOR);
  }

  // The clipboard API needs a secure page; on plain http the text is selected instead.
  async write(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const source = document.getElementById(this.getAttribute("for") ?? "");
      if (source) getSelection()?.selectAllChildren(source);
      return false;
    }
  }
}

customElements.define("copy-button", CopyButton);
