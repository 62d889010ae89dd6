// <reveal-password>: adds a "Show" button to the password field inside it.
// Without a script the field is an ordinary password field.
class RevealPassword extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input[type=password]");
    if (!input || this.button) return;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "button is-quiet is-small";
    const group = document.createElement("div");
    group.className = "input-group";
    input.replaceWith(group);
    group.append(input, this.button);
    this.set(input, false);
    this.button.addEventListener("click", () => this.toggle(input));
    // A password manager and the browser look for the right type when the form is sent.
    input.form?.addEventListener("submit", () => this.set(input, false));
    if (input.hasAttribute("autofocus")) input.focus();
  }

  toggle(input) {
    this.set(input, input.type === "password");
    input.focus();
  }

  set(input, shown) {
    input.type = shown ? "text" : "password";
    this.button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
    this.button.textContent = shown ? "Hide" : "Show";
  }
}

customElements.define("reveal-password", RevealPassword);
