// <copy-button for="id-of-text" label="Copy address">: copies the text or value of another element,
// or of its attribute `text`. `words` and `icon` (address of a symbol) change how it looks.
// Without a script it does not exist; the text can still be selected by hand.
const SHOWN_FOR = 2000;
const SVG = "http://www.w3.org/2000/svg";

class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.words = this.getAttribute("words") ?? "Copy";
    const label = this.getAttribute("label") ?? this.words;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = this.getAttribute("button-class") ?? "button is-small";
    this.label = document.createElement("span");
    this.label.textContent = this.words;
    if (this.hasAttribute("icon")) this.button.append(this.icon());
    this.button.append(this.label);
    if (label !== this.words) this.button.setAttribute("aria-label", label);
    this.status = document.createElement("span");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    this.append(this.button, this.status);
    this.button.addEventListener("click", () => this.copy());
  }

  icon() {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("class", "icon");
    picture.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", this.getAttribute("icon"));
    picture.append(use);
    return picture;
  }

  get text() {
    const source = document.getElementById(this.getAttribute("for") ?? "");
    if (!source) return this.getAttribute("text") ?? "";
    return "value" in source && source.value !== undefined ? source.value : source.textContent.trim();
  }

  async copy() {
    const done = await this.write(this.text);
    this.label.textContent = done ? "Copied" : "Press Ctrl+C";
    this.status.textContent = done ? "Copied" : "Could not copy. The text is selected: press Control C.";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.label.textContent = this.words;
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
