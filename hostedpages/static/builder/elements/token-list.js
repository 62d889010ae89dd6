// <token-list>: makes each <code> in it a button. A click puts the token where the caret was last in a
// text of the page, or copies it when no text was chosen. Without a script the tokens are plain text.
const TEXTS = "textarea, input[type='text']";
const SHOWN_FOR = 2000;

class TokenList extends HTMLElement {
  connectedCallback() {
    this.status = document.createElement("span");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    this.append(this.status);
    for (const code of this.querySelectorAll("code")) code.replaceWith(this.button(code.textContent));
    document.addEventListener("focusin", (event) => {
      if (event.target.matches?.(TEXTS)) this.target = event.target;
    });
  }

  button(token) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "token";
    button.textContent = token;
    button.addEventListener("click", () => this.use(button, token));
    return button;
  }

  async use(button, token) {
    if (this.target?.isConnected) {
      this.target.focus();
      this.target.setRangeText(token, this.target.selectionStart, this.target.selectionEnd, "end");
      this.target.dispatchEvent(new Event("input", { bubbles: true }));
      this.say(`${token} inserted`);
      return;
    }
    const done = await navigator.clipboard?.writeText(token).then(() => true, () => false);
    if (!done) getSelection()?.selectAllChildren(button);
    this.say(done ? `${token} copied` : "Could not copy. The text is selected: press Control C.");
    button.textContent = done ? "Copied" : token;
    setTimeout(() => (button.textContent = token), SHOWN_FOR);
  }

  say(words) {
    this.status.textContent = words;
  }
}

customElements.define("token-list", TokenList);
